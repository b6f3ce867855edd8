#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif

typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));

void entry(const float *restrict a, const float *restrict b, const float *restrict bias, float *restrict out) {
  // b, in panels of 32.
  _Alignas(64) float packed[1280];
  for (int k = 0; k < 40; ++k) {
    #pragma omp simd
    for (int lane = 0; lane < 32; ++lane) {
      packed[k * 32 + lane] = lane < 24 ? b[k * 24 + lane] : 0.0f;
    }
  }
  // Tiles of 8 x 32 sums in registers.
  for (int block = 0; block < 2; ++block) {
    f32x16 sum[8][2];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        sum[row][vector] = (f32x16){0};
      }
    }
    for (int k = 0; k < 40; ++k) {
      #pragma GCC unroll 8
      for (int row = 0; row < 8; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] += a[block * 320 + row * 40 + k] * *(const f32x16 *)&packed[k * 32 + vector * 16];
        }
      }
    }
    _Alignas(64) float done[8][32];
    #pragma GCC unroll 8
    for (int row = 0; row < 8; ++row) {
      #pragma GCC unroll 2
      for (int vector = 0; vector < 2; ++vector) {
        *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
      }
    }
    for (int row = 0; row < 8; ++row) {
      #pragma omp simd
      for (int lane_1 = 0; lane_1 < 24; ++lane_1) {
        out[block * 192 + row * 24 + lane_1] = 0.5f * (bias[lane_1] + done[row][lane_1]) > 0.0f ? 0.5f * (bias[lane_1] + done[row][lane_1]) : 0.0f;
      }
    }
  }
}
