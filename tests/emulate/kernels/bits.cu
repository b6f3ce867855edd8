__global__ void bits(const unsigned *x, unsigned *y) {
  int i = threadIdx.x;
  unsigned v = x[i];
  y[9 * i] = __popc(v);
  y[9 * i + 1] = __clz(v);
  y[9 * i + 2] = __ffs(v);
  y[9 * i + 3] = __brev(v);
  y[9 * i + 4] = __umulhi(v, v);
  y[9 * i + 5] = __umul24(v, 3);
  y[9 * i + 6] = __byte_perm(v, 0x11223344, 0x0527);
  y[9 * i + 7] = __funnelshift_l(v, v, 7);
  y[9 * i + 8] = __popcll((unsigned long long)v << 16);
}
