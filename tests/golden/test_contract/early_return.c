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
  // a, in panels of 48.
  _Alignas(64) float packed[1408];
  for (int k = 0; k < 29; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 48; ++lane) {
      packed[k * 48 + lane] = lane < 37 ? a[lane * 29 + k] : 0.0f;
    }
  }
  // Tiles of 5 x 48 sums in registers.
  for (int block = 0; block < 10; ++block) {
    f32x16 sum[5][3];
    #pragma GCC unroll 5
    for (int row = 0; row < 5; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 29; ++k) {
      #pragma GCC unroll 5
      for (int row = 0; row < 5; ++row) {
        #pragma GCC unroll 3
        for (int vector = 0; vector < 3; ++vector) {
          sum[row][vector] += *(const f32x16 *)&packed[k * 48 + vector * 16] * b[block * 145 + row * 29 + k];
        }
      }
    }
    _Alignas(64) float done[5][48];
    #pragma GCC unroll 5
    for (int row = 0; row < 5; ++row) {
      #pragma GCC unroll 3
      for (int vector = 0; vector < 3; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int lane_1 = 0; lane_1 < 37; ++lane_1) {
      #pragma omp simd
      for (int row = 0; row < 5; ++row) {
        out[lane_1 * 50 + block * 5 + row] = done[row][lane_1];
      }
    }
  }
}
