#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef int i32x16 __attribute__((vector_size(64), aligned(4), may_alias));

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

void entry(const int8_t *restrict a, const int8_t *restrict b, int32_t *restrict out) {
  // b, as int.
  _Alignas(64) int prepared_1[1414];
  for (int j = 0; j < 45; ++j) {
    #pragma omp simd
    for (int k = 0; k < 30; ++k) {
      prepared_1[j * 30 + k] = b[j * 30 + k];
    }
  }
  memset(&prepared_1[1350], 0, 64 * sizeof(int));
  // a, in panels of 16.
  _Alignas(64) int packed[480];
  for (int k = 0; k < 30; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 16; ++lane) {
      packed[k * 16 + lane] = lane < 9 ? a[lane * 30 + k] : 0;
    }
  }
  // Tiles of 23 x 16 sums in registers.
  for (int block = 0; block < 2; ++block) {
    int first = min_int(block * 23, 22);
    i32x16 sum[23][1];
    #pragma GCC unroll 23
    for (int row = 0; row < 23; ++row) {
      sum[row][0] = (i32x16){0};
    }
    for (int k = 0; k < 30; ++k) {
      #pragma GCC unroll 23
      for (int row = 0; row < 23; ++row) {
        sum[row][0] += *(const i32x16 *)&packed[k * 16] * prepared_1[first * 30 + row * 30 + k];
      }
    }
    _Alignas(64) int done[23][16];
    #pragma GCC unroll 23
    for (int row = 0; row < 23; ++row) {
      *(i32x16 *)&done[row][0] = sum[row][0];
    }
    for (int lane_1 = 0; lane_1 < 9; ++lane_1) {
      #pragma omp simd
      for (int row = block * 23 - first; row < 23; ++row) {
        out[lane_1 * 45 + first + row] = done[row][lane_1];
      }
    }
  }
}
