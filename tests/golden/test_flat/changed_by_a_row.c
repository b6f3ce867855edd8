#include <math.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#ifdef __AVX512F__
// Much arithmetic on every load: whole vectors, where gcc prefers halves of them.
#pragma GCC target("prefer-vector-width=512")
#endif
#endif

// 2^n for a normal result: -126 <= n <= 127.
static inline float power_of_two_f32(int32_t n) {
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// e^x, at most 1.2 ulp off.
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
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t k = (int32_t)n, half = k >> 1;
  return p * power_of_two_f32(half) * power_of_two_f32(k - half);
}

// The hyperbolic tangent, at most 6.0 ulp off.
static inline float tanh_f32(float x) {
  // x P(x^2) / Q(x^2); beyond 9.02 the nearest float is 1.
  float a = fabsf(x);
  a = a > 9.02f ? 9.02f : a;
  const float z = a * a;
  float p = 1.33190605e-8f;
  p = p * z + 2.0583471e-5f;
  p = p * z + 3.4940338e-3f;
  p = p * z + 1.3379717e-1f;
  p = p * z + 1.0f;
  float q = 7.7620143e-7f;
  q = q * z + 3.283092e-4f;
  q = q * z + 2.587107e-2f;
  q = q * z + 4.6713033e-1f;
  q = q * z + 1.0f;
  const float y = a * p / q;
  return copysignf(y > 1.0f ? 1.0f : y, x);
}

void entry(const float *restrict x, float *restrict y) {
  for (int j = 0; j < 10; ++j) {
    #pragma omp simd
    for (int k = 0; k < 64; ++k) {
      y[j * 64 + k] = x[j * 64 + k] - exp_f32(y[k + 640] * tanh_f32(y[k + 640]));
    }
  }
}
