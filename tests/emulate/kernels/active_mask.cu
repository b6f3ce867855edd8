__global__ void active(unsigned *y) {
  int i = threadIdx.x;
  y[i] = 0;
  if (i % 3 == 0) y[i] = __activemask();
}
