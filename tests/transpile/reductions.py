"""Ways in which CUDA programs reduce over threads, as small kernels: table of tests/transpile.

Every kernel reads ``x`` and writes ``y``; what is reduced are small whole numbers, so that every
order of additions gives the same bits.
"""

from dataclasses import dataclass

N = 1024
"""Elements of a row."""

WARP_SUM = """
__inline__ __device__ float warp_sum(float v) {
  for (int offset = warpSize / 2; offset > 0; offset /= 2) v += __shfl_down_sync(~0u, v, offset);
  return v;
}
"""

PARTIAL = """
  int tid = threadIdx.x;
  float s = 0.0f;
  for (int i = tid; i < 1024; i += blockDim.x) s += x[blockIdx.x * 1024 + i];
"""


@dataclass(frozen=True)
class Idiom:
    """One kernel ``k(float *y, const float *x)`` and what it means, by row of ``x``."""

    body: str
    means: str = "x.sum(1)"
    """In numpy, of ``x`` with a row a block (or as many as there are results)."""
    block: tuple[int, int, int] = (256, 1, 1)
    rows: int = 1
    """Rows of ``x`` that a block takes."""
    before: str = ""

    @property
    def source(self) -> str:
        """The CUDA text."""
        return f"{self.before}\n__global__ void k(float *y, const float *x) {{{self.body}}}\n"


RIGHT = {
    "block_function": Idiom(
        PARTIAL + "s = block_sum(s);\n if (tid == 0) y[blockIdx.x] = s;",
        before=WARP_SUM
        + """
__inline__ __device__ float block_sum(float v) {
  static __shared__ float shared[32];
  int lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize;
  v = warp_sum(v);
  if (lane == 0) shared[warp] = v;
  __syncthreads();
  v = (threadIdx.x < blockDim.x / warpSize) ? shared[lane] : 0;
  if (warp == 0) v = warp_sum(v);
  return v;
}
""",
    ),
    "tree": Idiom(
        PARTIAL
        + """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
  for (int o = blockDim.x / 2; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
"""
    ),
    "interleaved_tree": Idiom(
        PARTIAL
        + """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
  for (int o = 1; o < blockDim.x; o *= 2) {
    int index = 2 * o * tid;
    if (index < blockDim.x) sh[index] += sh[index + o];
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
"""
    ),
    "unrolled_tree": Idiom(
        PARTIAL
        + """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
  if (tid < 128) sh[tid] += sh[tid + 128];
  __syncthreads();
  if (tid < 64) sh[tid] += sh[tid + 64];
  __syncthreads();
  if (tid < 32) {
    float v = sh[tid] + sh[tid + 32];
    for (int o = 16; o > 0; o >>= 1) v += __shfl_down_sync(~0u, v, o);
    if (tid == 0) y[blockIdx.x] = v;
  }
"""
    ),
    "serial_last_step": Idiom(
        PARTIAL
        + """
  __shared__ float sh[8];
  __shared__ float total;
  for (int o = 16; o > 0; o >>= 1) s += __shfl_down_sync(~0u, s, o);
  if ((tid & 31) == 0) sh[tid >> 5] = s;
  __syncthreads();
  if (tid == 0) {
    float t = 0.0f;
    for (int i = 0; i < blockDim.x / 32; ++i) t += sh[i];
    total = t;
  }
  __syncthreads();
  if (tid == 7) y[blockIdx.x] = total;
"""
    ),
    "everybody_adds_up": Idiom(
        PARTIAL
        + """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
  float total = 0.0f;
  for (int i = 0; i < 256; ++i) total += sh[i];
  if (tid == 100) y[blockIdx.x] = total;
"""
    ),
    "butterfly_rows": Idiom(
        """
  int row = blockIdx.x * 8 + threadIdx.y;
  float m = -INFINITY;
  for (int i = threadIdx.x; i < 1024; i += 32) m = fmaxf(m, x[row * 1024 + i]);
  for (int mask = 16; mask > 0; mask /= 2) m = fmaxf(m, __shfl_xor_sync(~0u, m, mask));
  if (threadIdx.x == 3) y[row] = m;
""",
        "x.max(1)",
        (32, 8, 1),
        8,
    ),
    "warp_rows": Idiom(
        """
  int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
  float s = 0.0f;
  for (int i = lane; i < 1024; i += 32) s += x[row * 1024 + i];
  s = warp_sum(s);
  if (lane == 0) y[row] = s;
""",
        rows=8,
        before=WARP_SUM,
    ),
    "tiles_of_eight": Idiom(
        """
  int row = blockIdx.x * 32 + threadIdx.x / 8, lane = threadIdx.x % 8;
  float s = 0.0f;
  for (int i = lane; i < 1024; i += 8) s += x[row * 1024 + i];
  s += __shfl_xor_sync(~0u, s, 4, 8);
  s += __shfl_xor_sync(~0u, s, 2, 8);
  s += __shfl_xor_sync(~0u, s, 1, 8);
  if (lane == 0) y[row] = s;
""",
        rows=32,
    ),
    "cooperative_groups": Idiom(
        """
  auto block = cooperative_groups::this_thread_block();
  auto warp = cooperative_groups::tiled_partition<32>(block);
  int row = blockIdx.x * 8 + warp.meta_group_rank();
  float s = 0.0f;
  for (int i = warp.thread_rank(); i < 1024; i += 32) s += x[row * 1024 + i];
  s = cooperative_groups::reduce(warp, s, cooperative_groups::plus<float>());
  if (warp.thread_rank() == 0) y[row] = s;
""",
        rows=8,
        before="#include <cooperative_groups.h>\n#include <cooperative_groups/reduce.h>\n",
    ),
    "columns": Idiom(
        """
  __shared__ float sh[8][32];
  float s = 0.0f;
  int row = blockIdx.x * 32 + threadIdx.x;
  for (int r = threadIdx.y; r < 1024; r += 8) s += x[row * 1024 + r];
  sh[threadIdx.y][threadIdx.x] = s;
  __syncthreads();
  if (threadIdx.y == 0) {
    float t = 0.0f;
    for (int i = 0; i < 8; ++i) t += sh[i][threadIdx.x];
    y[row] = t;
  }
""",
        block=(32, 8, 1),
        rows=32,
    ),
    "rows_in_shared": Idiom(
        """
  __shared__ float sh[8][32];
  float s = 0.0f;
  int row = blockIdx.x * 8 + threadIdx.y;
  for (int i = threadIdx.x; i < 1024; i += 32) s += x[row * 1024 + i];
  sh[threadIdx.y][threadIdx.x] = s;
  __syncthreads();
  for (int o = 16; o > 0; o >>= 1) {
    if (threadIdx.x < o) sh[threadIdx.y][threadIdx.x] += sh[threadIdx.y][threadIdx.x + o];
    __syncthreads();
  }
  if (threadIdx.x == 0) y[row] = sh[threadIdx.y][0];
""",
        block=(32, 8, 1),
        rows=8,
    ),
    "array_used_twice": Idiom(
        PARTIAL
        + """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
  float mean = sh[0] / 1024.0f;
  __syncthreads();
  float m = -INFINITY;
  for (int i = tid; i < 1024; i += blockDim.x) m = max(m, x[blockIdx.x * 1024 + i] - mean);
  sh[tid] = m;
  __syncthreads();
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) sh[tid] = max(sh[tid], sh[tid + o]);
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
""",
        "(x - x.mean(1, keepdims=True)).max(1)",
    ),
    "two_at_once": Idiom(
        """
  int tid = threadIdx.x;
  float s = 0.0f, q = 0.0f;
  for (int i = tid; i < 1024; i += blockDim.x) {
    float v = x[blockIdx.x * 1024 + i];
    s += v;
    q += v * v;
  }
  __shared__ float a[32], b[32];
  for (int o = 16; o > 0; o >>= 1) {
    s += __shfl_xor_sync(~0u, s, o);
    q += __shfl_xor_sync(~0u, q, o);
  }
  if (tid % 32 == 0) { a[tid / 32] = s; b[tid / 32] = q; }
  __syncthreads();
  s = a[tid % 8];
  q = b[tid % 8];
  for (int o = 4; o > 0; o >>= 1) {
    s += __shfl_xor_sync(~0u, s, o);
    q += __shfl_xor_sync(~0u, q, o);
  }
  if (tid == 0) y[blockIdx.x] = q - s;
""",
        "(x * x - x).sum(1)",
    ),
    "if_is_better": Idiom(
        """
  __shared__ float sh[256];
  int tid = threadIdx.x;
  float low = INFINITY;
  for (int i = tid; i < 1024; i += blockDim.x) {
    float v = x[blockIdx.x * 1024 + i];
    if (v < low) low = v;
  }
  sh[tid] = low;
  __syncthreads();
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) {
      if (sh[tid + o] < sh[tid]) sh[tid] = sh[tid + o];
    }
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
""",
        "x.min(1)",
    ),
    "loop_over_rows": Idiom(
        """
  __shared__ float sh[8];
  int tid = threadIdx.x;
  for (int r = 0; r < 4; ++r) {
    int row = blockIdx.x * 4 + r;
    float s = 0.0f;
    for (int i = tid; i < 1024; i += blockDim.x) s += x[row * 1024 + i];
    s = warp_sum(s);
    if (tid % 32 == 0) sh[tid / 32] = s;
    __syncthreads();
    if (tid == 0) {
      float t = 0.0f;
      for (int i = 0; i < 8; ++i) t += sh[i];
      y[row] = t;
    }
    __syncthreads();
  }
""",
        rows=4,
        before=WARP_SUM,
    ),
    "no_loop_of_its_own": Idiom(
        """
  __shared__ float sh[1024];
  int tid = threadIdx.x;
  sh[tid] = x[blockIdx.x * 1024 + tid];
  __syncthreads();
  for (int o = 512; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
""",
        block=(1024, 1, 1),
    ),
    "early_return": Idiom(
        """
  int row = blockIdx.x * 8 + threadIdx.y;
  if (row >= 22) return;
  const float *mine = x + row * 1024;
  float s = 0.0f;
  for (int i = threadIdx.x; i < 1024; i += 32) s += mine[i];
  for (int mask = 16; mask > 0; mask /= 2) s += __shfl_xor_sync(~0u, s, mask);
  if (threadIdx.x == 0) y[row] = s;
""",
        "x.sum(1) * (range(24) < __import__('numpy').int64(22))",
        (32, 8, 1),
        8,
    ),
    "joined_by_a_function": Idiom(
        PARTIAL
        + """
  for (int o = 16; o > 0; o >>= 1) s = joined<false>(s, __shfl_xor_sync(~0u, s, o));
  __shared__ float partial[8];
  if (tid % 32 == 0) partial[tid / 32] = s;
  __syncthreads();
  s = partial[tid % 8];
  for (int o = 4; o > 0; o >>= 1) s = joined<false>(s, __shfl_xor_sync(~0u, s, o));
  if (tid == 0) y[blockIdx.x] = s;
""",
        before="""
template <bool larger> __device__ float joined(float a, float b) {
  return larger ? fmaxf(a, b) : a + b;
}
""",
    ),
    "in_an_expression": Idiom(
        PARTIAL
        + """
  __shared__ float partial[8];
  __shared__ float mean;
  for (int o = 16; o > 0; o >>= 1) s += __shfl_xor_sync(~0u, s, o);
  if (tid % 32 == 0) partial[tid / 32] = s;
  __syncthreads();
  if (tid == 0) {
    mean = (partial[0] + partial[1] + partial[2] + partial[3] + partial[4] + partial[5]
            + partial[6] + partial[7]) / 1024.0f;
  }
  __syncthreads();
  if (tid == 0) y[blockIdx.x] = mean * 1024.0f;
"""
    ),
    "filled_by_a_loop": Idiom(
        """
  __shared__ float own[128];
  int tid = threadIdx.x;
  own[tid] = 0.0f;
  for (int i = tid; i < 1024; i += 128) own[tid] += x[blockIdx.x * 1024 + i];
  __syncthreads();
  for (int o = 64; o > 0; o >>= 1) {
    if (tid < o) own[tid] += own[tid + o];
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = own[0];
""",
        block=(128, 1, 1),
    ),
}
"""Idioms that are recognised."""

TREE = """
  __shared__ float sh[256];
  sh[tid] = s;
  __syncthreads();
"""
LAST = """
  if (tid == 0) y[blockIdx.x] = sh[0];
"""

WRONG = {
    "half": Idiom(
        PARTIAL
        + TREE
        + """
  for (int o = 64; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
"""
        + LAST
    ),
    "stops_early": Idiom(
        PARTIAL
        + TREE
        + """
  for (int o = 128; o > 1; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
"""
        + LAST
    ),
    "counts_twice": Idiom(
        PARTIAL
        + TREE
        + """
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o];
    __syncthreads();
  }
  if (tid == 0) sh[0] += sh[1];
"""
        + LAST
    ),
    "off_by_one": Idiom(
        PARTIAL
        + TREE
        + """
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) sh[tid] += sh[tid + o - 1];
    __syncthreads();
  }
"""
        + LAST
    ),
    "one_lane_missing": Idiom(
        PARTIAL
        + """
  for (int o = 16; o > 0; o >>= 1) s += __shfl_down_sync(~0u, s, o);
  if (tid == 1) y[blockIdx.x] = s;
"""
    ),
    "step_missing": Idiom(
        PARTIAL
        + """
  s += __shfl_xor_sync(~0u, s, 16);
  s += __shfl_xor_sync(~0u, s, 8);
  s += __shfl_xor_sync(~0u, s, 2);
  s += __shfl_xor_sync(~0u, s, 1);
  if (tid == 0) y[blockIdx.x] = s;
"""
    ),
    "step_twice": Idiom(
        PARTIAL
        + """
  s += __shfl_xor_sync(~0u, s, 16);
  s += __shfl_xor_sync(~0u, s, 8);
  s += __shfl_xor_sync(~0u, s, 4);
  s += __shfl_xor_sync(~0u, s, 2);
  s += __shfl_xor_sync(~0u, s, 1);
  s += __shfl_xor_sync(~0u, s, 1);
  if (tid == 0) y[blockIdx.x] = s;
"""
    ),
    "starts_with_one": Idiom(
        PARTIAL
        + """
  __shared__ float sh[8];
  for (int o = 16; o > 0; o >>= 1) s += __shfl_down_sync(~0u, s, o);
  if (tid % 32 == 0) sh[tid / 32] = s;
  __syncthreads();
  if (tid == 0) {
    float t = 1.0f;
    for (int i = 0; i < 8; ++i) t += sh[i];
    y[blockIdx.x] = t;
  }
"""
    ),
    "mixed_operators": Idiom(
        PARTIAL
        + TREE
        + """
  for (int o = 128; o > 0; o >>= 1) {
    if (tid < o) sh[tid] = o == 4 ? max(sh[tid], sh[tid + o]) : sh[tid] + sh[tid + o];
    __syncthreads();
  }
"""
        + LAST
    ),
}
"""Trees that are no reduction: they have to keep the meaning that they have."""
