#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // Tiles of 8 x 32 sums in registers.
  #pragma omp parallel for collapse(2)
  for (int panel = 0; panel < 4; ++panel) {
    for (int block = 0; block < 16; ++block) {
      f32x16 sum[8][2];
      #pragma GCC unroll 8
      for (int row = 0; row < 8; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] = (f32x16){0};
        }
      }
      for (int k = 0; k < 64; ++k) {
        #pragma GCC unroll 8
        for (int row = 0; row < 8; ++row) {
          #pragma GCC unroll 2
          for (int vector = 0; vector < 2; ++vector) {
            sum[row][vector] += a[block * 512 + row * 64 + k] * *(const f32x16 *)&b[k * 128 + panel * 32 + vector * 16];
          }
        }
      }
      #pragma GCC unroll 8
      for (int row = 0; row < 8; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          *(f32x16 *)&out[block * 1024 + row * 128 + panel * 32 + vector * 16] = sum[row][vector];
        }
      }
    }
  }
}
