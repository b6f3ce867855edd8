#include <float.h>
#include <math.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

// x[20][30] -> int32_t y[20]
void argmax(const float *restrict x, int32_t *restrict y) {
  _Alignas(64) int32_t x_red_temp_v0[20];
  for (int i = 0; i < 20; ++i) {
    int32_t acc = -1;
    float x_red_temp_v1 = -FLT_MAX;
    for (int k1 = 0; k1 < 30; ++k1) {
      const float v = x_red_temp_v1;
      const float v_2 = x[i * 30 + k1];
      const int32_t x_red_temp_v0_2 = v_2 < v || (v == v_2 && acc < k1) ? acc : k1;
      const float x_red_temp_v1_2 = v_2 < v ? v : v_2;
      acc = x_red_temp_v0_2;
      x_red_temp_v1 = x_red_temp_v1_2;
    }
    x_red_temp_v0[i] = acc;
  }
  for (int i = 0; i < 20; ++i) {
    y[i] = x_red_temp_v0[i];
  }
}
