void entry(const float *restrict x, float *restrict y) {
  for (int i0 = 0; i0 < 64; i0 += 16) {
    for (int j0 = 0; j0 < 48; j0 += 16) {
      for (int i = i0; i < i0 + 16; ++i) {
        #pragma omp simd
        for (int j = j0; j < j0 + 16; ++j) {
          y[i * 48 + j] = x[j * 64 + i];
        }
      }
    }
  }
}
