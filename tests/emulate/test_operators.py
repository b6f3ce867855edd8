"""The CUDA that lowering emits, run by the emulator, computes what the graph means."""

from typing import Any

import numpy as np
import pytest

from hpctc.emulate import Emulation
from hpctc.emulate.run import Buffers, emulate
from hpctc.graph import meaning
from hpctc.graph.samples import all_samples

SAMPLES = dict(all_samples())
TOLERANCE = {"float16": 2e-2, "float32": 1e-4}
SHORT = [
    "abs", "where", "clip", "gelu", "sum", "mean", "argmax", "softmax", "log_softmax", "variance",
    "layer_norm", "cumsum", "matmul", "dense", "conv1d", "conv2d", "max_pool2d", "avg_pool2d",
    "transpose", "concat", "pad", "take", "split", "resize2d",
]  # fmt: skip
NARROW = [f"{name}-0" for name in SHORT]


@pytest.mark.parametrize("name", NARROW)
def test_operators(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in SAMPLES if n not in NARROW])
def test_all_operators(name: str) -> None:
    check(name)


def check(name: str) -> None:
    from hpctc.lower import cuda, relax

    graph = SAMPLES[name]
    plan = relax.plan(graph)
    side = cuda.generate(plan)
    buffers = Buffers(inputs=plan.inputs, outputs=plan.outputs, intermediates=side.intermediates)
    drawn = meaning.draw(graph, seed=1)
    wanted = meaning.evaluate(graph, drawn)
    # The plan's names are C's: an input called gamma is gamma_ there.
    arrays = dict(zip((t.name for t in plan.inputs), drawn.values(), strict=True))
    for how in (Emulation(), Emulation(order="reverse", guard="left")):
        got = emulate(side.code, side.launches, buffers, arrays, how)
        assert got.ok, [str(f) for f in got.findings]
        for output, want in zip(got.outputs.values(), wanted.values(), strict=True):
            same(output, np.asarray(want))


def same(got: Any, want: Any) -> None:
    if got.dtype.kind == "f":
        tolerance = TOLERANCE[got.dtype.name]
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(got, want)
