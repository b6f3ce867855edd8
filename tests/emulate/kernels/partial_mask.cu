__global__ void halves(const int *x, int *y) {
  int i = threadIdx.x, v = x[i];
  if (i < 16) {
    v += __shfl_xor_sync(0x0000ffff, v, 1);
  } else {
    v += __shfl_xor_sync(0xffff0000, v, 2);
    __syncwarp(0xffff0000);
  }
  y[i] = v;
}
