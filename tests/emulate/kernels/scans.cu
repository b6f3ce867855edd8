#include <cooperative_groups.h>
#include <cooperative_groups/scan.h>
namespace cg = cooperative_groups;
__global__ void scans(const int *x, int *y) {
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  int i = threadIdx.x;
  y[2 * i] = cg::inclusive_scan(warp, x[i]);
  y[2 * i + 1] = cg::exclusive_scan(warp, x[i], cg::plus<int>());
}
