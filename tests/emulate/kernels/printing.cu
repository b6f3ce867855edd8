#include <cstdio>
__global__ void say(const int *x) {
  if (x[threadIdx.x] > 1) printf("thread %d sees %d\n", (int)threadIdx.x, x[threadIdx.x]);
}
