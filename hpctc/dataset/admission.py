"""Whether a graph is worth a pair: programs that compute nothing must be found out.

A kernel that does nothing passes 5 of 146 published HPCTransEval tasks. Here every output is held
against four empty programs on all trials; one that passes takes the graph out of the dataset.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hpctc.dataset.trials import Trial, passes
from hpctc.graph.ir import Graph
from hpctc.native.call import Array, poisoned

MIMICS = ("leave the output as it was", "write zeros", "write one constant", "copy an input")
"""What the empty programs do."""

RENAMING = frozenset({"reshape", "squeeze", "expand_dims", "flatten", "dilate", "fifo_buffer"})
"""Operators of which a copy is the right translation where the size stays."""

DECIDED = 0.95
"""Share of output elements on which rounding must have no say: any value of the others is right."""


@dataclass(frozen=True, slots=True)
class Vacuous:
    """Which empty program passes."""

    reason: str
    """Without names and figures."""
    detail: str


def vacuous(graph: Graph, tried: Sequence[Trial]) -> Vacuous | None:
    """The first empty program that passes as some output of the graph on all trials."""
    if (decided := min(t.right.decided for t in tried)) < DECIDED:
        return Vacuous("rounding decides too many elements", f"{1 - decided:.0%} of them")
    for name in graph.outputs:
        if not all(np.isfinite(t.right.outputs[name]).all() for t in tried):
            return Vacuous("an output is not finite", f"{name} holds NaN or an infinity")
        for what, written in _mimics(graph, name, tried):
            if all(passes(name, w, t) for w, t in zip(written, tried, strict=True)):
                return Vacuous(f"a program passes that would {what}", f"as {name}")
    return None


def _mimics(
    graph: Graph, name: str, tried: Sequence[Trial]
) -> Iterator[tuple[str, Sequence[Array]]]:
    """What each empty program leaves in an output, trial by trial."""
    kind = graph.types()[name]
    first = tried[0].right.outputs[name].reshape(-1)[0]
    yield MIMICS[0], [poisoned(kind.shape, kind.dtype)] * len(tried)
    yield MIMICS[1], [np.zeros(kind.shape, kind.dtype)] * len(tried)
    yield MIMICS[2], [np.full(kind.shape, first, kind.dtype)] * len(tried)
    if all(node.op in RENAMING for node in graph.nodes):
        return
    for given in graph.inputs:
        if given.type.size == kind.size and given.type.dtype == kind.dtype:
            yield MIMICS[3], [t.inputs[given.name].reshape(kind.shape) for t in tried]
