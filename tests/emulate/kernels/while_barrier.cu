__global__ void scan(const int *x, int *y) {
  __shared__ int held[2][64];
  int t = threadIdx.x, from = 0;
  held[0][t] = x[t];
  __syncthreads();
  int step = 1;
  while (step < 64) {
    held[1 - from][t] = t >= step ? held[from][t] + held[from][t - step] : held[from][t];
    from = 1 - from;
    step *= 2;
    __syncthreads();
  }
  y[t] = held[from][t];
}
