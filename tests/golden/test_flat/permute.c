#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

void entry(const float *restrict x, float *restrict y) {
  for (int k = 0; k < 3; ++k) {
    for (int j0 = 0; j0 < 48; j0 += 16) {
      for (int l0 = 0; l0 < 40; l0 += 16) {
        for (int j = j0; j < j0 + 16; ++j) {
          #pragma omp simd
          for (int l = l0; l < min_int(l0 + 16, 40); ++l) {
            y[j * 120 + k * 40 + l] = x[l * 144 + k * 48 + j];
          }
        }
      }
    }
  }
}
