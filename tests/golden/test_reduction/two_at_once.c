void entry(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int bx = 0; bx < 3; ++bx) {
    float sum_1 = 0.0f;
    float sum = 0.0f;
    // 8 parts of the row at once: their additions do not wait for one another.
    #pragma omp simd reduction(+:sum_1) reduction(+:sum)
    for (int i = 0; i < 128; ++i) {
      float sum_1_part = 0.0f;
      float sum_part = 0.0f;
      for (int part = 0; part < 8; ++part) {
        float v = x[bx * 1024 + part * 128 + i];
        sum_1_part = sum_1_part + v;
        sum_part = sum_part + v * v;
      }
      sum_1 = sum_1 + sum_1_part;
      sum = sum + sum_part;
    }
    y[bx] = sum - sum_1;
  }
}
