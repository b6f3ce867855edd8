__global__ void clocks(int *y) {
  long long before = clock64();
  y[threadIdx.x] = clock64() > before;
}
