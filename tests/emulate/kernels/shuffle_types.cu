#include <cuda_fp16.h>
__global__ void shuffle_types(double *d, long long *l, unsigned *u, half *h) {
  int i = threadIdx.x;
  d[i] = __shfl_down_sync(~0u, (double)i * 0.5, 1);
  l[i] = __shfl_xor_sync(~0u, (long long)i << 40, 1);
  u[i] = __shfl_up_sync(~0u, (unsigned)i, 1);
  h[i] = __shfl_sync(~0u, __float2half((float)i), 31 - i);
}
