extern __shared__ __align__(16) unsigned char memory[];
template <typename T>
__global__ void reverse(const T *x, T *y) {
  T *held = reinterpret_cast<T *>(memory);
  held[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  __syncthreads();
  y[blockIdx.x * blockDim.x + threadIdx.x] = held[blockDim.x - 1 - threadIdx.x];
}
