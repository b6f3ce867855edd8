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
  // b, in panels of 32.
  _Alignas(64) float packed[1856];
  for (int panel = 0; panel < 2; ++panel) {
    for (int k = 0; k < 29; ++k) {
      #pragma omp simd
      for (int lane = 0; lane < 32; ++lane) {
        packed[panel * 928 + k * 32 + lane] = panel * 32 + lane < 50 ? b[k * 50 + panel * 32 + lane] : 0.0f;
      }
    }
  }
  // Tiles of 13 x 32 sums in registers.
  for (int panel = 0; panel < 2; ++panel) {
    for (int block = 0; block < 3; ++block) {
      int first = min_int(block * 13, 24);
      f32x16 sum[13][2];
      #pragma GCC unroll 13
      for (int row = 0; row < 13; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] = (f32x16){0};
        }
      }
      for (int k = 0; k < 29; ++k) {
        #pragma GCC unroll 13
        for (int row = 0; row < 13; ++row) {
          #pragma GCC unroll 2
          for (int vector = 0; vector < 2; ++vector) {
            sum[row][vector] += a[first * 29 + row * 29 + k] * *(const f32x16 *)&packed[panel * 928 + k * 32 + vector * 16];
          }
        }
      }
      _Alignas(64) float done[13][32];
      #pragma GCC unroll 13
      for (int row = 0; row < 13; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          *(f32x16 *)&done[row][vector * 16] = sum[row][vector];
        }
      }
      for (int row = block * 13 - first; row < 13; ++row) {
        #pragma omp simd
        for (int lane_1 = 0; lane_1 < min_int(32, -(panel * 32) + 50); ++lane_1) {
          out[first * 50 + row * 50 + panel * 32 + lane_1] = done[row][lane_1];
        }
      }
    }
  }
}
