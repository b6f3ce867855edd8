// Returns inside loops and switches, of the kernel and of functions that use threads.
__device__ int first_above(const int *x, int n, int limit) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    for (int k = 0; k < 2; ++k)
      if (x[i] + k > limit) return i * 2 + k;
  }
  return -1;
}

__device__ int named(int v) {
  switch ((v + threadIdx.x) % 4) {
    case 0: return 10;
    case 1:
      if (v > 50) return 20;
      break;
    default: return 30;
  }
  return 40;
}

__global__ void early(const int *x, int *y, int n) {
  __shared__ int s[32];
  s[threadIdx.x] = first_above(x, n, 90);
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x ^ 1];
  y[32 + threadIdx.x] = named(x[threadIdx.x]);
  for (int i = 0; i < 8; ++i) {
    for (int k = i; k < 8; ++k)
      if (x[threadIdx.x] == 8 * i + k) return;
    y[64 + threadIdx.x] = i + 1;
  }
  y[64 + threadIdx.x] = 100;
}
