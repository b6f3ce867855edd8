#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict x, const float *restrict w, float *restrict out) {
  // x, with room behind it.
  _Alignas(64) float copied[2336];
  #pragma omp simd
  for (int place = 0; place < 2304; ++place) {
    copied[place] = x[place];
  }
  memset(&copied[2304], 0, 32 * sizeof(float));
  // Tiles of 1 x 32 sums in registers.
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 14; ++j) {
      f32x16 sum[1][2];
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        sum[0][vector] = (f32x16){0};
      }
      for (int k0 = 0; k0 < 3; ++k0) {
        for (int k1 = 0; k1 < 3; ++k1) {
          #pragma GCC unroll 2
          for (int vector = 0; vector < 2; ++vector) {
            sum[0][vector] += *(const f32x16 *)&copied[i * 384 + k0 * 24 + j * 24 + vector * 16 + k1] * w[i * 9 + k0 * 3 + k1];
          }
        }
      }
      _Alignas(64) float done[1][32];
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        *(f32x16 *)&done[0][vector * 16] = sum[0][vector];
      }
      #pragma omp simd
      for (int lane = 0; lane < 22; ++lane) {
        out[i * 308 + j * 22 + lane] = done[0][lane];
      }
    }
  }
}
