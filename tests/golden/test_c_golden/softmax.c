#include <float.h>
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

// x[64][100] -> y[64][100]
void softmax(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int i = 0; i < 64; ++i) {
    float softmax_maxelem = -FLT_MAX;
    #pragma omp simd reduction(max:softmax_maxelem)
    for (int j = 0; j < 100; ++j) {
      const float v = x[i * 100 + j];
      softmax_maxelem = softmax_maxelem > v ? softmax_maxelem : v;
    }
    _Alignas(64) float softmax_exp[100];
    #pragma omp simd
    for (int j = 0; j < 100; ++j) {
      softmax_exp[j] = exp_f32(x[i * 100 + j] - softmax_maxelem);
    }
    float softmax_expsum = 0.0f;
    #pragma omp simd reduction(+:softmax_expsum)
    for (int j = 0; j < 100; ++j) {
      softmax_expsum += softmax_exp[j];
    }
    #pragma omp simd
    for (int j = 0; j < 100; ++j) {
      y[i * 100 + j] = softmax_exp[j] / softmax_expsum;
    }
  }
}
