#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // Tiles of 10 x 32 sums in registers.
  for (int block = 0; block < 2; ++block) {
    f32x16 sum[10][2];
    #pragma GCC unroll 10
    for (int row = 0; row < 10; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 24; ++k) {
      #pragma GCC unroll 10
      for (int row = 0; row < 10; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] += a[block * 240 + row * 24 + k] * *(const f32x16 *)&b[k * 32 + vector * 16];
        }
      }
    }
    #pragma GCC unroll 10
    for (int row = 0; row < 10; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        *(f32x16 *)&out[block * 320 + row * 32 + vector * 16] = sum[row][vector];
      }
    }
  }
}
