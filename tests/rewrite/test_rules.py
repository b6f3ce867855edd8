"""Every rewrite of the table, on examples on which it must apply: the same numbers afterwards.

The numbers are float64, so what is compared is the mathematics; a rule whose constants float32 has
to round is allowed that.
"""

import numpy as np
import pytest

from hpctc.graph.check import check
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse, show
from hpctc.rewrite import REWRITES, kind
from hpctc.rewrite import parse as parse_rewrite
from hpctc.rewrite.base import Rewrite
from tests.rewrite.examples import EXAMPLES, examples, written


def agree(before: Graph, after: Graph, tolerance: float) -> None:
    for seed, distribution in ((1, "uniform"), (2, "repeats"), (3, "zeros")):
        inputs = draw(before, seed, distribution)
        right, got = evaluate(before, inputs), evaluate(after, inputs)
        for name, x in right.items():
            assert got[name].dtype == x.dtype
            np.testing.assert_allclose(got[name], x, rtol=tolerance, atol=tolerance)


def legal(before: Graph, after: Graph) -> None:
    check(after)
    assert after.inputs == before.inputs
    assert after.outputs == before.outputs
    old, new = before.types(), after.types()
    assert [old[o] for o in before.outputs] == [new[o] for o in after.outputs]
    assert parse(show(after)) == after


@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_keeps_the_meaning_wherever_it_applies(name: str) -> None:
    graphs = examples(name)
    assert graphs, f"{name} has no example; add a line to {EXAMPLES.name}"
    tolerance = 3e-6 if kind(name).constants else 1e-9
    for graph in graphs:
        sites = kind(name).sites(graph)
        assert sites, f"{name} does not apply to its example:\n{show(graph)}"
        for site in sites:
            after = site.apply(graph)
            assert after != graph
            legal(graph, after)
            agree(graph, after, tolerance)


@pytest.mark.parametrize("name", [name for name in REWRITES if kind(name).exact])
def test_an_exact_rewrite_changes_no_bit(name: str) -> None:
    for graph in examples(name):
        inputs = draw(graph, 4)
        right = evaluate(graph, inputs, "native")
        for site in kind(name).sites(graph):
            got = evaluate(site.apply(graph), inputs, "native")
            for output, x in right.items():
                np.testing.assert_array_equal(got[output], x)


@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_is_its_text(name: str) -> None:
    for graph in examples(name)[:2]:
        for site in kind(name).sites(graph):
            again = parse_rewrite(str(site))
            assert again == site
            assert again.apply(graph) == site.apply(graph)


def test_every_example_is_of_a_rewrite() -> None:
    assert set(written()) <= set(REWRITES)


def test_names_and_rules_are_told_apart() -> None:
    rules: list[type[Rewrite]] = [kind(name) for name in REWRITES]
    assert [rule.name for rule in rules] == list(REWRITES)
    assert len({rule.rule for rule in rules}) > 0.97 * len(rules)
    for rule in rules:
        assert rule.__doc__
        assert rule.rule
