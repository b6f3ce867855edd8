#include <math.h>
#include <stdint.h>

static inline int32_t min_i32(int32_t a, int32_t b) {
  return a < b ? a : b;
}

// x[37][50], w[50][61] -> y[37][61]
void matmul_odd(const float *restrict x, const float *restrict w, float *restrict y) {
  #pragma omp parallel for collapse(2)
  for (int i0 = 0; i0 < 5; ++i0) {
    for (int j0 = 0; j0 < 4; ++j0) {
      _Alignas(64) float matmul[8][16];
      for (int i = 0; i < min_i32(8, 37 - i0 * 8); ++i) {
        #pragma omp simd
        for (int j = 0; j < min_i32(16, 61 - j0 * 16); ++j) {
          matmul[i][j] = 0.0f;
        }
      }
      for (int k = 0; k < 50; ++k) {
        for (int i = 0; i < min_i32(8, 37 - i0 * 8); ++i) {
          #pragma omp simd
          for (int j = 0; j < min_i32(16, 61 - j0 * 16); ++j) {
            matmul[i][j] += x[i0 * 400 + i * 50 + k] * w[k * 61 + j0 * 16 + j];
          }
        }
      }
      for (int i1 = 0; i1 < min_i32(8, 37 - i0 * 8); ++i1) {
        #pragma omp simd
        for (int j1 = 0; j1 < min_i32(16, 61 - j0 * 16); ++j1) {
          y[i0 * 488 + i1 * 61 + j0 * 16 + j1] = matmul[i1][j1];
        }
      }
    }
  }
}
