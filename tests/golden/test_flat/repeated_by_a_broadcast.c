#include <math.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

// 2^n for a normal result: -126 <= n <= 127.
static inline float power_of_two_f32(int32_t n) {
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// e^x, at most 1.1 ulp off.
static inline float exp_f32(float x) {
  x = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
  // x = n ln 2 + r; e^r by a polynomial; 2^n in two factors, for n may lie beyond one exponent.
  const float n = rintf(x * 1.44269504f);
  const float r = x - n * 0.693145752f - n * 1.42860677e-6f;
  float p = 1.3813145e-3f;
  p = p * r + 8.369419e-3f;
  p = p * r + 4.1668456e-2f;
  p = p * r + 1.6666515e-1f;
  p = p * r + 4.9999994e-1f;
  p = p * (r * r) + r + 1.0f;
  const int32_t k = (int32_t)n, half = k >> 1;
  return p * power_of_two_f32(half) * power_of_two_f32(k - half);
}

// The hyperbolic tangent, at most 1.5 ulp off.
static inline float tanh_f32(float x) {
  const float a = fabsf(x), z = x * x;
  float p = -5.7049864e-3f;
  p = p * z + 2.0639086e-2f;
  p = p * z - 5.3739715e-2f;
  p = p * z + 1.3331442e-1f;
  p = p * z - 3.333328e-1f;
  const float small = p * z * a + a;
  const float large = 1.0f - 2.0f / (exp_f32(2.0f * a) + 1.0f);
  return copysignf(a < 0.625f ? small : large, x);
}

void entry(const float *restrict x, const float *restrict b, float *restrict y) {
  _Alignas(64) float once[60];
  #pragma omp simd
  for (int k = 0; k < 60; ++k) {
    once[k] = exp_f32(b[k] * tanh_f32(b[k]));
  }
  for (int j = 0; j < 20; ++j) {
    #pragma omp simd
    for (int k = 0; k < 60; ++k) {
      y[j * 60 + k] = x[j * 60 + k] * 0.5f - once[k];
    }
  }
}
