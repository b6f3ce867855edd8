"""Whole families of equal graphs: terms that equality saturation finds, put in a value's place."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Arg, Graph, Node
from hpctc.rewrite import egraph
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, Refused, View
from hpctc.rewrite.identity import Pattern, Term, Var, emit, expression
from hpctc.rewrite.walk import wiring

TRIES = 8
"""Terms that are drawn for a value before it is given up."""


@dataclass(frozen=True)
class Saturate(Rewrite):
    """Compute a value by any term that the identities make equal to it.

    The text holds the term, so that a chain does not depend on how terms are drawn; that it is
    equal is shown anew wherever it is applied.
    """

    name = "saturate"
    rule = "y = t for every term t that is equal to y by a chain of the other identities"
    constants = True
    weight = 0.0  # a walk applies the identities themselves, and needs no e-graph for it
    term: str = ""
    """``mul(x, add(y, z))``, over values of the graph."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["Saturate"]:
        """The first other term that is drawn for a node."""
        drawn = (_drawn(view, node, seed) for seed in range(TRIES))
        yield from list(filter(None, drawn))[:1]

    def build(self, edit: Edit, node: Node) -> Built:
        """Refuses a term whose equality the identities do not show."""
        try:
            wanted = expression(self.term)
        except (ValueError, SyntaxError) as problem:
            raise Refused(f"{self.term!r} is no term: {problem}") from None
        known = egraph.classes(edit.view, node)
        if known.find(wanted) != known.names[self.at]:
            raise Refused(f"the identities do not show that {self.term} is {self.at}")
        value = emit(wanted, {name: name for name in edit.view.types}, edit)
        fits = isinstance(value, str) and edit.type(value) == node.results[0].type
        return str(value) if fits else None


def family(graph: Graph, seed: int, count: int) -> Iterator[tuple[Graph, list[str]]]:
    """Up to ``count`` graphs equal to this one and different from each other, with their chains.

    Each computes one or more of its values by other terms; fewer come where the operators are not
    elementwise and nothing can be said.
    """
    rng = random.Random(seed)
    seen = {wiring(graph)}
    for _ in range(count * TRIES):
        after, chain = _member(graph, rng)
        if (what := wiring(after)) not in seen:
            seen.add(what)
            yield after, chain
            if len(seen) > count:
                return


def _member(graph: Graph, rng: random.Random) -> tuple[Graph, list[str]]:
    """The graph with some of its values computed otherwise, from the outputs upwards."""
    chain: list[str] = []
    values = [node.results[0].name for node in reversed(graph.nodes)]
    some = rng.sample(values, rng.randint(1, max(1, len(values) // 2)))
    for value in sorted(some, key=values.index):
        view = View(graph)
        node = view.producers.get(value)
        step = None if node is None else _drawn(view, node, rng.randrange(1 << 30))
        after = None if step is None else step.attempt(view)
        if after is not None and wiring(after) != wiring(graph):
            graph = after
            chain.append(str(step))
    return graph, chain


def _drawn(view: View, node: Node, seed: int) -> Saturate | None:
    """A node's result by a term of a seed; None where there is none, or only the node itself."""
    try:
        found = egraph.classes(view, node)
    except Refused:
        return None
    value = node.results[0].name
    term = found.draw(value, seed)
    if term is None or term == Term(node.op, tuple(map(_operand, node.args)), node.attrs):
        return None
    return Saturate(at=value, term=egraph.text(term))


def _operand(arg: Arg) -> Pattern:
    return Var(arg) if isinstance(arg, str) else arg


__all__ = ["Saturate", "family"]
