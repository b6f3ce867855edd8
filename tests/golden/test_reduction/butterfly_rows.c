#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  for (int bx = 0; bx < 24; ++bx) {
    float largest = -INFINITY;
    // 8 parts of the row at once: their additions do not wait for one another.
    #pragma omp simd reduction(max:largest)
    for (int i = 0; i < 128; ++i) {
      float largest_part = -INFINITY;
      for (int part = 0; part < 8; ++part) {
        const float value = x[bx * 1024 + part * 128 + i];
        largest_part = value > largest_part ? value : largest_part;
      }
      largest = largest_part > largest ? largest_part : largest;
    }
    y[bx] = largest;
  }
}
