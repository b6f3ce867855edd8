#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#ifdef __AVX512F__
// Much arithmetic on every load: whole vectors, where gcc prefers halves of them.
#pragma GCC target("prefer-vector-width=512")
#endif
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

// Without errno the square root is one instruction, also in SIMD.
float sqrtf(float) __attribute__((const));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // a, in panels of 16.
  _Alignas(64) float packed[160];
  for (int k = 0; k < 10; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 16; ++lane) {
      packed[k * 16 + lane] = lane < 12 ? a[lane * 10 + k] : 0.0f;
    }
  }
  // Tiles of 24 x 16 sums in registers.
  for (int block = 0; block < 2; ++block) {
    f32x16 sum[24][1];
    #pragma GCC unroll 24
    for (int row = 0; row < 24; ++row) {
      sum[row][0] = (f32x16){0};
    }
    for (int k = 0; k < 10; ++k) {
      #pragma GCC unroll 24
      for (int row = 0; row < 24; ++row) {
        sum[row][0] += (*(const f32x16 *)&packed[k * 16] - b[block * 240 + row * 10 + k]) * (*(const f32x16 *)&packed[k * 16] - b[block * 240 + row * 10 + k]);
      }
    }
    _Alignas(64) float done[24][16];
    #pragma GCC unroll 24
    for (int row = 0; row < 24; ++row) {
      *(f32x16 *)&done[row][0] = sum[row][0];
    }
    for (int lane_1 = 0; lane_1 < 12; ++lane_1) {
      #pragma omp simd
      for (int row = 0; row < 24; ++row) {
        out[lane_1 * 48 + block * 24 + row] = sqrtf(done[row][lane_1]);
      }
    }
  }
}
