__device__ unsigned lane() {
  unsigned id;
  asm("mov.u32 %0, %%laneid;" : "=r"(id));
  return id;
}
__global__ void lanes(unsigned *y) { y[threadIdx.x] = lane(); }
