"""The operators of HPCTransEval (2025) by their published names, at their published shapes.

Each is a graph of ours in ``evals/hpctranseval/graphs/operators.graph``: mostly one operator, often
under another name (``conv2d_opt`` is our ``conv2d``). The file is the table of names.
"""

import difflib
from collections.abc import Mapping
from functools import cache

from hpctc.core.errors import UsageError
from hpctc.core.resources import root
from hpctc.graph.files import read_graphs
from hpctc.graph.ir import Graph

FILE = "hpctranseval/graphs/operators.graph"

SUFFIX = "_op"
"""What a graph's name has behind the operator's, so that it is no word of C."""


@cache
def published() -> Mapping[str, Graph]:
    """Published name -> graph, in the published order."""
    graphs = read_graphs(root("evals") / FILE)
    return {graph.name.removesuffix(SUFFIX): graph for graph in graphs}


def find(name: str) -> Graph:
    """The graph of a published name; an unknown one is an error that names the nearest."""
    known = published()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise UsageError(
            f"HPCTransEval has no operator {name!r}",
            f"did you mean {near[0]!r}?" if near else "'hpctc ops' lists its names beside ours",
        )
    return known[name]


@cache
def by_operator() -> Mapping[str, tuple[str, ...]]:
    """Operator of ours -> the published names that it goes by, if it has any."""
    found: dict[str, tuple[str, ...]] = {}
    for name, graph in published().items():
        own = operator(name, graph)
        if own is not None:
            found[own] = (*found.get(own, ()), name)
    return found


def operator(name: str, graph: Graph) -> str | None:
    """The operator of ours that a published name stands for; None: several together."""
    used = [node.op for node in graph.nodes]
    if len(used) == 1:
        return used[0]
    return name if name in used else None
