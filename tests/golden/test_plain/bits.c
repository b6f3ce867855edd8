#include <stdint.h>

void entry(const int32_t *restrict x, const int32_t *restrict w, int32_t *restrict y) {
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 7; ++j) {
      int sum = 0;
      #pragma omp simd reduction(+:sum)
      for (int k = 0; k < 11; ++k) {
        const int v = x[i * 11 + k];
        const int v1 = w[j * 11 + k];
        sum += ((v ^ v1) >> 3 & 1) + ((v | v1) << 1 & 6);
      }
      y[i * 7 + j] = -(sum * 2) + 9;
    }
  }
}
