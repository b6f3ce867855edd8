__device__ inline unsigned shared_address(const void *p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }
__global__ void copy(const float *x, float *y) {
  __shared__ alignas(16) float held[2][128];
  int t = threadIdx.x;
  unsigned to = shared_address(&held[0][4 * t]);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(to), "l"(x + 4 * t));
  {
    unsigned addr = shared_address(&held[1][4 * t]);
    __asm__ __volatile__(
      "cp.async.ca.shared.global [%0], [%1], %2;"
      :: "r"(addr), "l"((void*)(x + 4 * t)), "n"(16));
  }
  __asm__ __volatile__("cp.async.commit_group;");
  __asm__ __volatile__("cp.async.wait_group 0;");
  __syncthreads();
  for (int i = 0; i < 4; ++i) y[4 * t + i] = held[0][127 - (4 * t + i)] + held[1][4 * t + i];
}
