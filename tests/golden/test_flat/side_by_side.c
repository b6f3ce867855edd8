#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  for (int j = 0; j < 5; ++j) {
    _Alignas(64) int at[37];
    _Alignas(64) float best[37];
    #pragma omp simd
    for (int k = 0; k < 37; ++k) {
      at[k] = -1;
      best[k] = -3.4e38f;
    }
    for (int r = 0; r < 40; ++r) {
      #pragma omp simd
      for (int k = 0; k < 37; ++k) {
        float v = x[j * 1480 + r * 37 + k];
        at[k] = v > best[k] ? r : at[k];
        best[k] = v > best[k] ? v : best[k];
      }
    }
    #pragma omp simd
    for (int k = 0; k < 37; ++k) {
      y[j * 37 + k] = at[k] + best[k];
    }
  }
}
