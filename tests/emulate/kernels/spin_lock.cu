__device__ int lock = 0;
__global__ void count(int *y) {
  bool done = false;
  while (!done) {
    if (atomicCAS(&lock, 0, 1) == 0) {
      int held = *(volatile int *)y;
      __nanosleep(10);
      *(volatile int *)y = held + 1;
      __threadfence();
      atomicExch(&lock, 0);
      done = true;
    }
  }
}
