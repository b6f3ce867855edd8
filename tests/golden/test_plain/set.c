#include <stdint.h>

void entry(const uint32_t *restrict x, const uint32_t *restrict w, int32_t *restrict y) {
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 7; ++j) {
      int sum = 0;
      #pragma omp simd reduction(+:sum)
      for (int k = 0; k < 11; ++k) {
        sum += __builtin_popcount((x[i * 11 + k] ^ w[j * 11 + k]) & 0xffff00f0u);
      }
      y[i * 7 + j] = sum;
    }
  }
}
