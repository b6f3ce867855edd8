// 1-D convolution, the block's inputs and a halo on both sides in shared memory.
template <int RADIUS, int BLOCK>
__global__ void conv1d(const float* __restrict__ x, const float* __restrict__ taps, float* __restrict__ y, int n) {
  __shared__ float cache[BLOCK + 2 * RADIUS];
  __shared__ float w[2 * RADIUS + 1];
  const int g = blockIdx.x * BLOCK + threadIdx.x, l = threadIdx.x + RADIUS;
  cache[l] = g < n ? x[g] : 0.0f;
  if (threadIdx.x < RADIUS) {
    const int left = g - RADIUS, right = g + BLOCK;
    cache[l - RADIUS] = left >= 0 && left < n ? x[left] : 0.0f;
    cache[l + BLOCK] = right < n ? x[right] : 0.0f;
  }
  if (threadIdx.x <= 2 * RADIUS) w[threadIdx.x] = taps[threadIdx.x];
  __syncthreads();
  if (g >= n) return;
  float sum = 0.0f;
#pragma unroll
  for (int k = -RADIUS; k <= RADIUS; ++k) sum += cache[l + k] * w[k + RADIUS];
  y[g] = sum;
}

void run(const float* x, const float* taps, float* y, int n) {
  constexpr int block = 64;
  conv1d<4, block><<<(n + block - 1) / block, block>>>(x, taps, y, n);
}
