__global__ void where(int *y) {
  int t = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  int b = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  y[b * blockDim.x * blockDim.y * blockDim.z + t] = b * 1000 + t;
}
