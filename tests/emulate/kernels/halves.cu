#include <cuda_fp16.h>
__global__ void halves(const half *x, half *y, float *z) {
  int i = threadIdx.x;
  half a = x[i];
  half b = __hadd(a, __float2half(0.1f));
  y[4 * i] = __hmul(a, b);
  y[4 * i + 1] = __hfma(a, b, a);
  y[4 * i + 2] = hexp(a);
  y[4 * i + 3] = __hgt(a, b) ? a : -b;
  half2 p = __halves2half2(a, b);
  p = __hmul2(p, __float2half2_rn(2.0f));
  float2 f = __half22float2(p);
  z[i] = f.x + f.y;
}
