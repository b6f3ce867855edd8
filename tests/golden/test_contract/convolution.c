#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict x, const float *restrict w, float *restrict out) {
  // x, with zeros where nothing is read.
  _Alignas(64) float padded[790];
  for (int i = 0; i < 2; ++i) {
    for (int k0 = 0; k0 < 3; ++k0) {
      for (int at = 0; at < 11; ++at) {
        for (int at_1 = 0; at_1 < 11; ++at_1) {
          padded[i * 363 + k0 * 121 + at * 11 + at_1] = at >= 1 && at < 10 && at_1 >= 1 && at_1 < 10 ? x[i * 243 + k0 * 81 + at * 9 + at_1 - 10] : 0.0f;
        }
      }
    }
  }
  memset(&padded[726], 0, 64 * sizeof(float));
  // Tiles of 20 x 16 sums in registers.
  for (int i = 0; i < 2; ++i) {
    for (int l = 0; l < 9; ++l) {
      f32x16 sum[20][1];
      #pragma GCC unroll 20
      for (int row = 0; row < 20; ++row) {
        sum[row][0] = (f32x16){0};
      }
      for (int k0 = 0; k0 < 3; ++k0) {
        for (int k1 = 0; k1 < 3; ++k1) {
          for (int k2 = 0; k2 < 3; ++k2) {
            #pragma GCC unroll 20
            for (int row = 0; row < 20; ++row) {
              sum[row][0] += *(const f32x16 *)&padded[i * 363 + k0 * 121 + k1 * 11 + l * 11 + k2] * w[row * 27 + k0 * 9 + k1 * 3 + k2];
            }
          }
        }
      }
      _Alignas(64) float done[20][16];
      #pragma GCC unroll 20
      for (int row = 0; row < 20; ++row) {
        *(f32x16 *)&done[row][0] = sum[row][0];
      }
      for (int row = 0; row < 20; ++row) {
        for (int lane = 0; lane < 9; ++lane) {
          out[i * 1620 + row * 81 + l * 9 + lane] = done[row][lane];
        }
      }
    }
  }
}
