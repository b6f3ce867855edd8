#include <math.h>

// x[30][40] -> y[40][30]
void transpose(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int i = 0; i < 40; ++i) {
    #pragma omp simd
    for (int j = 0; j < 30; ++j) {
      y[i * 30 + j] = x[j * 40 + i];
    }
  }
}
