#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const _Float16 *restrict a, const _Float16 *restrict b, _Float16 *restrict out) {
  // a, as float.
  _Alignas(64) float prepared[448];
  for (int i = 0; i < 16; ++i) {
    #pragma omp simd
    for (int k = 0; k < 24; ++k) {
      prepared[i * 24 + k] = (float)a[i * 24 + k];
    }
  }
  memset(&prepared[384], 0, 64 * sizeof(float));
  // b, as float.
  _Alignas(64) float prepared_1[1024];
  for (int k = 0; k < 24; ++k) {
    #pragma omp simd
    for (int j = 0; j < 40; ++j) {
      prepared_1[k * 40 + j] = (float)b[k * 40 + j];
    }
  }
  memset(&prepared_1[960], 0, 64 * sizeof(float));
  // Tiles of 8 x 48 sums in registers.
  for (int block = 0; block < 2; ++block) {
    f32x16 sum[8][3];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 24; ++k) {
      #pragma GCC unroll 8
      for (int row = 0; row < 8; ++row) {
        #pragma GCC unroll 3
        for (int vector = 0; vector < 3; ++vector) {
          sum[row][vector] += prepared[block * 192 + row * 24 + k] * *(const f32x16 *)&prepared_1[k * 40 + vector * 16];
        }
      }
    }
    _Alignas(64) float done[8][48];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int row = 0; row < 8; ++row) {
      #pragma omp simd
      for (int lane = 0; lane < 40; ++lane) {
        out[block * 320 + row * 40 + lane] = (_Float16)done[row][lane];
      }
    }
  }
}
