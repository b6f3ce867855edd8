"""A bench with the real sandbox and gcc, and a pair whose C squares its input and adds one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hpctc.core.records import Pair, Provenance, Tensor
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.graph.reference import Reference
from hpctc.native.call import Array
from hpctc.native.compiler import compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup

SHAPE = (300, 257)

REFERENCE = """
void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < 300 * 257; i++) y[i] = x[i] * x[i] + 1.0f;
}
"""


@pytest.fixture(scope="session")
def bench(build_folder: Path) -> Bench:
    """One core, a second a call."""
    setup = Setup(launcher.build(build_folder), Limits(wall_seconds=1.0, start_seconds=5.0), (0,))
    return Bench(setup, compiler("gcc{flags='-O2 -fopenmp'}"), build_folder)


@pytest.fixture(scope="session")
def pair() -> Pair:
    return Pair.make(
        name="square_plus_one",
        category="elementwise",
        graph="",
        c_code=REFERENCE,
        cuda_code="",
        entry="entry",
        launches=(),
        inputs=(Tensor(name="x", shape=SHAPE, dtype="float32", domain=(-4.0, 4.0)),),
        outputs=(Tensor(name="y", shape=SHAPE, dtype="float32"),),
        flops=2 * 300 * 257,
        bytes=8 * 300 * 257,
        provenance=Provenance(source="test"),
    )


@pytest.fixture(scope="session")
def decide() -> Callable[[Sequence[Array]], Case]:
    """What is right on given inputs."""

    def right(values: Sequence[Array]) -> Case:
        y = values[0].astype(np.float64) ** 2 + 1
        found = Reference({"y": y}, {"y": np.zeros(y.shape, bool)}, 1e-6)
        return Case("a timed call", tuple(values), found)

    return right


@pytest.fixture(scope="session")
def known(decide: Callable[[Sequence[Array]], Case]) -> list[Case]:
    """Three seeds of :func:`pair`."""
    found = []
    for seed in (1, 2, 3):
        x = np.random.default_rng(seed).uniform(-4, 4, SHAPE).astype(np.float32)
        found.append(replace(decide((x,)), name=f"seed {seed}"))
    return found
