#include <torch/extension.h>

__global__ void causal_mask_fill(float* scores, const bool* keep, int heads, int queries, int keys, float fill) {
  int k = blockIdx.x * blockDim.x + threadIdx.x;
  int q = blockIdx.y * blockDim.y + threadIdx.y;
  int h = blockIdx.z;
  if (k < keys && q < queries) {
    int at = (h * queries + q) * keys + k;
    bool visible = (k <= q + keys - queries) && keep[k];
    if (!visible) scores[at] = fill;
  }
}

torch::Tensor mask(torch::Tensor scores, torch::Tensor keep) {
  int heads = scores.size(0), queries = scores.size(1), keys = scores.size(2);
  dim3 block(32, 8);
  dim3 grid((keys + block.x - 1) / block.x, (queries + block.y - 1) / block.y, heads);
  causal_mask_fill<<<grid, block>>>(scores.data_ptr<float>(), keep.data_ptr<bool>(), heads, queries, keys, -1e9f);
  return scores;
}
