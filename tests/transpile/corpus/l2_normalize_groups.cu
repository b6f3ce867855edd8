#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

namespace cg = cooperative_groups;

__global__ void l2_normalize(const float* in, float* out, int cols) {
  cg::thread_block block = cg::this_thread_block();
  cg::thread_block_tile<32> warp = cg::tiled_partition<32>(block);
  __shared__ float sums[8];

  const float* row = in + block.group_index().x * cols;
  float sum = 0.0f;
  for (int i = block.thread_rank(); i < cols; i += block.size()) sum += row[i] * row[i];
  sum = cg::reduce(warp, sum, cg::plus<float>());
  if (warp.thread_rank() == 0) sums[warp.meta_group_rank()] = sum;
  block.sync();

  float total = 0.0f;
  for (int w = 0; w < warp.meta_group_size(); ++w) total += sums[w];
  const float inverse = rsqrtf(fmaxf(total, 1e-12f));
  for (int i = block.thread_rank(); i < cols; i += block.size())
    out[block.group_index().x * cols + i] = row[i] * inverse;
}
