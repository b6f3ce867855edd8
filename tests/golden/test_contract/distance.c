#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

// Without errno the square root is one instruction, also in SIMD.
float sqrtf(float) __attribute__((const));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // b in panels of 48.
  _Alignas(64) float packed[496];
  for (int k = 0; k < 10; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 48; ++lane) {
      packed[k * 48 + lane] = b[lane * 10 + k];
    }
  }
  // b in panels of 48.
  _Alignas(64) float packed_1[496];
  for (int k = 0; k < 10; ++k) {
    #pragma omp simd
    for (int lane_1 = 0; lane_1 < 48; ++lane_1) {
      packed_1[k * 48 + lane_1] = b[lane_1 * 10 + k];
    }
  }
  // Tiles of 6 x 48 sums in registers.
  for (int block = 0; block < 2; ++block) {
    f32x16 sum[6][3];
    #pragma GCC unroll 6
    for (int row = 0; row < 6; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 10; ++k) {
      #pragma GCC unroll 6
      for (int row = 0; row < 6; ++row) {
        #pragma GCC unroll 3
        for (int vector = 0; vector < 3; ++vector) {
          sum[row][vector] += (a[block * 60 + row * 10 + k] - *(const f32x16 *)&packed[k * 48 + vector * 16]) * (a[block * 60 + row * 10 + k] - *(const f32x16 *)&packed_1[k * 48 + vector * 16]);
        }
      }
    }
    _Alignas(64) float done[6][48];
    #pragma GCC unroll 6
    for (int row = 0; row < 6; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int row = 0; row < 6; ++row) {
      #pragma omp simd
      for (int lane_2 = 0; lane_2 < 48; ++lane_2) {
        out[block * 288 + row * 48 + lane_2] = sqrtf(done[row][lane_2]);
      }
    }
  }
}
