#include <cuda_bf16.h>
__global__ void bfloat(const unsigned short *x, unsigned short *y) {
  int i = threadIdx.x;
  __nv_bfloat16 a = __ushort_as_bfloat16(x[i]);
  __nv_bfloat16 b = __float2bfloat16(__bfloat162float(a) * 1.1f);
  y[i] = __bfloat16_as_ushort(__hadd(a, b));
}
