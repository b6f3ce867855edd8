#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict a, const float *restrict b, float *restrict y) {
  for (int row = 0; row < 5; ++row) {
    #pragma omp simd
    for (int i = 0; i < 128; ++i) {
      y[row * 128 + i] = i < 64 ? a[row * 64 + i] : b[row * 64 + i - 64];
    }
  }
}
