"""Who becomes a task: quotas by kind, lines, laps, and what replaces what does not fit."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Provenance
from hpctc.dataset.draw import Rule, choose, kind

Make = Callable[..., Pair]


def graph(op: str, n: int) -> str:
    return f"graph g(x: f32[{n}]) {{\n  y = {op}(x)\n  return y\n}}\n"


def names(found: list[tuple[Pair, float]]) -> list[str]:
    return [pair.name for pair, _ in found]


def two(pair: Pair) -> float:
    return 2.0


@pytest.fixture
def pairs(relu: Make) -> list[Pair]:
    grown = {"provenance": Provenance(source="grown")}
    return [
        relu("a", graph=graph("relu", 8), **grown),
        relu("b", graph=graph("relu", 9), **grown),
        relu("c", graph=graph("exp", 8), **grown),
        relu("d", graph=graph("tanh", 8), **grown),
        relu("e", graph=graph("sum", 8), category="reduction", **grown),
    ]


def test_classes_take_turns_and_relatives_come_last(pairs: list[Pair]) -> None:
    assert names(choose(pairs, Rule(((None, 3),)), two)) == ["a", "e", "c"]
    assert names(choose(pairs, Rule(((None, 5),)), two)) == ["a", "e", "c", "d", "b"]


def test_what_does_not_fit_is_replaced_by_its_nearest_relative(pairs: list[Pair]) -> None:
    times = {"a": 0.5, "b": 3.0, "c": None, "d": 1.0, "e": 99.0}
    rule = Rule(((None, 2),), most_ms=50.0)
    found = choose(pairs, rule, lambda pair: times[pair.name])
    assert [(p.name, ms) for p, ms in found] == [("b", 3.0), ("d", 1.0)]


def test_what_is_weak_is_replaced_and_nobody_is_timed_twice(pairs: list[Pair]) -> None:
    asked: list[str] = []

    def time(pair: Pair) -> float:
        asked.append(pair.name)
        return 2.0

    rule = Rule(((None, 4),), weak={pairs[0].id})
    assert names(choose(pairs, rule, time)) == ["b", "e", "c", "d"]
    assert sorted(asked) == ["b", "c", "d", "e"]


def test_texts_that_are_like_none_before_come_first(relu: Make) -> None:
    short = {"cuda_code": "int x;", "c_code": "void f(float *y) { y[0] = 1.0f; }\n"}
    found = [
        relu("a", graph=graph("relu", 8), provenance=Provenance(source="operator relu")),
        relu("twin", graph=graph("exp", 8), provenance=Provenance(source="operator exp")),
        relu(
            "stranger",
            graph=graph("tanh", 8),
            provenance=Provenance(source="operator tanh"),
            **short,
        ),
    ]
    assert names(choose(found, Rule(((None, 2),)), two)) == ["a", "stranger"]
    assert names(choose(found, Rule(((None, 3),)), two)) == ["a", "stranger", "twin"]


def of(pair: Pair, source: str, *rewrites: str) -> Pair:
    return replace(pair, provenance=Provenance(source=source, rewrites=rewrites))


@pytest.mark.parametrize(
    ("source", "rewrites", "expected"),
    [
        ("operator conv2d", (), "operators"),
        ("published conv2d_opt", (), "operators"),
        ("published conv2d_opt", ("swap",), "graphs"),
        ("grown", (), "graphs"),
        ("file mlp.graph", (), "graphs"),
        ("family attention.naive", (), "graphs"),
        ("family blocks.vit", (), "blocks"),
        ("family published.inception", (), "blocks"),
    ],
)
def test_a_pair_is_an_operator_a_block_or_another_graph(
    relu: Make, source: str, rewrites: tuple[str, ...], expected: str
) -> None:
    assert kind(of(relu("a"), source, *rewrites)) == expected


def test_quotas_are_filled_kind_by_kind_and_a_lack_is_named(pairs: list[Pair]) -> None:
    origins = ("operator relu", "operator relu", "grown", "family blocks.vit", "operator sum")
    found = [of(pair, origin) for pair, origin in zip(pairs, origins, strict=True)]
    rule = Rule((("blocks", 1), ("operators", 2), ("graphs", 1)))
    assert names(choose(found, rule, two)) == ["d", "a", "e", "c"]
    with pytest.raises(UsageError, match="there are 1 graphs for 2 tasks of 1 ms"):
        choose(found, replace(rule, quotas=(("graphs", 2),)), two)


def test_what_is_kept_comes_first_in_its_longest_form_if_need_be(pairs: list[Pair]) -> None:
    origins = ("published relu", "published relu", "operator exp", "operator tanh", "operator sum")
    found = [of(pair, origin) for pair, origin in zip(pairs, origins, strict=True)]
    times = {"a": 0.1, "b": 0.2, "c": 2.0, "d": 2.0, "e": 2.0}
    rule = Rule((("operators", 2),), kept=frozenset({pairs[0].id}))
    drawn = choose(found, rule, lambda pair: times[pair.name])
    assert names(drawn) == ["b", "e"]
    weak = replace(rule, weak={pairs[1].id})
    assert names(choose(found, weak, lambda pair: times[pair.name])) == ["a", "e"]
    none = replace(rule, weak={pairs[0].id, pairs[1].id})
    with pytest.raises(UsageError, match="none of the 2 pairs of 'published relu' can be a task"):
        choose(found, none, lambda pair: times[pair.name])
    with pytest.raises(UsageError, match="1 lines must be there, and there are 0 tasks"):
        choose(found, replace(rule, quotas=(("operators", 0),)), two)
