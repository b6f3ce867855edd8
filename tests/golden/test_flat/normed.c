#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#ifdef __AVX512F__
// Much arithmetic on every load: whole vectors, where gcc prefers halves of them.
#pragma GCC target("prefer-vector-width=512")
#endif
#endif

// Without errno the square root is one instruction, also in SIMD.
float sqrtf(float) __attribute__((const));

void entry(const float *restrict x, const float *restrict sums, const float *restrict vars, float *restrict y) {
  for (int j = 0; j < 6; ++j) {
    const float sums_scaled = sums[j] / 32.f;
    const float inverse_vars = 1.f / sqrtf(vars[j] + 1.f);
    #pragma omp simd
    for (int k = 0; k < 96; ++k) {
      y[j * 96 + k] = (x[j * 96 + k] - sums_scaled) * inverse_vars;
    }
  }
}
