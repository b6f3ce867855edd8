#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // Tiles of 8 x 16 sums in registers.
  f32x16 sum[8][1];
  #pragma GCC unroll 8
  for (int row = 0; row < 8; ++row) {
    sum[row][0] = (f32x16){0};
  }
  for (int k = 0; k < 32; ++k) {
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      sum[row][0] += a[row * 32 + k] * *(const f32x16 *)&b[k * 16];
    }
  }
  #pragma GCC unroll 8
  for (int row = 0; row < 8; ++row) {
    *(f32x16 *)&out[row * 16] = sum[row][0];
  }
}
