#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // b, in panels of 48.
  _Alignas(64) float packed[3360];
  for (int k = 0; k < 70; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 48; ++lane) {
      packed[k * 48 + lane] = lane < 33 ? b[k * 33 + lane] : 0.0f;
    }
  }
  // Tiles of 9 x 48 sums in registers.
  #pragma omp parallel for
  for (int block = 0; block < 5; ++block) {
    f32x16 sum[9][3];
    #pragma GCC unroll 9
    for (int row = 0; row < 9; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 70; ++k) {
      #pragma GCC unroll 9
      for (int row = 0; row < 9; ++row) {
        #pragma GCC unroll 3
        for (int vector = 0; vector < 3; ++vector) {
          sum[row][vector] += a[block * 630 + row * 70 + k] * *(const f32x16 *)&packed[k * 48 + vector * 16];
        }
      }
    }
    _Alignas(64) float done[9][48];
    #pragma GCC unroll 9
    for (int row = 0; row < 9; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int row = 0; row < 9; ++row) {
      #pragma omp simd
      for (int lane_1 = 0; lane_1 < 33; ++lane_1) {
        out[block * 297 + row * 33 + lane_1] = done[row][lane_1];
      }
    }
  }
}
