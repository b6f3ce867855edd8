"""What a thread keeps over a barrier has a place a thread; launches name buffers that are there."""

from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch
from hpctc.transpile import Diagnosed

KERNEL = """\
extern "C" __global__ void mixed(float* y, const float* x) {
  float acc[2][3] = {{1.0f}, {0.0f, 2.0f}};
  __shared__ float s[32];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) acc[i][j] += s[31 - threadIdx.x];
  __syncthreads();
  s[threadIdx.x] = acc[0][0] + acc[1][1] * acc[1][2];
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x ^ 1] + acc[0][1];
}
"""


def launch(*args: str) -> Launch:
    return Launch(kernel="mixed", grid=(1, 1, 1), block=(32, 1, 1), shared_bytes=0, args=args)


def test_nested_initializers_of_an_array_kept_over_a_barrier(bench: Any) -> None:
    x = np.arange(32, dtype=np.float32)
    made = bench.run(KERNEL, [launch("y", "x")], {"x": x}, {"y": np.zeros(32, np.float32)})
    first = np.array([[1, 0, 0], [0, 2, 0]])[..., None] + x[::-1]
    s = first[0, 0] + first[1, 1] * first[1, 2]
    np.testing.assert_allclose(made["y"], s[np.arange(32) ^ 1] + first[0, 1])


def test_a_launch_that_names_no_buffer_is_told(bench: Any) -> None:
    x = np.zeros(32, np.float32)
    with pytest.raises(Diagnosed, match=r"HPC0005.*mixed is given z, which is no buffer"):
        bench.code(KERNEL, [launch("y", "z")], {"x": x}, {"y": x})
