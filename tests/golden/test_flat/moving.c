#include <stdbool.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 64; ++i) {
    int off = 0;
    #pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
      int at = off + i;
      bool low = off < 64;
      off += 64;
      y[k * 64 + i] = low ? x[at] : -x[at];
    }
  }
}
