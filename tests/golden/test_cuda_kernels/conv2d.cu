// padded, conv2d, relu: x, w -> y
extern "C" __global__ void __launch_bounds__(128)
fused_conv2d_relu_kernel(
    const float* __restrict__ w,
    const float* __restrict__ x,
    float* __restrict__ y) {
  const int bx = blockIdx.x;
  const int tx = threadIdx.x;
  const int ty = threadIdx.y;
  alignas(64) float conv2d_local[16];
  __shared__ alignas(64) float padded_shared[576];
  __shared__ alignas(64) float w_shared[1152];
  #pragma unroll
  for (int i = 0; i < 4; ++i) {
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      *(float2*)(conv2d_local + (i * 4 + j * 2)) = make_float2(0.0f, 0.0f);
    }
  }
  for (int i = 0; i < 2; ++i) {
    __syncthreads();
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      #pragma unroll
      for (int k = 0; k < 2; ++k) {
        float condval;
        if (bx * 32 + ty * 2 + (tx >> 2) < 99 && i * 16 + ((tx * 4 + j * 2 + k) & 15) < 27 && 1 <= ((bx * 32 + ty * 2 + (tx >> 2)) / 11) + (((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 9) / 3) && ((bx * 32 + ty * 2 + (tx >> 2)) / 11) + (((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 9) / 3) < 10 && 1 <= ((bx * 32 + ty * 2 + (tx >> 2)) % 11) + ((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 3) && ((bx * 32 + ty * 2 + (tx >> 2)) % 11) + ((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 3) < 12) {
          condval = x[((i * 16 + ((tx * 4 + j * 2 + k) & 15)) / 9) * 99 + bx * 32 + (((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 9) / 3) * 11 + ty * 2 + (tx >> 2) + ((i * 16 + ((tx * 4 + j * 2 + k) & 15)) % 3) - 12];
        } else {
          condval = 0.0f;
        }
        padded_shared[ty * 36 + (tx >> 2) * 18 + ((tx * 4 + j * 2 + k) & 15)] = condval;
      }
    }
    #pragma unroll
    for (int j = 0; j < 4; ++j) {
      #pragma unroll
      for (int k = 0; k < 2; ++k) {
        float condval_1;
        if (ty < 1 && i * 16 + ((tx * 8 + j * 2 + k) & 15) < 27) {
          condval_1 = w[ty * 108 + (tx >> 1) * 27 + i * 16 + ((tx * 8 + j * 2 + k) & 15)];
        } else {
          condval_1 = 0.0f;
        }
        w_shared[ty * 72 + (tx >> 1) * 18 + ((tx * 8 + j * 2 + k) & 15)] = condval_1;
      }
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
            conv2d_local[k * 4 + l * 2 + m] = conv2d_local[k * 4 + l * 2 + m] + padded_shared[tx * 72 + k * 18 + j] * w_shared[ty * 72 + l * 36 + m * 18 + j];
          }
        }
      }
    }
  }
  #pragma unroll
  for (int i = 0; i < 4; ++i) {
    #pragma unroll
    for (int j = 0; j < 2; ++j) {
      if (ty < 1 && bx * 32 + tx * 4 + i < 99) {
        float2 __1;
        float2 v__1 = *(float2*)(conv2d_local + (i * 4 + j * 2));
        float2 v__2 = make_float2(0.0f, 0.0f);
        __1.x = max(v__1.x, v__2.x);
        __1.y = max(v__1.y, v__2.y);
        y[j * 198 + bx * 32 + tx * 4 + i] = __1.x;
        y[j * 198 + bx * 32 + tx * 4 + i + 99] = __1.y;
      }
    }
  }
}
