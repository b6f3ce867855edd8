// matmul: a, b -> y
extern "C" __global__ void __launch_bounds__(128)
matmul_kernel(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y) {
  const int bx = blockIdx.x;
  const int tx = threadIdx.x;
  const int ty = threadIdx.y;
  alignas(64) float y_local[16];
  __shared__ alignas(64) float a_shared[576];
  __shared__ alignas(64) float b_shared[1152];
  #pragma unroll
  for (int i = 0; i < 4; ++i) {
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      *(float2*)(y_local + (i * 4 + j * 2)) = make_float2(0.0f, 0.0f);
    }
  }
  for (int i = 0; i < 4; ++i) {
    __syncthreads();
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      *(float2*)(a_shared + (ty * 36 + (tx >> 2) * 18 + (tx & 3) * 4 + j * 2)) = *(float2*)(a + (bx * 2048 + ty * 128 + (tx >> 2) * 64 + i * 16 + (tx & 3) * 4 + j * 2));
    }
    #pragma unroll
    for (int j = 0; j < 4; ++j) {
      *(float2*)(b_shared + (ty * 72 + (tx >> 1) * 18 + (tx & 1) * 8 + j * 2)) = make_float2(b[i * 1024 + (tx & 1) * 512 + j * 128 + ty * 4 + (tx >> 1)], b[i * 1024 + (tx & 1) * 512 + j * 128 + ty * 4 + (tx >> 1) + 64]);
    }
    __syncthreads();
    #pragma unroll
    for (int j = 0; j < 16; ++j) {
      #pragma unroll
      for (int k = 0; k < 4; ++k) {
        #pragma unroll
        for (int l = 0; l < 2; ++l) {
          #pragma unroll
          for (int m = 0; m < 2; ++m) {
            y_local[k * 4 + l * 2 + m] = y_local[k * 4 + l * 2 + m] + a_shared[tx * 72 + k * 18 + j] * b_shared[ty * 72 + l * 36 + m * 18 + j];
          }
        }
      }
    }
  }
  #pragma unroll
  for (int i = 0; i < 4; ++i) {
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      *(float2*)(y + (bx * 2048 + tx * 256 + i * 64 + ty * 4 + j * 2)) = *(float2*)(y_local + (i * 4 + j * 2));
    }
  }
}
