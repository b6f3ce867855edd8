__global__ void first(const float *x, float *y) {
  extern __shared__ float alpha[];
  alpha[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = alpha[threadIdx.x ^ 1];
}
__global__ void second(const float *x, float *y) {
  extern __shared__ double beta[];
  beta[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] += (float)beta[threadIdx.x ^ 2];
}
