"""Train, validation and test such that no graph of one split has a relative in another.

Relatives are: a graph and what it was rewritten from, and all graphs of one skeleton, that is the
same operators wired the same way whatever their extents and names. (In HPCTransEval, 2025, training
and test operators differ in their shapes alone.)
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from hpctc.core.codec import content_id
from hpctc.core.records import Pair
from hpctc.graph.ir import Graph
from hpctc.graph.text import parse, show

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the families goes to each split, in percent; the rest is ``train``."""

    validation: int = 5
    test: int = 10


def split(pairs: Sequence[Pair], shares: Shares = Shares()) -> Mapping[Split, list[Pair]]:
    """Put whole families into splits, each pair in its old order.

    Where a family goes depends on its own members alone, so it stays there when the dataset grows
    around it.
    """
    placed: dict[Split, list[Pair]] = {name: [] for name in SPLITS}
    for pair, family in zip(pairs, families(pairs), strict=True):
        placed[_place(family, shares)].append(pair)
    return placed


def families(pairs: Sequence[Pair]) -> list[str]:
    """The family of each pair: the least skeleton among its relatives."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while (above := leader.setdefault(name, name)) != name:
            leader[name] = leader[above]
            name = leader[name]
        return name

    for pair in pairs:
        own = skeleton(pair.graph)
        for other in (graph_id(pair.graph), pair.id, *pair.provenance.parents):
            a, b = find(own), find(other)
            leader[max(a, b)] = min(a, b)
    least: dict[str, str] = {}
    for pair in pairs:
        root, own = find(skeleton(pair.graph)), skeleton(pair.graph)
        least[root] = min(own, least.get(root, own))
    return [least[find(skeleton(pair.graph))] for pair in pairs]


@cache
def parsed(graph: str) -> Graph:
    """A pair's graph, parsed once however many questions are asked about it."""
    return parse(graph)


def graph_id(graph: str) -> str:
    """The name under which a rewritten graph's provenance knows its parent.

    It is a hash of the graph's text but for the graph's own name.
    """
    return content_id("Graph", show(replace(parsed(graph), name="graph")))


@cache
def skeleton(graph: str) -> str:
    """A hash of a graph's wiring: operators, who feeds whom, element types; no extents."""
    whole = parsed(graph)
    number = {value: i for i, value in enumerate(whole.types())}
    wiring = [
        (node.op, *(number[a] if isinstance(a, str) else "literal" for a in node.args))
        for node in whole.nodes
    ]
    dtypes = [i.type.dtype for i in whole.inputs]
    outputs = [number[o] for o in whole.outputs]
    return content_id("Skeleton", [dtypes, wiring, outputs])


def _place(family: str, shares: Shares) -> Split:
    draw = int(hashlib.sha256(f"split\n{family}".encode()).hexdigest()[:8], 16) % 100
    if draw < shares.test:
        return "test"
    return "validation" if draw < shares.test + shares.validation else "train"
