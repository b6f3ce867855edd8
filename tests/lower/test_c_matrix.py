"""Every sample of every operator, printed, compiled and run: the C means what numpy means."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tvm import tirx

from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.samples import all_samples
from hpctc.lower import cpu
from hpctc.lower.c.unit import print_units
from hpctc.lower.effort import Effort
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan
from tests.lower.c_cases import built, chunks, results

FLAGS = "-O1 -march=native -fopenmp -Wno-unused-parameter"
"""``shape`` reads nothing of what it is given."""

TOLERANCE = {"float32": 2e-5, "float16": 5e-3}
"""Of |value - meaning| / (|meaning| + 1); everything else is exact."""

SAMPLES = dict(all_samples())


def unchanged(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """No schedule at all."""
    return func


def shipped(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """What a pair gets at effort none."""
    return cpu.schedule(func, Effort.parse("none")).func


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    """The plan of every sample under an entry name of its own."""
    return {
        name: replace(plan(graph), entry=f"sample_{n}")
        for n, (name, graph) in enumerate(SAMPLES.items())
    }


@pytest.fixture(scope="module", params=[unchanged, chunks, shipped], ids=lambda f: f.__name__)
def outputs(
    request: pytest.FixtureRequest, plans: dict[str, Plan], build_folder: Path
) -> dict[str, list[Any]]:
    """What all samples return under one way to schedule: one file, one compiler, one child."""
    schedule: Callable[[tirx.PrimFunc], tirx.PrimFunc] = request.param
    code = print_units([(p, [schedule(s.func) for s in p.steps]) for p in plans.values()])
    calls = [
        (made.entry, list(draw(SAMPLES[name], 0).values()), made.outputs)
        for name, made in plans.items()
    ]
    return dict(zip(plans, results(built(code, build_folder, FLAGS), calls), strict=True))


@pytest.mark.parametrize("name", SAMPLES)
def test_printed_c_is_the_meaning(name: str, outputs: dict[str, list[Any]]) -> None:
    graph = SAMPLES[name]
    check(graph, evaluate(graph, draw(graph, 0)), outputs[name])


def check(graph: Graph, wanted: dict[str, Any], got: list[Any]) -> None:
    """Compare results with the meaning, element by element."""
    for result, name in zip(got, graph.outputs, strict=True):
        want, dtype = wanted[name], graph.types()[name].dtype
        if dtype in TOLERANCE:
            error = np.abs(result.astype(np.float64) - want) / (np.abs(want) + 1)
            off = ~(error <= TOLERANCE[dtype]) & (result != want)
            assert not (off & ~(np.isnan(result) & np.isnan(want))).any(), np.nanmax(error)
        else:
            np.testing.assert_array_equal(result, want)
