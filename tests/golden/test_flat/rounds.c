void entry(const float *restrict x, float *restrict y) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 30; ++j) {
      #pragma omp simd
      for (int k = 0; k < 20; ++k) {
        y[i * 600 + j * 20 + k] = x[j];
      }
    }
  }
}
