"""Give values of a graph other names; nothing else changes."""

from collections.abc import Mapping
from dataclasses import replace

from hpctc.graph.ir import Graph, Node


def renamed(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The graph with each value in ``names`` called by its new name.

    A new name that another value of the graph already has sends that one away, to the name with
    the fewest underscores appended that is free.
    """
    wanted = {old: new for old, new in names.items() if old != new}
    taken = set(graph.types()) | set(wanted.values())
    full = dict(wanted)
    for name in graph.types():
        if name in wanted.values() and name not in wanted:
            full[name] = _free(name, taken)
            taken.add(full[name])
    if not full:
        return graph
    return Graph(
        graph.name,
        tuple(replace(i, name=full.get(i.name, i.name)) for i in graph.inputs),
        tuple(renamed_node(n, full, full) for n in graph.nodes),
        tuple(full.get(o, o) for o in graph.outputs),
    )


def renamed_node(node: Node, results: Mapping[str, str], reads: Mapping[str, str]) -> Node:
    """The node with its results, and the values that it reads, called by their new names."""
    return replace(
        node,
        results=tuple(replace(v, name=results.get(v.name, v.name)) for v in node.results),
        args=tuple(reads.get(a, a) if isinstance(a, str) else a for a in node.args),
    )


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
