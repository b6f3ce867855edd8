void entry(const float *restrict x, float *restrict y) {
  _Alignas(64) float acc[200];
  #pragma omp simd
  for (int c = 0; c < 200; ++c) {
    acc[c] = 0.f;
  }
  for (int r = 0; r < 100; ++r) {
    #pragma omp simd
    for (int c = 0; c < 200; ++c) {
      const float v = x[r * 200 + c];
      acc[c] += v * v;
    }
  }
  #pragma omp simd
  for (int c = 0; c < 200; ++c) {
    y[c] = acc[c];
  }
}
