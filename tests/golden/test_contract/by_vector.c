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

void entry(const float *restrict a, const float *restrict x, float *restrict out) {
  // 7 sums at a time, each in the lanes of a vector.
  for (int block = 0; block < 3; ++block) {
    int first = min_int(block * 7, 13);
    f32x16 lanes[7];
    #pragma GCC unroll 7
    for (int row = 0; row < 7; ++row) {
      lanes[row] = (f32x16){0};
    }
    for (int vector = 0; vector < 6; ++vector) {
      #pragma GCC unroll 7
      for (int row = 0; row < 7; ++row) {
        lanes[row] += *(const f32x16 *)&a[first * 100 + row * 100 + vector * 16] * *(const f32x16 *)&x[vector * 16];
      }
    }
    float sum[7] = {0};
    for (int k = 96; k < 100; ++k) {
      #pragma GCC unroll 7
      for (int row = 0; row < 7; ++row) {
        sum[row] += a[first * 100 + row * 100 + k] * x[k];
      }
    }
    for (int row = block * 7 - first; row < 7; ++row) {
      for (int lane = 0; lane < 16; ++lane) {
        sum[row] += lanes[row][lane];
      }
      out[first + row] = sum[row];
    }
  }
}
