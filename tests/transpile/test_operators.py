"""Operators: the CUDA that the project itself emits, transpiled, means what float64 says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Provenance
from hpctc.graph import meaning
from hpctc.graph.ir import Graph
from hpctc.graph.samples import all_samples
from hpctc.lower.effort import Effort
from hpctc.lower.pair import lower
from hpctc.native import call
from hpctc.native.compiler import compiler
from hpctc.transpile import transpile_pair

SAMPLES = dict(all_samples())
SOME = (
    "relu-0", "gelu-0", "add-1", "softmax-0", "layer_norm-0", "sum-1", "argmax-0", "matmul-0",
    "conv2d-0", "max_pool2d-0", "cumsum-0", "transpose-0", "concat-0", "take-0", "all-0", "cast-0",
)  # fmt: skip
TOLERANCES = {"float16": 2e-2, "float32": 2e-4}


def check(graph: Graph, folder: Path) -> None:
    pair = lower(graph, Effort.parse("none"), Provenance(source="test"))
    built = compiler("gcc").build(transpile_pair(pair), folder)
    assert built.library is not None, built.log
    given = meaning.draw(graph, 1)
    wanted = meaning.evaluate(graph, given)
    got = call.run(built.library, pair.entry, list(given.values()), pair.outputs)
    for array, want in zip(got, wanted.values(), strict=True):
        tolerance = TOLERANCES.get(array.dtype.name, 0.0)
        np.testing.assert_allclose(array.astype("f8"), want.astype("f8"), tolerance, tolerance)


@pytest.mark.parametrize("name", SOME)
def test_an_operator_means_what_float64_says(name: str, tmp_path: Path) -> None:
    check(SAMPLES[name], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in SAMPLES if n not in SOME])
def test_every_operator_means_what_float64_says(name: str, tmp_path: Any) -> None:
    check(SAMPLES[name], tmp_path)
