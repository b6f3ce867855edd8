void entry(const float *restrict x, float *restrict y) {
  for (int bx = 0; bx < 3; ++bx) {
    float sum = 0.0f;
    float sum_1 = 0.0f;
    // 8 parts of the row at once: their additions do not wait for one another.
    #pragma omp simd reduction(+:sum) reduction(+:sum_1)
    for (int i = 0; i < 128; ++i) {
      float sum_part = 0.0f;
      float sum_1_part = 0.0f;
      for (int part = 0; part < 8; ++part) {
        float v = x[bx * 1024 + part * 128 + i];
        sum_part = sum_part + v;
        sum_1_part = sum_1_part + v * v;
      }
      sum = sum + sum_part;
      sum_1 = sum_1 + sum_1_part;
    }
    y[bx] = sum_1 - sum;
  }
}
