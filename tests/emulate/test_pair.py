"""A whole pair is run from its record alone."""

from dataclasses import replace

import numpy as np
import pytest

from hpctc.core.records import Launch, Pair, Provenance, Tensor
from hpctc.emulate import Emulation, check_pair

CODE = """// y = relu(a + b) - 1, in two kernels
__global__ void add(const float *a, const float *b, float *t, int n) {
  int i = blockIdx.x * 32 + threadIdx.x;
  if (i < n) t[i] = a[i] + b[i];
}
__global__ void relu(float *y, const float *t, float shift) {
  y[blockIdx.x] = fmaxf(t[blockIdx.x], 0.0f) - shift;
}
"""


def tensor(name: str) -> Tensor:
    return Tensor(name=name, shape=(5, 8), dtype="float32")


@pytest.fixture
def pair() -> Pair:
    launches = [
        ("add", (2, 1, 1), (32, 1, 1), ("a", "b", "t0", 40)),
        ("relu", (40, 1, 1), (1, 1, 1), ("y", "t0", 1.0)),
    ]
    return Pair.make(
        name="relu",
        category="elementwise",
        graph="",
        c_code="",
        cuda_code=CODE,
        entry="relu",
        launches=tuple(
            Launch(kernel=k, grid=g, block=b, shared_bytes=0, args=a) for k, g, b, a in launches
        ),
        inputs=(tensor("a"), tensor("b")),
        outputs=(tensor("y"),),
        intermediates=(tensor("t0"),),
        flops=80,
        bytes=480,
        provenance=Provenance(source="test"),
    )


def test_outputs_and_intermediates(pair: Pair) -> None:
    rng = np.random.default_rng(0)
    arrays = {n: rng.standard_normal((5, 8)).astype(np.float32) for n in "ab"}
    for order in ("forward", "reverse", "random"):
        got = check_pair(pair, arrays, Emulation.from_options({"order": order}))
        assert got.ok
        assert set(got.outputs) == {"y"}
        np.testing.assert_array_equal(got.arrays["t0"], arrays["a"] + arrays["b"])
        np.testing.assert_array_equal(got.outputs["y"], np.maximum(got.arrays["t0"], 0) - 1)


def test_a_fault_says_in_which_launch(pair: Pair) -> None:
    arrays = {n: np.zeros((5, 8), np.float32) for n in "ab"}
    first = Launch(
        kernel="relu", grid=(41, 1, 1), block=(1, 1, 1), shared_bytes=0, args=("y", "a", 0)
    )
    broken = replace(pair, launches=(first, *pair.launches))
    got = check_pair(broken, arrays)
    (found,) = got.findings
    assert (found.launch, found.kernel, found.buffer, found.index) == (0, "relu", "a", 40)
    assert not got.outputs
