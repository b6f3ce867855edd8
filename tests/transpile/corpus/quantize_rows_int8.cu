#include <cuda_runtime.h>
#include <stdint.h>

#define WARP 32
#define FULL_MASK 0xffffffffu

// One warp a row: the largest magnitude, then four bytes a store.
__global__ void quantize_rows(const float* __restrict__ x, int8_t* __restrict__ q,
                              float* __restrict__ scales, int rows, int cols)
{
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    int lane = threadIdx.x & (WARP - 1);
    if (row >= rows) return;

    const float* in = x + (size_t)row * cols;
    float amax = 0.f;
    for (int c = lane; c < cols; c += WARP)
        amax = fmaxf(amax, fabsf(in[c]));
    for (int offset = WARP / 2; offset > 0; offset >>= 1)
        amax = fmaxf(amax, __shfl_xor_sync(FULL_MASK, amax, offset));

    const float scale = amax / 127.f;
    const float inverse = amax > 0.f ? 127.f / amax : 0.f;
    if (lane == 0) scales[row] = scale;

    char4* out = reinterpret_cast<char4*>(q + (size_t)row * cols);
    for (int c = lane; c < cols / 4; c += WARP) {
        float4 v = reinterpret_cast<const float4*>(in)[c];
        char4 packed = make_char4(__float2int_rn(v.x * inverse), __float2int_rn(v.y * inverse),
                                  __float2int_rn(v.z * inverse), __float2int_rn(v.w * inverse));
        out[c] = packed;
    }
}

extern "C" void launch(const float* x, int8_t* q, float* scales, int rows, int cols)
{
    const int threads = 128;
    quantize_rows<<<(rows * WARP + threads - 1) / threads, threads>>>(x, q, scales, rows, cols);
}
