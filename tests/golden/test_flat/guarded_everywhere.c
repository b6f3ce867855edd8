void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 300; ++i) {
    float acc = 0.f;
    #pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      acc = acc + x[i * 4 + k];
    }
    y[i] = acc;
  }
}
