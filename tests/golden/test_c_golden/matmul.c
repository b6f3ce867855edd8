#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

// The larger value of each lane; NaN if either is, as numpy.maximum.
static inline f32x16 max_f32x16(f32x16 a, f32x16 b) {
  const __typeof__(a > b) first = (a > b) | (a != a);
  return (f32x16)((first & (__typeof__(first))a) | (~first & (__typeof__(first))b));
}

// x[64][50], w[50][64] -> y[64][64]
void matmul(const float *restrict x, const float *restrict w, float *restrict y) {
  #pragma omp parallel for collapse(2)
  for (int i0 = 0; i0 < 8; ++i0) {
    for (int j0 = 0; j0 < 2; ++j0) {
      _Alignas(64) f32x16 acc[8][2];
      #pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) {
        #pragma GCC unroll 2
        for (int jv = 0; jv < 2; ++jv) {
          acc[i][jv] = (f32x16){0};
        }
      }
      for (int k = 0; k < 50; ++k) {
        #pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
          #pragma GCC unroll 2
          for (int jv = 0; jv < 2; ++jv) {
            acc[i][jv] += x[i0 * 400 + i * 50 + k]
                * *(const f32x16 *)&w[k * 64 + j0 * 32 + jv * 16];
          }
        }
      }
      #pragma GCC unroll 8
      for (int i1 = 0; i1 < 8; ++i1) {
        #pragma GCC unroll 2
        for (int j1v = 0; j1v < 2; ++j1v) {
          *(f32x16 *)&y[i0 * 512 + i1 * 64 + j0 * 32 + j1v * 16] =
              max_f32x16(acc[i1][j1v], (f32x16){0});
        }
      }
    }
  }
}
