void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int c = 0; c < 200; ++c) {
    float acc = 0.f;
    for (int r = 0; r < 100; ++r) {
      const float v = x[r * 200 + c];
      acc += v * v;
    }
    y[c] = acc;
  }
}
