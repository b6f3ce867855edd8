#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

// x[37][61], z[37][61] -> y[37][61]
void add_relu(const float *restrict x, const float *restrict z, float *restrict y) {
  #pragma omp simd
  for (int i = 0; i < 2257; ++i) {
    const float v = x[i] + z[i];
    y[i] = v < 0.0f ? 0.0f : v;
  }
}
