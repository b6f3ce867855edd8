#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

void entry(const float *restrict x, float *restrict y) {
  for (int row0 = 0; row0 < 50; row0 += 16) {
    for (int col0 = 0; col0 < 70; col0 += 16) {
      for (int row = row0; row < min_int(row0 + 16, 50); ++row) {
        #pragma omp simd
        for (int col = col0; col < min_int(col0 + 16, 70); ++col) {
          y[row * 70 + col] = x[col * 50 + row];
        }
      }
    }
  }
}
