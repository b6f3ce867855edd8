__global__ void ballots(const int *x, unsigned *y) {
  int i = threadIdx.x;
  unsigned set = __ballot_sync(0xffffffff, x[i] & 1);
  y[4 * i] = set;
  y[4 * i + 1] = __any_sync(0xffffffff, x[i] == 3);
  y[4 * i + 2] = __all_sync(0xffffffff, x[i] < 100);
  y[4 * i + 3] = __match_any_sync(0xffffffff, x[i] % 4);
}
