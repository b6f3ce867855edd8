#include <torch/extension.h>

// Pairwise distances and a triplet margin: threadIdx.y picks the pair, half the warp works on each.
__global__ void triplet_margin(const float* __restrict__ anchor, const float* __restrict__ positive,
                               const float* __restrict__ negative, float* __restrict__ loss, int dim, float margin) {
  __shared__ float dist[2];
  const float* other = threadIdx.y == 0 ? positive : negative;
  const int base = blockIdx.x * dim;
  float sum = 0.f;
  for (int i = threadIdx.x; i < dim; i += blockDim.x) {
    const float d = anchor[base + i] - other[base + i] + 1e-6f;
    sum += d * d;
  }
  #pragma unroll
  for (int o = 8; o > 0; o >>= 1) sum += __shfl_down_sync(0xffffffff, sum, o, 16);
  if (threadIdx.x == 0) dist[threadIdx.y] = sqrtf(sum);
  __syncthreads();
  if (threadIdx.x == 0 && threadIdx.y == 0) loss[blockIdx.x] = fmaxf(dist[0] - dist[1] + margin, 0.f);
}

torch::Tensor triplet(torch::Tensor a, torch::Tensor p, torch::Tensor n, float margin) {
  auto loss = torch::empty({a.size(0)}, a.options());
  triplet_margin<<<a.size(0), dim3(16, 2)>>>(a.data_ptr<float>(), p.data_ptr<float>(), n.data_ptr<float>(),
                                             loss.data_ptr<float>(), a.size(1), margin);
  return loss;
}
