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
  // b, in panels of 32.
  _Alignas(64) float packed[1920];
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 20; ++k) {
      #pragma omp simd
      for (int lane = 0; lane < 32; ++lane) {
        packed[i * 640 + k * 32 + lane] = lane < 18 ? b[i * 360 + k * 18 + lane] : 0.0f;
      }
    }
  }
  // Tiles of 12 x 32 sums in registers.
  for (int i = 0; i < 3; ++i) {
    f32x16 sum[12][2];
    #pragma GCC unroll 12
    for (int row = 0; row < 12; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 20; ++k) {
      #pragma GCC unroll 12
      for (int row = 0; row < 12; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] += a[i * 240 + row * 20 + k] * *(const f32x16 *)&packed[i * 640 + k * 32 + vector * 16];
        }
      }
    }
    _Alignas(64) float done[12][32];
    #pragma GCC unroll 12
    for (int row = 0; row < 12; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int row = 0; row < 12; ++row) {
      #pragma omp simd
      for (int lane_1 = 0; lane_1 < 18; ++lane_1) {
        out[i * 216 + row * 18 + lane_1] = done[row][lane_1];
      }
    }
  }
}
