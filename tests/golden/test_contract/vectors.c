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
  // Tiles of 13 x 32 sums in registers.
  #pragma omp parallel for collapse(2)
  for (int panel = 0; panel < 4; ++panel) {
    for (int block = 0; block < 10; ++block) {
      int first = min_int(block * 13, 115);
      f32x16 sum[13][2];
      #pragma GCC unroll 13
      for (int row = 0; row < 13; ++row) {
        #pragma GCC unroll 2
        for (int vector = 0; vector < 2; ++vector) {
          sum[row][vector] = (f32x16){0};
        }
      }
      for (int k = 0; k < 64; ++k) {
        #pragma GCC unroll 13
        for (int row = 0; row < 13; ++row) {
          #pragma GCC unroll 2
          for (int vector = 0; vector < 2; ++vector) {
            sum[row][vector] += a[first * 64 + row * 64 + k] * *(const f32x16 *)&b[k * 128 + panel * 32 + vector * 16];
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
        for (int lane = 0; lane < 32; ++lane) {
          out[first * 128 + row * 128 + panel * 32 + lane] = done[row][lane];
        }
      }
    }
  }
}
