void entry(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int bx = 0; bx < 96; ++bx) {
    float sum = 0.0f;
    // 8 parts of the row at once: their additions do not wait for one another.
    #pragma omp simd reduction(+:sum)
    for (int r = 0; r < 128; ++r) {
      float sum_part = 0.0f;
      for (int part = 0; part < 8; ++part) {
        sum_part = sum_part + x[bx * 1024 + part * 128 + r];
      }
      sum = sum + sum_part;
    }
    y[bx] = sum;
  }
}
