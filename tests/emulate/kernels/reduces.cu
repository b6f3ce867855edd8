__global__ void reduces(const int *x, int *y) {
  int i = threadIdx.x, v = x[i];
  y[6 * i] = __reduce_add_sync(~0u, v);
  y[6 * i + 1] = __reduce_min_sync(~0u, v);
  y[6 * i + 2] = __reduce_max_sync(~0u, v);
  y[6 * i + 3] = __reduce_and_sync(~0u, (unsigned)v);
  y[6 * i + 4] = __reduce_or_sync(~0u, (unsigned)v);
  y[6 * i + 5] = __reduce_xor_sync(~0u, (unsigned)v);
}
