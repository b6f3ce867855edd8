// Lanes with the same key add together: match, a leader, one atomic a group, a slot for each.
__global__ void count_keys(const int *keys, int *counts, int *slots, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int lane = threadIdx.x % 32;
  const int key = i < n ? keys[i] : -1;
  const unsigned peers = __match_any_sync(0xffffffff, key);
  const int leader = __ffs(peers) - 1;
  int base = 0;
  if (lane == leader && key >= 0) base = atomicAdd(&counts[key], __popc(peers));
  base = __shfl_sync(0xffffffff, base, leader);
  const int rank = __popc(peers & ((1u << lane) - 1));
  if (key >= 0) slots[key * 64 + base + rank] = 1;
  const int most = __reduce_max_sync(0xffffffff, key);
  if (lane == 0 && most >= 0) atomicMax(&counts[8], most);
}
