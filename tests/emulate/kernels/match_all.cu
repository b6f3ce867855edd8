__global__ void match_all(const int *x, int *y) {
  int same;
  unsigned mask = __match_all_sync(0xffffffff, x[threadIdx.x / 32], &same);
  y[2 * threadIdx.x] = mask == 0xffffffff;
  __match_all_sync(0xffffffff, x[threadIdx.x], &same);
  y[2 * threadIdx.x + 1] = same;
}
