#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict x, const float *restrict w, float *restrict out) {
  // w, in panels of 16.
  _Alignas(64) float packed[576];
  for (int k0 = 0; k0 < 4; ++k0) {
    for (int k1 = 0; k1 < 3; ++k1) {
      for (int k2 = 0; k2 < 3; ++k2) {
        #pragma omp simd
        for (int lane = 0; lane < 16; ++lane) {
          packed[k0 * 144 + k1 * 48 + k2 * 16 + lane] = w[lane * 36 + k0 * 9 + k1 * 3 + k2];
        }
      }
    }
  }
  // Tiles of 8 x 16 sums in registers.
  for (int j = 0; j < 7; ++j) {
    f32x16 sum[8][1];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      sum[row][0] = (f32x16){0};
    }
    for (int k0 = 0; k0 < 4; ++k0) {
      for (int k1 = 0; k1 < 3; ++k1) {
        for (int k2 = 0; k2 < 3; ++k2) {
          #pragma GCC unroll 8
          for (int row = 0; row < 8; ++row) {
            sum[row][0] += x[k0 * 90 + k1 * 10 + j * 10 + k2 + row] * *(const f32x16 *)&packed[k0 * 144 + k1 * 48 + k2 * 16];
          }
        }
      }
    }
    _Alignas(64) float done[8][16];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      *(f32x16 *)&done[row][0] = sum[row][0];
    }
    for (int lane_1 = 0; lane_1 < 16; ++lane_1) {
      #pragma omp simd
      for (int row = 0; row < 8; ++row) {
        out[lane_1 * 56 + j * 8 + row] = done[row][lane_1];
      }
    }
  }
}
