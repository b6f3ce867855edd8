#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  for (int row = 0; row < 20; ++row) {
    y[row * 20] = 0.0f;
    #pragma omp simd
    for (int col = 1; col < 19; ++col) {
      y[row * 20 + col] = row >= 1 && row < 19 ? x[row * 18 + col - 19] : 0.0f;
    }
    y[row * 20 + 19] = 0.0f;
  }
}
