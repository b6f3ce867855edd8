__device__ unsigned lanemask_lt() { return (1u << (threadIdx.x & 31)) - 1u; }

// Keeps the positive values of each block, in order; counts are exact, places come from ballots.
__global__ void compact(const int* in, int* out, int* counts, int n) {
  __shared__ int warp_offset[9];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int warp = threadIdx.x >> 5;
  const int value = i < n ? in[i] : 0;
  const bool keep = value > 0;
  const unsigned votes = __ballot_sync(0xffffffffu, keep);
  if ((threadIdx.x & 31) == 0) warp_offset[warp + 1] = __popc(votes);
  if (threadIdx.x == 0) warp_offset[0] = 0;
  __syncthreads();
  if (threadIdx.x == 0)
    for (int w = 1; w <= blockDim.x / 32; ++w) warp_offset[w] += warp_offset[w - 1];
  __syncthreads();
  if (keep) out[blockIdx.x * blockDim.x + warp_offset[warp] + __popc(votes & lanemask_lt())] = value;
  const int total = __syncthreads_count(keep);
  if (threadIdx.x == 0) counts[blockIdx.x] = total;
}
