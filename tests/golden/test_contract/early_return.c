#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

void entry(const float *restrict a, const float *restrict b, float *restrict out) {
  // a, in panels of 16.
  _Alignas(64) float packed[1392];
  for (int panel = 0; panel < 3; ++panel) {
    for (int k = 0; k < 29; ++k) {
      #pragma omp simd
      for (int lane = 0; lane < 16; ++lane) {
        packed[panel * 464 + k * 16 + lane] = panel * 16 + lane < 37 ? a[panel * 464 + lane * 29 + k] : 0.0f;
      }
    }
  }
  // Tiles of 25 x 16 sums in registers.
  for (int panel = 0; panel < 3; ++panel) {
    for (int block = 0; block < 2; ++block) {
      f32x16 sum[25][1];
      #pragma GCC unroll 25
      for (int row = 0; row < 25; ++row) {
        sum[row][0] = (f32x16){0};
      }
      for (int k = 0; k < 29; ++k) {
        #pragma GCC unroll 25
        for (int row = 0; row < 25; ++row) {
          sum[row][0] += *(const f32x16 *)&packed[panel * 464 + k * 16] * b[block * 725 + row * 29 + k];
        }
      }
      _Alignas(64) float done[25][16];
      #pragma GCC unroll 25
      for (int row = 0; row < 25; ++row) {
        *(f32x16 *)&done[row][0] = sum[row][0];
      }
      for (int lane_1 = 0; lane_1 < min_int(16, -(panel * 16) + 37); ++lane_1) {
        #pragma omp simd
        for (int row = 0; row < 25; ++row) {
          out[panel * 800 + lane_1 * 50 + block * 25 + row] = done[row][lane_1];
        }
      }
    }
  }
}
