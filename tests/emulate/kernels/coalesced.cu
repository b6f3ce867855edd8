#include <cooperative_groups.h>
using namespace cooperative_groups;
__device__ int take(int *counter) {
  coalesced_group active = coalesced_threads();
  int first = 0;
  if (active.thread_rank() == 0) first = atomicAdd(counter, active.size());
  return active.shfl(first, 0) + active.thread_rank();
}
__global__ void compact(const int *x, int *counter, int *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && x[i] > 0) y[take(counter)] = x[i];
}
