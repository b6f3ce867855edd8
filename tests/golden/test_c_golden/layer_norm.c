#include <math.h>

// Without errno the square root is one instruction, also in SIMD.
float sqrtf(float) __attribute__((const));

// 1 / sqrt(x).
static inline float rsqrt_f32(float x) {
  return 1 / sqrtf(x);
}

// x[32][50], gain[50], bias[50] -> y[32][50]
void layer_norm(const float *restrict x, const float *restrict gain, const float *restrict bias,
                float *restrict y) {
  #pragma omp parallel for
  for (int i = 0; i < 32; ++i) {
    float total = 0.0f;
    #pragma omp simd reduction(+:total)
    for (int j = 0; j < 50; ++j) {
      total += x[i * 50 + j];
    }
    float squares = 0.0f;
    #pragma omp simd reduction(+:squares)
    for (int j = 0; j < 50; ++j) {
      const float d = x[i * 50 + j] - total / 50.0f;
      squares += d * d;
    }
    #pragma omp simd
    for (int j = 0; j < 50; ++j) {
      y[i * 50 + j] = (x[i * 50 + j] - total / 50.0f) * rsqrt_f32(squares / 50.0f + 1e-5f) * gain[j]
          + bias[j];
    }
  }
}
