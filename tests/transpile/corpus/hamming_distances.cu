#include <cstdint>

// Distances between binary codes of 128 bits: uint4 loads, popcounts.
__global__ void hamming(const uint4 *queries, const uint4 *codes, uint16_t *out, int num_codes)
{
    const int c = blockIdx.x * blockDim.x + threadIdx.x;
    const uint4 q = queries[blockIdx.y];
    if (c >= num_codes) return;
    const uint4 v = codes[c];
    const int d = __popc(q.x ^ v.x) + __popc(q.y ^ v.y) + __popcll(((unsigned long long)(q.z ^ v.z) << 32) | (q.w ^ v.w));
    out[blockIdx.y * num_codes + c] = (uint16_t)d;
}
