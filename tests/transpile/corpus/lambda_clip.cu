// A lambda inside the kernel, capturing by value and by reference.
__global__ void clip_and_count(const float* x, float* y, int* clipped, float limit, int n) {
  __shared__ int local;
  if (threadIdx.x == 0) local = 0;
  __syncthreads();
  int mine = 0;
  auto clip = [limit, &mine](float v) {
    if (v > limit) { ++mine; return limit; }
    if (v < -limit) { ++mine; return -limit; }
    return v;
  };
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    y[i] = clip(x[i]);
  }
  if (mine) atomicAdd(&local, mine);
  __syncthreads();
  if (threadIdx.x == 0 && local != 0) atomicAdd(clipped, local);
}
