void entry(const float *restrict x, float *restrict y) {
  for (int row = 0; row < 100; ++row) {
    float sum = 0.f;
    #pragma omp simd reduction(+:sum)
    for (int j = 0; j < 200; ++j) {
      sum += x[row * 200 + j];
    }
    y[row] = sum;
  }
}
