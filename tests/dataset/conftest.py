"""Pairs made by hand: what the lowering would give, small enough to read."""

from collections.abc import Callable

import pytest

from hpctc.core.records import Check, Launch, Pair, Provenance, Tensor

RELU_C = """\
void {name}(const float *restrict x, float *restrict y) {{
  for (int i = 0; i < {n}; ++i) {{
    y[i] = x[i] > 0.0f ? x[i] : 0.0f;
  }}
}}
"""

RELU_CUDA = """\
extern "C" __global__ void __launch_bounds__(64) {name}_kernel(float* __restrict__ y, \
const float* __restrict__ x) {{
  if (((int)blockIdx.x * 64) + (int)threadIdx.x < {n})
    y[((int)blockIdx.x * 64) + (int)threadIdx.x] =
        fmaxf(x[((int)blockIdx.x * 64) + (int)threadIdx.x], 0.0f);
}}
"""


def relu_pair(name: str = "relu", n: int = 100, **changes: object) -> Pair:
    """A pair that computes max(x, 0) over n floats; ``changes`` replace fields."""
    fields: dict[str, object] = {
        "name": name,
        "category": "elementwise",
        "graph": f"graph {name}(x: f32[{n}]) {{\n  y = relu(x)\n  return y\n}}\n",
        "c_code": RELU_C.format(name=name, n=n),
        "cuda_code": RELU_CUDA.format(name=name, n=n),
        "entry": name,
        "launches": (
            Launch(
                kernel=f"{name}_kernel",
                grid=(-(-n // 64), 1, 1),
                block=(64, 1, 1),
                shared_bytes=0,
                args=("y", "x"),
            ),
        ),
        "inputs": (Tensor(name="x", shape=(n,), dtype="float32", domain=(-1.0, 1.0)),),
        "outputs": (Tensor(name="y", shape=(n,), dtype="float32"),),
        "flops": n,
        "bytes": 8 * n,
        "checks": (Check(what="c == float64", seeds=(1, 2), max_error=0.0, tolerance=1e-6),),
        "provenance": Provenance(
            source="operator relu",
            schedules={f"{name}_kernel": "rules"},
            tools={"hpctc": "0.1.0", "tvm": "0.27.0"},
        ),
    }
    return Pair.make(**{**fields, **changes})


@pytest.fixture
def relu() -> Callable[..., Pair]:
    """Makes relu pairs of any name and length."""
    return relu_pair
