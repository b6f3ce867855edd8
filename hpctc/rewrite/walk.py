"""Walk from a graph to others that mean the same, by seeded random rewrites, and walk again.

Guards against walking in circles: no graph is visited twice, and a graph that has grown beyond
``most_nodes`` is not entered.
"""

import random
from collections.abc import Iterable, Sequence

from hpctc.graph.ir import Graph
from hpctc.rewrite.base import Rewrite, RewriteError
from hpctc.rewrite.edit import View
from hpctc.rewrite.table import REWRITES, kind, known, parse

STEPS = 4
"""Rewrites that a walk applies when nothing is said."""

MOST_NODES = 96
"""Nodes beyond which a walk does not let a graph grow."""


def rewrite(
    graph: Graph,
    seed: int,
    count: int = STEPS,
    names: Sequence[str] = (),
    most_nodes: int = MOST_NODES,
) -> tuple[Graph, list[str]]:
    """Apply ``count`` random rewrites; return the graph and the chain of texts that led to it.

    ``names`` restricts the walk to these rewrites. The chain is shorter than ``count`` where
    nothing applies any more that would lead to a new graph; :func:`replay` makes the graph again.
    """
    kinds = [kind(known(name)) for name in names or REWRITES]
    rng = random.Random(seed)
    seen = {wiring(graph)}
    room = max(most_nodes, len(graph.nodes))
    chain: list[str] = []
    for _ in range(count):
        view = View(graph)
        for step in _order(kinds, view, rng):
            after = step.attempt(view)
            if after is None or len(after.nodes) > room or (what := wiring(after)) in seen:
                continue
            graph = after
            seen.add(what)
            chain.append(str(step))
            break
        else:
            break
    return graph, chain


def apply_each(graph: Graph, seed: int, names: Iterable[str]) -> tuple[Graph, list[str]]:
    """Apply each rewrite once, in this order, at a seeded place, or as text says where.

    A name alone picks among the places where the rewrite applies; ``split-k{at=y}`` is that place.
    """
    rng = random.Random(seed)
    chain = []
    for text in names:
        step = _pick(graph, text, rng)
        graph = step.apply(graph)
        chain.append(str(step))
    return graph, chain


def replay(graph: Graph, chain: Iterable[str]) -> Graph:
    """Apply a chain of rewrites as :func:`rewrite` returned it."""
    for text in chain:
        graph = parse(text).apply(graph)
    return graph


def _order(kinds: Sequence[type[Rewrite]], view: View, rng: random.Random) -> Iterable[Rewrite]:
    # A weighted order without replacement (Efraimidis and Spirakis, 2006).
    drawn = [k for k in kinds if k.weight]
    keyed = sorted(drawn, key=lambda k: rng.random() ** (1 / k.weight), reverse=True)
    for each in keyed:
        candidates = list(each.candidates(view))
        rng.shuffle(candidates)
        yield from candidates


def _pick(graph: Graph, text: str, rng: random.Random) -> Rewrite:
    if "{" in text:
        return parse(text)
    sites = kind(known(text)).sites(graph)
    if not sites:
        raise RewriteError(
            f"{text} applies nowhere in graph {graph.name}: {kind(text).rule}",
            "hpctc graph rewrite --list shows all rules",
        )
    return rng.choice(sites)


def wiring(graph: Graph) -> tuple[object, ...]:
    """What a graph is, whatever its values are called."""
    numbers = {i.name: k for k, i in enumerate(graph.inputs)}
    nodes = []
    for node in graph.nodes:
        args = tuple(("v", numbers[a]) if isinstance(a, str) else a for a in node.args)
        nodes.append((node.op, args, node.attrs))
        for value in node.results:
            numbers[value.name] = len(numbers)
    return (*nodes, tuple(numbers[o] for o in graph.outputs))


def applicable(graph: Graph, names: Iterable[str] = ()) -> dict[str, list[Rewrite]]:
    """Name -> the places where a rewrite applies; those that apply nowhere are left out."""
    view = View(graph)
    found = {name: kind(known(name)).sites(view) for name in names or REWRITES}
    return {name: sites for name, sites in found.items() if sites}
