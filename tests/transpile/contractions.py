"""CUDA contractions as people write them, and kernels that only look like one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """A kernel ``k``, its launch, its arrays in the order of its parameters."""

    source: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    inputs: dict[str, tuple[int, ...]]
    output: tuple[int, ...]
    meaning: Callable[..., Array] | None = None
    """The output in numpy; None: the emulator says it."""
    dtypes: tuple[str, str] = ("float32", "float32")
    """Of the inputs, of the output."""


def mm(a: Array, b: Array) -> Array:
    return a @ b


NAIVE = """
__global__ void k(const float *a, const float *b, float *c, int m = 37, int n = 50, int d = 29) {
  int row = blockIdx.y * blockDim.y + threadIdx.y;
  int col = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < 37 && col < 50) {
    float sum = 0.0f;
    for (int i = 0; i < 29; ++i) sum += a[row * 29 + i] * b[i * 50 + col];
    c[row * 50 + col] = sum;
  }
}
""".replace(", int m = 37, int n = 50, int d = 29", "")

EARLY_RETURN = """
__global__ void k(const float *__restrict__ a, const float *__restrict__ b, float *c) {
  const unsigned int col = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned int row = blockIdx.y * blockDim.y + threadIdx.y;
  if (row >= 37 || col >= 50) return;
  float sum = 0;
  for (int i = 0; i < 29; i++) sum = fmaf(a[row * 29 + i], b[col * 29 + i], sum);
  c[row * 50 + col] = sum;
}
"""

TILED = """
#define TILE 16
__global__ void k(const float *a, const float *b, float *c) {
  __shared__ float as[TILE][TILE];
  __shared__ float bs[TILE][TILE + 1];
  int tx = threadIdx.x, ty = threadIdx.y;
  int row = blockIdx.y * TILE + ty;
  int col = blockIdx.x * TILE + tx;
  float sum = 0.0f;
  for (int t = 0; t < (70 + TILE - 1) / TILE; ++t) {
    if (row < 45 && t * TILE + tx < 70) as[ty][tx] = a[row * 70 + t * TILE + tx];
    else as[ty][tx] = 0.0f;
    bs[ty][tx] = (t * TILE + ty < 70 && col < 33) ? b[(t * TILE + ty) * 33 + col] : 0.0f;
    __syncthreads();
    for (int i = 0; i < TILE; ++i) sum += as[ty][i] * bs[i][tx];
    __syncthreads();
  }
  if (row < 45 && col < 33) c[row * 33 + col] = sum;
}
"""

VECTORS = """
__global__ void __launch_bounds__(256) k(const float *a, const float *b, float *c) {
  __shared__ float as[8][64];
  __shared__ float bs[8][64];
  const int tid = threadIdx.x;
  const int tx = tid % 16, ty = tid / 16;
  float acc[4][4] = {};
  float ra[4], rb[4];
  for (int k0 = 0; k0 < 64; k0 += 8) {
    if (tid < 128) {
      int at = (blockIdx.y * 64 + tid / 2) * 64 + k0 + tid % 2 * 4;
      float4 v = *reinterpret_cast<const float4 *>(&a[at]);
      as[tid % 2 * 4 + 0][tid / 2] = v.x;
      as[tid % 2 * 4 + 1][tid / 2] = v.y;
      as[tid % 2 * 4 + 2][tid / 2] = v.z;
      as[tid % 2 * 4 + 3][tid / 2] = v.w;
    }
    for (int i = tid; i < 512; i += 256)
      bs[i / 64][i % 64] = b[(k0 + i / 64) * 128 + blockIdx.x * 64 + i % 64];
    __syncthreads();
    #pragma unroll
    for (int kk = 0; kk < 8; ++kk) {
      for (int i = 0; i < 4; ++i) ra[i] = as[kk][ty * 4 + i];
      for (int j = 0; j < 4; ++j) rb[j] = bs[kk][tx * 4 + j];
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j) acc[i][j] += ra[i] * rb[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) {
    float4 out = make_float4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);
    int at = (blockIdx.y * 64 + ty * 4 + i) * 128 + blockIdx.x * 64 + tx * 4;
    *reinterpret_cast<float4 *>(&c[at]) = out;
  }
}
"""

EPILOGUE = """
__global__ void k(const float *a, const float *b, const float *bias, float *c) {
  int row = blockIdx.y * 8 + threadIdx.y;
  int col = blockIdx.x * 8 + threadIdx.x;
  float sum = bias[col];
  for (int i = 0; i < 40; ++i) sum += a[row * 40 + i] * b[i * 24 + col];
  c[row * 24 + col] = fmaxf(0.5f * sum, 0.0f);
}
"""

IN_MEMORY = """
__global__ void k(const float *a, const float *b, float *c) {
  int col = threadIdx.x;
  for (int row = 0; row < 20; ++row) {
    c[row * 32 + col] = 0.0f;
    for (int i = 0; i < 24; ++i)
      c[row * 32 + col] = c[row * 32 + col] + a[row * 24 + i] * b[i * 32 + col];
  }
}
"""

BATCHED = """
__global__ void k(const float *a, const float *b, float *c) {
  const float *mine = a + blockIdx.z * 12 * 20;
  const float *theirs = b + blockIdx.z * 20 * 18;
  int row = blockIdx.y * blockDim.y + threadIdx.y;
  int col = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= 12 || col >= 18) return;
  float sum = 0.f;
  for (int i = 0; i < 20; ++i) sum += mine[row * 20 + i] * theirs[i * 18 + col];
  c[(blockIdx.z * 12 + row) * 18 + col] = sum;
}
"""

CONVOLUTION = """
__global__ void k(const float *x, const float *w, float *y) {
  int idx = blockIdx.x * blockDim.x + threadIdx.x;
  if (idx >= 2 * 20 * 9 * 9) return;
  int ow = idx % 9;
  int oh = (idx / 9) % 9;
  int oc = (idx / 81) % 20;
  int n = idx / 1620;
  float sum = 0.0f;
  for (int c = 0; c < 3; ++c)
    for (int kh = 0; kh < 3; ++kh)
      for (int kw = 0; kw < 3; ++kw) {
        int ih = oh - 1 + kh;
        int iw = ow - 1 + kw;
        if (ih >= 0 && ih < 9 && iw >= 0 && iw < 9)
          sum += x[((n * 3 + c) * 9 + ih) * 9 + iw] * w[((oc * 3 + c) * 3 + kh) * 3 + kw];
      }
  y[idx] = sum;
}
"""

DEPTHWISE = """
__global__ void k(const float *x, const float *w, float *y) {
  int ow = threadIdx.x, oh = threadIdx.y, c = blockIdx.x;
  float sum = 0.0f;
  #pragma unroll
  for (int kh = 0; kh < 3; ++kh)
    for (int kw = 0; kw < 3; ++kw)
      sum += x[c * 16 * 24 + (oh + kh) * 24 + ow + kw] * w[c * 9 + kh * 3 + kw];
  y[(c * 14 + oh) * 22 + ow] = sum;
}
"""

UNROLLED = """
__global__ void k(const float *a, const float *b, float *c) {
  int row = threadIdx.y, col = threadIdx.x;
  float sum = 0.0f;
  for (int i = 0; i < 32; i += 4) {
    sum += a[row * 32 + i] * b[i * 16 + col];
    sum += a[row * 32 + i + 1] * b[(i + 1) * 16 + col];
    sum += a[row * 32 + i + 2] * b[(i + 2) * 16 + col];
    sum += a[row * 32 + i + 3] * b[(i + 3) * 16 + col];
  }
  c[row * 16 + col] = sum;
}
"""

DISTANCE = """
__global__ void k(const float *a, const float *b, float *c) {
  int row = blockIdx.x, col = threadIdx.x;
  float sum = 0.0f;
  for (int i = 0; i < 10; ++i) {
    float d = a[row * 10 + i] - b[col * 10 + i];
    sum += d * d;
  }
  c[row * 48 + col] = sqrtf(sum);
}
"""


BY_VECTOR = """
__global__ void k(const float *a, const float *x, float *y) {
  int row = blockIdx.x * 4 + threadIdx.y;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < 100; i += 32) sum += a[row * 100 + i] * x[i];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (threadIdx.x == 0) y[row] = sum;
}
"""

ROWS = """
__global__ void k(const float *a, const float *x, float *y) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < 50) {
    float sum = 0.0f;
    for (int i = 0; i < 37; ++i) sum += a[row * 37 + i] * x[i];
    y[row] = sum + 1.0f;
  }
}
"""

HALF = """
__global__ void k(const half *a, const half *b, half *c) {
  __shared__ half as[8][8];
  __shared__ half bs[8][8];
  int tx = threadIdx.x, ty = threadIdx.y;
  int row = blockIdx.y * 8 + ty, col = blockIdx.x * 8 + tx;
  float sum = 0.0f;
  for (int t = 0; t < 3; ++t) {
    as[ty][tx] = a[row * 24 + t * 8 + tx];
    bs[ty][tx] = b[(t * 8 + ty) * 40 + col];
    __syncthreads();
    for (int i = 0; i < 8; ++i) sum += __half2float(as[ty][i]) * __half2float(bs[i][tx]);
    __syncthreads();
  }
  c[row * 40 + col] = __float2half(sum);
}
"""

BYTES = """
__global__ void k(const signed char *a, const signed char *b, int *c) {
  int col = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (col >= 45) return;
  int sum = 0;
  for (int i = 0; i < 30; ++i) sum += (int)a[row * 30 + i] * (int)b[col * 30 + i];
  c[row * 45 + col] = sum;
}
"""

GATHERED = """
__global__ void k(const float *x, const float *w, float *y) {
  __shared__ float taps[64][12];
  const int tx = threadIdx.x;
  float sum[16] = {};
  for (int i = 0; i < 3; ++i) {
    __syncthreads();
    for (int j = 0; j < 6; ++j) {
      float2 two;
      if (tx < 56) {
        int2 channel, tap, at;
        int2 nine = make_int2(9, 9);
        int2 here = make_int2(tx / 8 * 10 + tx % 8, tx / 8 * 10 + tx % 8);
        channel.x = (i * 12 + j * 2) / nine.x;
        channel.y = (i * 12 + j * 2 + 1) / nine.y;
        tap.x = (i * 12 + j * 2) % nine.x;
        tap.y = (i * 12 + j * 2 + 1) % nine.y;
        at.x = channel.x * 90 + here.x + tap.x / 3 * 10 + tap.x % 3;
        at.y = channel.y * 90 + here.y + tap.y / 3 * 10 + tap.y % 3;
        two = make_float2(x[at.x], x[at.y]);
      } else {
        two = make_float2(0.0f, 0.0f);
      }
      *(float2 *)(&taps[tx][j * 2]) = two;
    }
    __syncthreads();
    for (int q = 0; q < 12; ++q)
      for (int o = 0; o < 16; ++o) sum[o] += taps[tx][q] * w[o * 36 + i * 12 + q];
  }
  for (int o = 0; o < 16; ++o)
    if (tx < 56) y[o * 56 + tx] = sum[o];
}
"""


def windowed(x: Array, w: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return np.einsum("chwij,ocij->ohw", windows, w)


def convolved(x: Array, w: Array) -> Array:
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), (2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, w)


def depthwise(x: Array, w: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return np.einsum("chwij,cij->chw", windows, w)


TILES = {
    "naive": Case(NAIVE, (4, 3, 1), (16, 16, 1), {"a": (37, 29), "b": (29, 50)}, (37, 50), mm),
    "early_return": Case(
        EARLY_RETURN, (4, 3, 1), (16, 16, 1), {"a": (37, 29), "b": (50, 29)}, (37, 50),
        lambda a, b: a @ b.T,
    ),
    "tiled": Case(TILED, (3, 3, 1), (16, 16, 1), {"a": (45, 70), "b": (70, 33)}, (45, 33), mm),
    "vectors": Case(
        VECTORS, (2, 2, 1), (256, 1, 1), {"a": (128, 64), "b": (64, 128)}, (128, 128), mm
    ),
    "epilogue": Case(
        EPILOGUE, (3, 2, 1), (8, 8, 1), {"a": (16, 40), "b": (40, 24), "bias": (24,)}, (16, 24),
        lambda a, b, bias: np.maximum(0.5 * (a @ b + bias), 0),
    ),
    "in_memory": Case(IN_MEMORY, (1, 1, 1), (32, 1, 1), {"a": (20, 24), "b": (24, 32)}, (20, 32),
                      mm),
    "batched": Case(BATCHED, (2, 2, 3), (16, 8, 1), {"a": (3, 12, 20), "b": (3, 20, 18)},
                    (3, 12, 18), mm),
    "convolution": Case(
        CONVOLUTION, (26, 1, 1), (128, 1, 1), {"x": (2, 3, 9, 9), "w": (20, 3, 3, 3)},
        (2, 20, 9, 9), convolved,
    ),
    "depthwise": Case(DEPTHWISE, (6, 1, 1), (22, 14, 1), {"x": (6, 16, 24), "w": (6, 3, 3)},
                      (6, 14, 22), depthwise),
    "unrolled": Case(UNROLLED, (1, 1, 1), (16, 8, 1), {"a": (8, 32), "b": (32, 16)}, (8, 16), mm),
    "distance": Case(
        DISTANCE, (12, 1, 1), (48, 1, 1), {"a": (12, 10), "b": (48, 10)}, (12, 48),
        lambda a, b: np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)),
    ),
    "gathered": Case(GATHERED, (1, 1, 1), (64, 1, 1), {"x": (4, 9, 10), "w": (16, 4, 3, 3)},
                     (16, 7, 8), windowed),
    "by_vector": Case(BY_VECTOR, (5, 1, 1), (32, 4, 1), {"a": (20, 100), "x": (100,)}, (20,), mm),
    "rows": Case(ROWS, (2, 1, 1), (32, 1, 1), {"a": (50, 37), "x": (37,)}, (50,),
                 lambda a, x: a @ x + 1),
    "half": Case(HALF, (5, 2, 1), (8, 8, 1), {"a": (16, 24), "b": (24, 40)}, (16, 40), mm,
                 ("float16", "float16")),
    "bytes": Case(BYTES, (2, 9, 1), (32, 1, 1), {"a": (9, 30), "b": (45, 30)}, (9, 45),
                  lambda a, b: a @ b.T, ("int8", "int32")),
}  # fmt: skip
"""Kernels that become register tiles."""

STAGED = """
__global__ void k(const float *a, const float *b, float *c) {{
  __shared__ float as[8][8];
  __shared__ float bs[8][8];
  int tx = threadIdx.x, ty = threadIdx.y;
  float sum = 0.0f;
  for (int t = 0; t < 3; ++t) {{
    {stage}
  }}
  {end}
}}
"""
FILL = """as[ty][tx] = a[ty * 24 + t * 8 + tx];
    bs[ty][tx] = b[(t * 8 + ty) * 8 + tx];"""
USE = "for (int i = 0; i < 8; ++i) sum += as[ty][i] * bs[i][tx];"
END = "c[ty * 8 + tx] = sum;"


def staged(stage: str, end: str = END) -> Case:
    source = STAGED.format(stage=stage, end=end)
    return Case(source, (1, 1, 1), (8, 8, 1), {"a": (8, 24), "b": (24, 8)}, (8, 8))


SYNC = "__syncthreads();"
ALMOST = {
    # Another order of rounds: what is read was stored a round before, or is there from the start.
    "stale": staged(
        f"{USE if False else ''} if (t == 0) {{ as[ty][tx] = 0.0f; bs[ty][tx] = 0.0f; }} {SYNC}"
        f" {USE} {SYNC} {FILL} {SYNC}"
    ),
    "only_some_rounds": staged(f"{SYNC} if (t < 2) {{ {FILL} }} {SYNC} {USE}"),
    "scaled_in_place": staged(f"{SYNC} {FILL} {SYNC} {USE} sum = sum * 0.5f;"),
    "partial_sums_stored": staged(f"{SYNC} {FILL} {SYNC} {USE} c[ty * 8 + tx] = sum;", ""),
    "skips_on_data": staged(
        f"{SYNC} {FILL} {SYNC} for (int i = 0; i < 8; ++i) "
        "if (as[ty][i] > 0.5f) sum += as[ty][i] * bs[i][tx];"
    ),
    "index_of_a_branch": staged(
        f"{SYNC} int at; if (ty < 4) {{ at = ty; }} else {{ at = 11 - ty; }}"
        f" as[at][tx] = a[at * 24 + t * 8 + tx]; bs[ty][tx] = b[(t * 8 + ty) * 8 + tx];"
        f" {SYNC} {USE}"
    ),
    "moved_window": staged(
        f"{SYNC} as[ty][tx] = a[ty * 24 + t * 8 + tx];"
        f" bs[(ty + t) % 8][tx] = b[(t * 8 + ty) * 8 + tx]; {SYNC} {USE}"
    ),
    "reads_its_output": staged(f"{SYNC} {FILL} {SYNC} {USE}", "c[ty * 8 + tx] += sum;"),
    "carried_index": Case(
        """
__global__ void k(const float *a, const float *b, float *c) {
  int col = threadIdx.x, at = 0;
  float sum = 0.0f;
  for (int i = 0; i < 12; ++i) { sum += a[at] * b[i * 16 + col]; at = (i * 5) % 12; }
  c[col] = sum;
}
""", (1, 1, 1), (16, 1, 1), {"a": (12,), "b": (12, 16)}, (16,)),
    "last_one_wins": Case(
        """
__global__ void k(const float *a, const float *b, float *c) {
  int col = threadIdx.x;
  for (int row = 0; row < 4; ++row) {
    float sum = 0.0f;
    for (int i = 0; i < 6; ++i) sum += a[row * 6 + i] * b[i * 16 + col];
    c[col] = sum;
  }
}
""", (1, 1, 1), (16, 1, 1), {"a": (4, 6), "b": (6, 16)}, (16,)),
}  # fmt: skip
"""Kernels that are no plain contraction: whatever road they take, their meaning stays."""

RACES = {
    "no_barrier": staged(f"{FILL} {USE} {SYNC}"),
    "no_barrier_behind": staged(f"{FILL} {SYNC} {USE}"),
    "divergent_barrier": staged(f"{FILL} if (tx < 4) {SYNC} {USE} {SYNC}"),
    "unwritten": staged(f"{SYNC} if (tx < 7) {{ {FILL} }} {SYNC} {USE}"),
    "beyond_the_tile": staged(f"{SYNC} {FILL} {SYNC} {USE.replace('as[ty][i]', 'as[ty][i + 1]')}"),
    "one_place_for_all": staged(f"{SYNC} {FILL} {SYNC} {USE}", "c[tx] = sum;"),
    "two_writers": staged(
        f"{SYNC} as[ty][0] = a[ty * 24 + t * 8 + tx]; bs[ty][tx] = b[(t * 8 + ty) * 8 + tx];"
        f" {SYNC} sum += as[ty][0] * bs[0][tx];"
    ),
}
"""Kernels with a race or an unset value: they are not made into something better defined."""
