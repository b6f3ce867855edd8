#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  for (int j = 0; j < 42; ++j) {
    #pragma omp simd
    for (int k = 0; k < 24; ++k) {
      if (j * 24 + k < 1000) {
        y[j * 24 + k] = x[(j * 24 + k) / 35] + x[k];
      }
    }
  }
}
