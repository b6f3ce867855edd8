void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 64; ++i) {
    #pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      #pragma GCC unroll 2
      for (int k = 0; k < 2; ++k) {
        y[r * 64 + k * 64 + i] = x[r * 64 + i] + k;
      }
    }
  }
}
