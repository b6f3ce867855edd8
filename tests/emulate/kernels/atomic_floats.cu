#include <cuda_fp16.h>
__global__ void add(float *f, double *d, half *h) {
  atomicAdd(f, 0.5f);
  atomicAdd(d, 0.25);
  atomicAdd(h, __float2half(1.0f));
}
