"""The last word on a grown graph: is it a task that tells right kernels from wrong ones?"""

from collections.abc import Iterator, Mapping

import numpy as np

from hpctc.core.errors import HpctcError
from hpctc.graph.check import check
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.op import Array
from hpctc.graph.reference import reference
from hpctc.rewrite.growth.state import varied

SEEDS = (1, 2)
"""Draws on which a graph is judged."""

OTHER = 3
"""The draw from which a single input is taken to see whether it matters."""

FELT = 1e-2
"""Share of an output's magnitude by which an input must be able to move it."""

LOOSEST = {"float32": 1e-3, "float16": 0.2, "int32": 0.0, "int8": 0.0, "bool": 0.0}
"""What rounding may do to the outputs, by the least precise element type that is computed with."""

Arrays = Mapping[str, Array]


def objection(graph: Graph) -> str:
    """Why a graph is no honest task, in words; empty: it is one."""
    try:
        check(graph)
    except HpctcError as illegal:
        return illegal.message
    first, second = (draw(graph, seed) for seed in SEEDS)
    judged, again = reference(graph, first), evaluate(graph, second)
    if judged.decided < 1.0:
        return "rounding decides about some elements"
    if judged.tolerance > _loosest(graph):
        return f"rounding may move the outputs by {judged.tolerance:.2g}"
    if not all(np.all(np.isfinite(x)) for x in evaluate(graph, first, "native").values()):
        return "an output overflows"
    if problem := _dull(judged.outputs, again):
        return problem
    for name in _unfelt(graph, first, judged.outputs):
        return f"no output feels {name}"
    return ""


def dull(graph: Graph) -> str:
    """What is wrong with the outputs themselves; all that scaling up can spoil."""
    first, second = (evaluate(graph, draw(graph, seed)) for seed in SEEDS)
    return _dull(first, second)


def _dull(outputs: Arrays, again: Arrays) -> str:
    for name, x in outputs.items():
        if not np.all(np.isfinite(x.astype(np.float64))):
            return f"{name} is not finite"
        if not varied(x):
            return f"{name} is constant or all but zero"
        if not _differ(x, again[name]):
            return f"{name} is the same for all inputs"
    return ""


def _loosest(graph: Graph) -> float:
    return max(LOOSEST[kind.dtype] for kind in graph.types().values() if kind.dtype in LOOSEST)


def _unfelt(graph: Graph, inputs: Arrays, right: Arrays) -> Iterator[str]:
    """The inputs that may be drawn anew without any output noticing."""
    others = draw(graph, OTHER)
    for given in graph.inputs:
        moved = evaluate(graph, {**inputs, given.name: others[given.name]})
        if not any(_differ(right[o], moved[o]) for o in graph.outputs):
            yield given.name


def _differ(a: Array, b: Array) -> bool:
    x, y = a.astype(np.float64), b.astype(np.float64)
    return bool(np.max(np.abs(x - y)) > FELT * np.mean(np.abs(x)))
