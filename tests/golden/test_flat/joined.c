void entry(const float *restrict a, const float *restrict b, float *restrict y) {
  for (int row = 0; row < 5; ++row) {
    #pragma omp simd
    for (int i = 0; i < 64; ++i) {
      y[row * 128 + i] = a[row * 64 + i];
    }
    #pragma omp simd
    for (int i = 64; i < 128; ++i) {
      y[row * 128 + i] = b[row * 64 + i - 64];
    }
  }
}
