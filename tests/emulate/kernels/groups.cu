#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;
__global__ void groups(const float *x, float *y) {
  cg::thread_block block = cg::this_thread_block();
  cg::thread_block_tile<8> tile = cg::tiled_partition<8>(block);
  float v = x[block.thread_rank()];
  float sum = cg::reduce(tile, v, cg::plus<float>());
  float most = cg::reduce(tile, v, cg::greater<float>());
  for (int step = tile.size() / 2; step > 0; step /= 2) v += tile.shfl_down(v, step);
  block.sync();
  int i = block.thread_rank();
  y[4 * i] = sum;
  y[4 * i + 1] = most;
  y[4 * i + 2] = tile.shfl(v, 0);
  y[4 * i + 3] = (float)tile.meta_group_rank() + 0.01f * tile.ballot(x[i] > 0.5f);
}
