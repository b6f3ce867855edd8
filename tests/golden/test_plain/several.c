#include <math.h>

void entry(const float *restrict x, const float *restrict w, float *restrict y) {
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 7; ++j) {
      float sum = 0.0f;
      #pragma omp simd reduction(+:sum)
      for (int k = 0; k < 11; ++k) {
        const float v = x[i * 11 + k];
        const float v1 = w[j * 11 + k];
        sum += v * v1 + fabsf(v - v1);
      }
      y[i * 7 + j] = sum;
    }
  }
}
