#include <cuda_runtime.h>

template <typename T, int TILE = 32, int ROWS = 8>
__global__ void transpose(const T* __restrict__ in, T* __restrict__ out, int width, int height) {
  __shared__ T tile[TILE][TILE + 1];  // padded against bank conflicts
  int x = blockIdx.x * TILE + threadIdx.x;
  int y = blockIdx.y * TILE + threadIdx.y;
  for (int j = 0; j < TILE; j += ROWS)
    if (x < width && y + j < height) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * width + x];
  __syncthreads();
  x = blockIdx.y * TILE + threadIdx.x;
  y = blockIdx.x * TILE + threadIdx.y;
  for (int j = 0; j < TILE; j += ROWS)
    if (x < height && y + j < width) out[(y + j) * height + x] = tile[threadIdx.x][threadIdx.y + j];
}

template <typename T>
void run(const T* in, T* out, int width, int height) {
  dim3 grid((width + 31) / 32, (height + 31) / 32), block(32, 8);
  transpose<T><<<grid, block>>>(in, out, width, height);
}

template void run<int>(const int*, int*, int, int);
