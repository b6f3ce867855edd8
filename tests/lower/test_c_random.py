"""Random small graphs over the whole registry: printed C equals numpy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.lower import cpu
from hpctc.lower.c.unit import print_units
from hpctc.lower.effort import Effort
from hpctc.lower.relax import plan
from tests.graph.strategies import graphs
from tests.lower.c_cases import built, chunks, results

BATCH = 5
"""Graphs that are compiled together."""

TOLERANCE = {"float32": 1e-4, "float16": 1e-2}


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)  # fmt: skip
@given(st.lists(graphs(most=5), min_size=BATCH, max_size=BATCH))
def test_printed_c_equals_numpy(build_folder: Path, many: list[Graph]) -> None:
    wanted = [steady(graph) for graph in many]
    assume(any(want is not None for want in wanted))
    plans = [replace(plan(g), entry=f"graph_{n}") for n, g in enumerate(many)]
    effort = Effort.parse("none")
    code = print_units(
        [
            (p, [chunks(s.func) if n % 2 else cpu.schedule(s.func, effort).func for s in p.steps])
            for n, p in enumerate(plans)
        ]
    )
    calls = [
        (p.entry, list(draw(g, 1).values()), p.outputs) for p, g in zip(plans, many, strict=True)
    ]
    for graph, want, got in zip(
        many, wanted, results(built(code, build_folder), calls), strict=True
    ):
        if want is not None:
            for name, result in zip(graph.outputs, got, strict=True):
                same(result, want[name], graph.types()[name].dtype)


def steady(graph: Graph) -> dict[str, Any] | None:
    """The graph's meaning; None where rounding to float32 on the way changes it visibly.

    A comparison or a floor on the edge may fall on either side: then no result is the right one.
    """
    inputs = draw(graph, 1)
    with np.errstate(all="ignore"):
        exact, native = evaluate(graph, inputs), evaluate(graph, inputs, "native")
    for name in graph.outputs:
        dtype = graph.types()[name].dtype
        error = np.abs(native[name].astype(np.float64) - exact[name]) / (np.abs(exact[name]) + 1)
        if not (error <= TOLERANCE.get(dtype, 0) / 10).all():
            return None
    return exact


def same(got: Any, want: Any, dtype: str) -> None:
    """Within the tolerance of the element type; integers and truth values are equal."""
    error = np.abs(got.astype(np.float64) - want) / (np.abs(want) + 1)
    assert (error <= TOLERANCE.get(dtype, 0)).all(), float(error.max())
