#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 5000; ++i) {
    const float v = x[i];
    y[i] = v > 0.f ? v : 0.f;
  }
}
