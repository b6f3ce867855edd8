__global__ void atomics(int *y, unsigned *u) {
  int i = threadIdx.x + blockIdx.x * blockDim.x;
  atomicAdd(&y[0], i);
  atomicSub(&y[1], i);
  atomicMax(&y[2], i);
  atomicMin(&y[3], -i);
  atomicAnd(&y[4], ~(1 << i % 5));
  atomicOr(&y[5], 1 << i % 31);
  atomicXor(&y[6], i);
  atomicCAS(&y[7], 5, 9);
  atomicInc(&u[0], 6u);
  atomicDec(&u[1], 6u);
  atomicAdd_block(&u[2], 2u);
  atomicAdd_system(&u[3], 3u);
}
