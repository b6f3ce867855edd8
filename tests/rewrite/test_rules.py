"""Every rewrite of the table, on examples on which it must apply: the same numbers afterwards.

The numbers are float64, so what is compared is the mathematics; a rule whose constants float32 has
to round is allowed that.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import Arg, Graph, Interval
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse, show
from hpctc.rewrite import REWRITES, kind
from hpctc.rewrite import parse as parse_rewrite
from hpctc.rewrite.base import Rewrite
from hpctc.rewrite.identity import Identity, Pattern, Term, Var, equation

EXAMPLES = Path(__file__).with_name("examples.txt")

DOMAINS = {
    "float32": [Interval(-1.0, 1.0), Interval(0.5, 0.9), Interval(1.5, 3.0)],
    "int32": [Interval(-8.0, 8.0), Interval(1.0, 9.0)],
    "bool": [Interval(0.0, 1.0)],
}


def written() -> dict[str, list[Graph]]:
    """Rewrite -> the example graphs of the file."""
    found: dict[str, list[Graph]] = {}
    for line in EXAMPLES.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, parameters, body = (part.strip() for part in line.split(" | ", 2))
        *statements, returned = body.split("; ")
        lines = "".join(f"  {s}\n" for s in [*statements, f"return {returned}"])
        found.setdefault(name, []).append(parse(f"graph example({parameters}) {{\n{lines}}}\n"))
    return found


def left_sides(rule: type[Identity]) -> Iterator[Graph]:
    """The left side of an identity as graphs, over every domain on which it is defined."""
    left, right = equation(rule.rule)
    if isinstance(right, Var):
        # An output cannot become another name of an input: let something read the value.
        left = Term("logical_not" if "bool" in rule.dtypes[:1] else "abs", (left,))
    for dtype, domains in DOMAINS.items():
        for domain in domains:
            graph = built(rule, left, dtype, domain)
            if graph is not None:
                yield graph


def built(rule: type[Identity], left: Pattern, dtype: str, domain: Interval) -> Graph | None:
    builder = Builder("example")
    conditions = {"c"} if rule.name.startswith("where") else set()
    if isinstance(left, Var):
        left = Term("logical_not" if dtype == "bool" else "abs", (left,))

    def emit(pattern: Pattern) -> Arg:
        if isinstance(pattern, Var):
            if pattern.name not in builder.types:
                kind_ = "bool" if pattern.name in conditions else dtype
                # The first variable has the full shape, the others are broadcast.
                shape = (3, 4) if not builder.types else (4,)
                builder.input(pattern.name, shape, kind_, None if kind_ == "bool" else domain)
            return pattern.name
        if isinstance(pattern, Term):
            numbers = dict(zip(("alpha", "min", "max"), (0.25, 0.75, 0.875), strict=True))
            attrs = {k: numbers[k] if isinstance(v, str) else v for k, v in pattern.attrs}
            return builder.apply(pattern.op, list(map(emit, pattern.args)), attrs)[0]
        return pattern

    try:
        graph = builder.finish(str(emit(left)))
        check(graph)
    except GraphError:
        return None
    return graph if rule.sites(graph) else None


WRITTEN = written()


def examples(name: str) -> list[Graph]:
    rule = kind(name)
    made = list(left_sides(rule)) if issubclass(rule, Identity) else []
    return [*WRITTEN.get(name, []), *made]


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
    assert set(WRITTEN) <= set(REWRITES)


def test_names_and_rules_are_told_apart() -> None:
    rules: list[type[Rewrite]] = [kind(name) for name in REWRITES]
    assert [rule.name for rule in rules] == list(REWRITES)
    assert len({rule.rule for rule in rules}) > 0.97 * len(rules)
    for rule in rules:
        assert rule.__doc__
        assert rule.rule
