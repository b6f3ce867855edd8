"""What a pair's graph is, whatever it is called: its identity, and its wiring without extents."""

import re
from dataclasses import replace
from functools import cache

from hpctc.core.codec import content_id
from hpctc.graph.ir import Graph
from hpctc.graph.text import parse, show


@cache
def parsed(graph: str) -> Graph:
    """A pair's graph, parsed once however many questions are asked about it."""
    return parse(graph)


def graph_id(graph: str) -> str:
    """The name under which a rewritten graph's provenance knows its parent.

    It is a hash of the graph's text but for the graph's own name.
    """
    return identity(parsed(graph))


def identity(graph: Graph) -> str:
    """The same of a graph that is no text yet."""
    return content_id("Graph", show(replace(graph, name="graph")))


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


def operator_family(op: str) -> str:
    """An operator whatever its number of dimensions: ``conv2d`` and ``conv3d`` are ``conv``."""
    return re.sub(r"\d+d(?=_|$)", "", op)
