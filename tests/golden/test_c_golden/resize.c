#include <math.h>

// x[2][4][6] -> y[2][7][9]
void resize(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int c = 0; c < 2; ++c) {
    for (int i = 0; i < 7; ++i) {
      #pragma omp simd
      for (int j = 0; j < 9; ++j) {
        y[c * 63 + i * 9 + j] = x[c * 24 + (i * 4 + 2) / 7 * 6 + (j * 6 + 3) / 9];
      }
    }
  }
}
