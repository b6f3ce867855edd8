"""Collectives over random widths, lanes, block sizes and thread orders."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.emulate import Emulation

SHUFFLES = """
__global__ void k(const int *x, const int *from, int *y, int width, int kind) {
  int i = threadIdx.x, v = x[i], j = from[i];
  if (kind == 0) y[i] = __shfl_sync(0xffffffff, v, j, width);
  if (kind == 1) y[i] = __shfl_up_sync(0xffffffff, v, j, width);
  if (kind == 2) y[i] = __shfl_down_sync(0xffffffff, v, j, width);
  if (kind == 3) y[i] = __shfl_xor_sync(0xffffffff, v, j, width);
}
"""

PARTS = """
__global__ void k(const int *x, const unsigned *mask, int *y) {
  int i = threadIdx.x;
  unsigned mine = mask[i];
  int sum = __reduce_add_sync(mine, x[i]);
  int first = __shfl_sync(mine, x[i], __ffs(mine) - 1);
  unsigned odd = __ballot_sync(mine, x[i] & 1);
  __syncthreads();
  y[3 * i] = sum;
  y[3 * i + 1] = first;
  y[3 * i + 2] = (int)odd;
}
"""

BLOCK_SUM = """
__global__ void k(const int *x, int *y) {
  extern __shared__ int part[];
  int t = threadIdx.x + blockDim.x * threadIdx.y, n = blockDim.x * blockDim.y;
  part[t] = x[blockIdx.x * n + t];
  for (int active = n; active > 1;) {
    int half = (active + 1) / 2;
    __syncthreads();
    if (t + half < active) part[t] += part[t + half];
    active = half;
  }
  __syncthreads();
  if (t == 0) y[blockIdx.x] = part[0];
}
"""

orders = st.builds(
    Emulation,
    order=st.sampled_from(["forward", "reverse", "random"]),
    seed=st.integers(0, 1000),
    guard=st.sampled_from(["right", "left"]),
    threads=st.integers(1, 3),
)
some = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def source_of(kind: int, lane: int, argument: int, width: int) -> int:
    """CUDA C++ Programming Guide, "Warp Shuffle Functions", in words of Python."""
    first, rank = lane // width * width, lane % width
    if kind == 0:
        return first + argument % width
    wanted = {1: rank - argument, 2: rank + argument, 3: rank ^ argument}[kind]
    if kind == 3:
        return first + wanted if wanted < width else lane
    return first + wanted if 0 <= wanted < width else lane


@some
@given(
    kind=st.integers(0, 3),
    width=st.sampled_from([1, 2, 4, 8, 16, 32]),
    arguments=st.lists(st.integers(0, 31), min_size=64, max_size=64),
    how=orders,
)
def test_shuffles(bench: Any, kind: int, width: int, arguments: list[int], how: Emulation) -> None:
    if kind == 3:
        # An xor beyond the segment may reach an earlier one: left to the features' test.
        arguments = [a % width for a in arguments]
    x = np.random.default_rng(0).integers(0, 10**6, 64).astype(np.int32)
    inputs = {"x": x, "from": np.array(arguments, np.int32)}
    launch = bench.launch("k", 1, 64, "x", "from", "y", width, kind)
    got = bench.run(SHUFFLES, launch, inputs, {"y": np.zeros(64, np.int32)}, how)
    sources = [source_of(kind, i, a, width) for i, a in enumerate(arguments)]
    assert not got.findings
    np.testing.assert_array_equal(got.outputs["y"], x[sources])


@some
@given(parts=st.lists(st.integers(0, 4), min_size=64, max_size=64), how=orders)
def test_any_partition_of_a_warp_works_apart(bench: Any, parts: list[int], how: Emulation) -> None:
    x = np.random.default_rng(1).integers(0, 1000, 64).astype(np.int32)
    masks, rows = [], []
    for i in range(64):
        base = i // 32 * 32
        mates = [j for j in range(base, base + 32) if parts[j] == parts[i]]
        masks.append(sum(1 << j - base for j in mates))
        odd = sum(1 << j - base for j in mates if x[j] & 1)
        rows.append([x[mates].sum(), x[mates[0]], odd])
    inputs = {"x": x, "mask": np.array(masks, np.uint32)}
    launch = bench.launch("k", 1, 64, "x", "mask", "y")
    got = bench.run(PARTS, launch, inputs, {"y": np.zeros((64, 3), np.int32)}, how)
    assert not got.findings
    np.testing.assert_array_equal(got.outputs["y"], np.array(rows, np.int64).astype(np.int32))


@some
@given(blocks=st.integers(1, 5), wide=st.integers(1, 64), high=st.integers(1, 16), how=orders)
def test_block_sums(bench: Any, blocks: int, wide: int, high: int, how: Emulation) -> None:
    x = np.random.default_rng(2).integers(0, 1000, blocks * wide * high).astype(np.int32)
    # The launch asks for the same memory whatever the block, so that one program serves all.
    launch = bench.launch("k", blocks, (wide, high), "x", "y", shared=4096)
    got = bench.run(BLOCK_SUM, launch, {"x": x}, {"y": np.zeros(blocks, np.int32)}, how)
    assert not got.findings
    np.testing.assert_array_equal(got.outputs["y"], x.reshape(blocks, -1).sum(axis=1))
