__global__ void votes(const int *x, int *y) {
  int i = threadIdx.x;
  int count = __syncthreads_count(x[i] > 0);
  int all = __syncthreads_and(x[i] >= 0);
  int any = __syncthreads_or(x[i] == 7);
  y[3 * i] = count;
  y[3 * i + 1] = all != 0;
  y[3 * i + 2] = any != 0;
}
