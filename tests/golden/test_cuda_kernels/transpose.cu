// transpose: x -> y
extern "C" __global__ void __launch_bounds__(128)
transpose_kernel(const float* __restrict__ x, float* __restrict__ y) {
  const int bx = blockIdx.x;
  const int by = blockIdx.y;
  const int tx = threadIdx.x;
  const int ty = threadIdx.y;
  __shared__ alignas(64) float x_shared[528];
  x_shared[ty * 66 + (tx >> 3) * 33 + (tx & 7)] = x[bx * 1536 + ty * 192 + (tx >> 3) * 96 + by * 8 + (tx & 7)];
  __syncthreads();
  y[by * 512 + ty * 64 + bx * 16 + tx] = x_shared[tx * 33 + ty];
}
