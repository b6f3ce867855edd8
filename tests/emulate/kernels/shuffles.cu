__global__ void shuffles(const float *x, float *y, int width) {
  int i = threadIdx.x;
  float v = x[i];
  y[4 * i] = __shfl_sync(0xffffffff, v, 5, width);
  y[4 * i + 1] = __shfl_up_sync(0xffffffff, v, 3, width);
  y[4 * i + 2] = __shfl_down_sync(0xffffffff, v, 3, width);
  y[4 * i + 3] = __shfl_xor_sync(0xffffffff, v, 3, width);
}
