__inline__ __device__ float warp_sum(float v) {
#pragma unroll
  for (int step = warpSize / 2; step > 0; step /= 2) v += __shfl_down_sync(0xffffffff, v, step);
  return v;
}
__global__ void row_sum(const float *x, float *y, int columns) {
  static __shared__ float part[32];
  float v = 0;
  for (int c = threadIdx.x; c < columns; c += blockDim.x) v += x[blockIdx.x * columns + c];
  v = warp_sum(v);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x < 32) {
    v = threadIdx.x < blockDim.x / 32 ? part[threadIdx.x] : 0.0f;
    v = warp_sum(v);
    if (threadIdx.x == 0) y[blockIdx.x] = v;
  }
}
