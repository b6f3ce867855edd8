"""A thousand random applications, every rewrite of the table among them: each keeps the meaning.

An application is drawn: a random graph in which the rewrite has a place, up to three random
rewrites before it, one of its places. Where random graphs have no place for it (it undoes
something, or wants what is rarely grown), the graph is one of its examples.
"""

import random
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.graph.check import check
from hpctc.graph.compare import disagreement
from hpctc.graph.ir import Graph, Node
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.reference import reference
from hpctc.graph.text import parse, show
from hpctc.rewrite import REWRITES, Wish, grow, kind, replay, rewrite
from hpctc.rewrite.base import Rewrite
from hpctc.rewrite.edit import Edit
from tests.rewrite.examples import examples

WANTED = 1000
TIMES = 4
"""Applications of each rewrite that are asked for; what is applied on the way counts as well."""

GROWN = 48
"""Random graphs that the draws share."""
TRIES = 8
"""Of these, how many are searched for a place before an example is taken."""
BEFORE = 3
"""Random rewrites at most before the one that is asked for."""

DISTRIBUTIONS = ("uniform", "repeats", "zeros")


class Journey(NamedTuple):
    """From a graph to another by a chain of rewrites."""

    start: Graph
    chain: list[str]
    end: Graph


@cache
def grown(seed: int, around: str = "") -> Graph:
    """A random graph, or one of a certain operator and of what it may need."""
    if not around:
        return grow(seed, Wish(size="tiny"))
    helpers = {"add", "mul", "abs", "clip", "less", "expand_dims", "cast"}
    return grow(seed, Wish(size="tiny", only=frozenset({around, *helpers})))


def beginning(name: str, rng: random.Random) -> Graph:
    """A graph in which the rewrite has a place: a random one, if need be an example."""
    around = list(kind(name).ops)
    for seed in rng.sample(range(GROWN), TRIES):
        graph = grown(seed, rng.choice(["", *around]))
        named = not around or not set(around).isdisjoint(n.op for n in graph.nodes)
        if named and kind(name).sites(graph):
            return graph
    return rng.choice(examples(name))


def journey(name: str, seed: int) -> Journey | None:
    """Some random rewrites and then this one, at a random place; None where it has none."""
    rng = random.Random(f"{name} {seed}")
    start = beginning(name, rng)
    graph, chain = rewrite(start, rng.randrange(1 << 30), count=rng.randint(0, BEFORE))
    sites = kind(name).sites(graph)
    if not sites:
        graph, chain = start, []
        sites = kind(name).sites(start)
    if not sites:
        return None
    step = rng.choice(sites)
    return Journey(start, [*chain, str(step)], step.apply(graph))


def names(chain: Iterable[str]) -> list[str]:
    return [text.partition("{")[0] for text in chain]


def judge(made: Journey, seed: int) -> None:
    """The same inputs, outputs, types and numbers; the chain is the way from one to the other."""
    start, chain, end = made
    check(end)
    assert end.inputs == start.inputs
    assert end.outputs == start.outputs
    assert [end.types()[o] for o in end.outputs] == [start.types()[o] for o in start.outputs]
    assert parse(show(end)) == end
    assert replay(start, chain) == end
    rounded = any(kind(name).constants for name in names(chain))
    for distribution in DISTRIBUTIONS:
        inputs = draw(start, seed, distribution)
        right, got = evaluate(start, inputs), evaluate(end, inputs)
        tolerance = reference(start, inputs).tolerance if rounded else 1e-9
        worst = max(disagreement(right[name], got[name]) for name in right)
        assert worst <= tolerance, f"{chain} on {distribution} inputs of\n{show(start)}"


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(REWRITES)), st.integers(0, 1 << 30))
def test_an_application_at_random_keeps_the_meaning(name: str, seed: int) -> None:
    made = journey(name, seed)
    assert made is not None, f"{name} does not apply to its example"
    judge(made, seed)


def test_a_wrong_rewrite_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly(_: Rewrite, edit: Edit, node: Node) -> str | None:
        return edit.op("mul", node.args[0], -1.0009765625)

    monkeypatch.setattr(kind("neg-as-mul"), "build", nearly)
    made = [one for seed in range(5) if (one := journey("neg-as-mul", seed)) is not None]
    assert made
    for one in made:
        with pytest.raises(AssertionError, match="on uniform inputs of"):
            judge(one, 5)


@pytest.mark.slow
def test_a_thousand_applications_of_every_rewrite_keep_the_meaning() -> None:
    applied: Counter[str] = Counter()
    for name in REWRITES:
        for seed in range(TIMES):
            if (made := journey(name, seed)) is not None:
                judge(made, seed)
                applied.update(names(made.chain))
    assert not (never := sorted(set(REWRITES) - set(applied))), f"never applied: {never}"
    assert applied.total() >= WANTED
