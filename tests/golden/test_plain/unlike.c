#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const int32_t *restrict x, const int32_t *restrict w, int32_t *restrict y) {
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 7; ++j) {
      int sum = 0;
      #pragma omp simd reduction(+:sum)
      for (int k = 0; k < 11; ++k) {
        sum += (x[i * 11 + k] ^ w[j * 11 + k]) < 0 ? 1 : 0;
      }
      y[i * 7 + j] = sum;
    }
  }
}
