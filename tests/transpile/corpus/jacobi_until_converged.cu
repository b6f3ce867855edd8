// One block relaxes a ring until no value moves by more than tol: __syncthreads_or decides.
__global__ void relax(float* x, int* steps, float tol, int max_steps) {
  __shared__ float s[2][130];
  const int t = threadIdx.x + 1, n = blockDim.x;
  s[0][t] = x[threadIdx.x];
  int flip = 0, k = 0;
  __syncthreads();
  while (true) {
    if (threadIdx.x == 0) {
      s[flip][0] = s[flip][n];
      s[flip][n + 1] = s[flip][1];
    }
    __syncthreads();
    const float next = 0.25f * s[flip][t - 1] + 0.5f * s[flip][t] + 0.25f * s[flip][t + 1];
    const int moved = fabsf(next - s[flip][t]) > tol;
    s[flip ^ 1][t] = next;
    ++k;
    if (!__syncthreads_or(moved) || k == max_steps) break;
    flip ^= 1;
  }
  x[threadIdx.x] = s[flip ^ 1][t];
  if (threadIdx.x == 0) *steps = k;
}
