"""How much statements compute, and whether that is enough to start threads.

A parallel region costs some microseconds whatever is in it. Extents are known when the C is
written, and so the question is settled there: a small kernel has no pragma, instead of one with an
``if`` clause, for which the compiler would outline the loop and ask again at every call.
"""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.shape.arithmetic import rounds
from hpctc.transpile.shape.guards import parts

PARALLEL_WORK = 200_000
"""Operations below which starting threads costs more than they give."""
CALL = 12
"""What a call costs, in additions."""
MOVED = 10
"""What moving a float to another cache line costs, in additions."""
UNKNOWN_TRIPS = 16
"""Rounds of a loop whose head does not say how many."""


def trips(node: tree.For) -> float:
    """How often a loop goes round, a guess where that is not known."""
    return rounds(node) or UNKNOWN_TRIPS


def cost(body: Sequence[Any]) -> float:
    """Operations of one run of a body: arithmetic, memory and calls, each as often as it runs."""
    total = 0.0
    for node in body:
        if isinstance(node, tree.For):
            total += trips(node) * (1 + cost(parts(node.body)))
        elif isinstance(node, tree.While | tree.Do):
            total += UNKNOWN_TRIPS * cost(list(tree.children(node)))
        elif isinstance(node, tree.Index):
            total += 1
            total += cost(list(tree.children(node.index))) / 4
        elif isinstance(node, tree.Select):
            # A test is mostly of places, a vector of which is tested with one operation.
            total += 1 + cost([node.condition]) / 4 + cost([node.yes, node.no])
        elif isinstance(node, tree.Node):
            own = {tree.Call: CALL, tree.Binary: 1}.get(type(node), 0)
            total += own + cost(list(tree.children(node)))
    return total


def worth_threads(work: float) -> bool:
    """Whether several threads are done sooner with so many operations than one is."""
    return work >= PARALLEL_WORK


def parallel(depth: int = 1) -> tree.Directive:
    """The pragma before so many loops, whose rounds all cores share."""
    collapse = f" collapse({depth})" if depth > 1 else ""
    return tree.Directive(f"#pragma omp parallel for{collapse}")


__all__ = ["CALL", "MOVED", "cost", "parallel", "trips", "worth_threads"]
