#include <cuda_bf16.h>

__global__ void axpy_bf16(const __nv_bfloat16* __restrict__ x, __nv_bfloat16* __restrict__ y, float a, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
    float sum = fmaf(a, __bfloat162float(x[i]), __bfloat162float(y[i]));
    y[i] = __float2bfloat16(sum);
  }
}
