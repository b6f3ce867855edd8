#include <math.h>
#include <stdlib.h>

// x[6][7] -> t0[6][7]
static void twice(const float *restrict x, float *restrict t0) {
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 7; ++j) {
      t0[i * 7 + j] = x[i * 7 + j] * 2.0f;
    }
  }
}

// t0[6][7] -> y[6][7]
static void again(const float *restrict t0, float *restrict y) {
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 7; ++j) {
      y[i * 7 + j] = t0[i * 7 + j] * 2.0f;
    }
  }
}

// x[6][7] -> y[6][7]
void four_times(const float *restrict x, float *restrict y) {
  float *t0 = aligned_alloc(64, 192);
  twice(x, t0);
  again(t0, y);
  free(t0);
}
