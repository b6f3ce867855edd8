#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 5000; ++i) {
    y[i] = x[i] > 0.f ? x[i] : 0.f;
  }
}
