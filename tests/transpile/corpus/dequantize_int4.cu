#include <cstdint>

// Eight 4-bit weights a word, groups of 32 share scale and zero point.
__global__ void dequantize_int4(const uint32_t* packed, const float* scale, const uint8_t* zero,
                                float* out, int words) {
  const int w = blockIdx.x * blockDim.x + threadIdx.x;
  if (w >= words) return;
  const uint32_t bits = packed[w];
  const int group = w / 4;
  const float s = scale[group];
  const int z = zero[group];
  #pragma unroll
  for (int k = 0; k < 8; k++) {
    const int nibble = (bits >> (4 * k)) & 0xFu;
    out[w * 8 + k] = s * static_cast<float>(nibble - z);
  }
}
