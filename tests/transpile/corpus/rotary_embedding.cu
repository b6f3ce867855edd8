#include <cuda_runtime.h>

// Rotary position embedding, in place: pairs (i, i + half) of each head are rotated.
__global__ void rope_inplace(float* q, const int* positions, int heads, int head_dim, float base) {
  const int token = blockIdx.x, head = blockIdx.y;
  const int half = head_dim / 2;
  float* v = q + (token * heads + head) * head_dim;
  for (int i = threadIdx.x; i < half; i += blockDim.x) {
    const float freq = powf(base, -2.0f * i / head_dim);
    float s, c;
    sincosf(positions[token] * freq, &s, &c);
    const float a = v[i], b = v[i + half];
    v[i] = a * c - b * s;
    v[i + half] = a * s + b * c;
  }
}

extern "C" void rope(float* q, const int* positions, int tokens, int heads, int head_dim) {
  dim3 grid(tokens, heads);
  rope_inplace<<<grid, 32>>>(q, positions, heads, head_dim, 10000.0f);
}
