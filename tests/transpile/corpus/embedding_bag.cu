#include <torch/extension.h>

enum class PoolingMode { kSum = 0, kMean = 1, kMax = 2 };

template <PoolingMode mode, typename index_t>
__global__ void embedding_bag_kernel(const float* __restrict__ table, const index_t* __restrict__ indices,
                                     const index_t* __restrict__ offsets, float* __restrict__ out, int bags, int dim) {
  const int bag = blockIdx.x;
  const index_t begin = offsets[bag], end = offsets[bag + 1];
  for (int d = threadIdx.x; d < dim; d += blockDim.x) {
    float acc = mode == PoolingMode::kMax ? -INFINITY : 0.0f;
    for (index_t i = begin; i < end; ++i) {
      const float v = __ldg(&table[indices[i] * dim + d]);
      if constexpr (mode == PoolingMode::kMax) {
        acc = fmaxf(acc, v);
      } else {
        acc += v;
      }
    }
    if constexpr (mode == PoolingMode::kMean) acc = end > begin ? acc / static_cast<float>(end - begin) : 0.0f;
    out[bag * dim + d] = acc;
  }
}

torch::Tensor embedding_bag_mean(torch::Tensor table, torch::Tensor indices, torch::Tensor offsets) {
  const int bags = offsets.size(0) - 1;
  const int dim = table.size(1);
  auto out = torch::empty({bags, dim}, table.options());
  embedding_bag_kernel<PoolingMode::kMean, int64_t><<<bags, 64>>>(table.data_ptr<float>(), indices.data_ptr<int64_t>(),
      offsets.data_ptr<int64_t>(), out.data_ptr<float>(), bags, dim);
  return out;
}
