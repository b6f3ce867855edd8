// Inclusive scan of a long array: blocks, the blocks' sums, and the sums added back.
#include <cuda_runtime.h>

static const int BLOCK = 128;

__device__ int warp_inclusive_scan(int value) {
  const int lane = threadIdx.x & 31;
  for (int delta = 1; delta < 32; delta <<= 1) {
    const int other = __shfl_up_sync(0xffffffffu, value, delta);
    if (lane >= delta) value += other;
  }
  return value;
}

__device__ int block_inclusive_scan(int value) {
  __shared__ int totals[BLOCK / 32];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  value = warp_inclusive_scan(value);
  if (lane == 31) totals[warp] = value;
  __syncthreads();
  for (int w = 0; w < warp; ++w) value += totals[w];
  return value;
}

__global__ void scan_blocks(const int *in, int *out, int *sums, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  const int scanned = block_inclusive_scan(i < n ? in[i] : 0);
  if (i < n) out[i] = scanned;
  if (threadIdx.x == BLOCK - 1) sums[blockIdx.x] = scanned;
}

__global__ void scan_sums(int *sums, int blocks) {
  const int value = threadIdx.x < blocks ? sums[threadIdx.x] : 0;
  const int scanned = block_inclusive_scan(value);
  if (threadIdx.x < blocks) sums[threadIdx.x] = scanned - value;
}

__global__ void add_sums(int *out, const int *sums, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) out[i] += sums[blockIdx.x];
}

extern "C" void inclusive_scan(const int *in, int *out, int *sums, int n) {
  const int blocks = (n + BLOCK - 1) / BLOCK;
  scan_blocks<<<blocks, BLOCK>>>(in, out, sums, n);
  scan_sums<<<1, BLOCK>>>(sums, blocks);
  add_sums<<<blocks, BLOCK>>>(out, sums, n);
}
