"""Grown graphs: legal, printable, worth a task, balanced, and from the whole registry."""

from collections import Counter

import numpy as np
import pytest

from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES, Category
from hpctc.graph import ops
from hpctc.graph.check import check, intervals
from hpctc.graph.cost import category
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.reference import reference
from hpctc.graph.text import parse, show
from hpctc.rewrite import Wish, grow
from hpctc.rewrite.growth import GrowthError
from hpctc.rewrite.growth.judge import objection
from hpctc.rewrite.scale import SIZES, estimate

MANY = range(300)


@pytest.fixture(scope="module")
def grown() -> list[Graph]:
    return [grow(seed) for seed in MANY]


def test_grown_graphs_are_legal_and_print_back(grown: list[Graph]) -> None:
    for graph in grown:
        check(graph)
        assert parse(show(graph)) == graph
        assert len(graph.nodes) >= 2


def test_a_seed_is_a_graph(grown: list[Graph]) -> None:
    assert [grow(seed) for seed in MANY[:40]] == grown[:40]
    assert len({show(g).partition("(")[2] for g in grown}) == len(grown)


def test_outputs_are_finite_varied_and_move_with_every_input(grown: list[Graph]) -> None:
    # Judged anew here, on draws that growth did not see.
    for graph in grown[:120]:
        inputs, others = draw(graph, 101), [draw(graph, seed) for seed in (102, 103, 104, 105)]
        right = evaluate(graph, inputs)
        for name, x in right.items():
            assert np.all(np.isfinite(x)), (graph.name, name)
            assert x.size == 1 or len(np.unique(x)) > 1, (graph.name, name)
        for given in graph.inputs:
            changed = [evaluate(graph, {**inputs, given.name: o[given.name]}) for o in others]
            assert any(np.any(right[o] != other[o]) for o in right for other in changed), (
                graph.name,
                given.name,
            )


def test_values_stay_inside_their_intervals(grown: list[Graph]) -> None:
    for graph in grown[:60]:
        known = intervals(graph)
        for name, x in evaluate(graph, draw(graph, 103, "large")).items():
            room = 1e-6 * max(1.0, abs(known[name].low), abs(known[name].high))
            assert known[name].low - room <= x.min()
            assert x.max() <= known[name].high + room


def test_rounding_neither_decides_nor_swamps(grown: list[Graph]) -> None:
    for graph in grown[:100]:
        judged = reference(graph, draw(graph, 104))
        assert judged.decided > 0.99, graph.name
        half = any(kind.dtype == "float16" for kind in graph.types().values())
        assert judged.tolerance < (1.0 if half else 0.01), graph.name


def test_all_five_categories_come_about_equally_often(grown: list[Graph]) -> None:
    found = Counter(category(g) for g in grown)
    assert set(found) == set(CATEGORIES)
    assert min(found.values()) > len(grown) / 10


@pytest.mark.parametrize("wanted", CATEGORIES)
def test_a_category_can_be_wished_for(wanted: Category) -> None:
    wish = Wish(categories=(wanted,))
    assert {category(grow(seed, wish)) for seed in range(15)} == {wanted}


@pytest.mark.parametrize("name", [o for o in ops.OPS if not o.startswith("is") and o != "shape"])
def test_every_operator_can_be_grown(name: str) -> None:
    # With what it may need: something to make conditions, whole numbers or a positive operand of.
    helpers = {"add", "mul", "abs", "clip", "less", "floor", "expand_dims", "cast"}
    wish = Wish(only=frozenset({name, *helpers}))
    assert any(name in {n.op for n in grow(seed, wish).nodes} for seed in range(80))


def test_growth_draws_from_the_whole_registry(grown: list[Graph]) -> None:
    used = {n.op for g in grown for n in g.nodes}
    assert len(used) > 0.8 * len(ops.OPS)


def test_growth_joins_values_and_reads_them_twice(grown: list[Graph]) -> None:
    wide = [g for g in grown if any(len(users) > 1 for users in g.users().values())]
    assert len(wide) > len(grown) / 3
    assert sum(len(g.outputs) > 1 for g in grown) > len(grown) / 100


def test_sizes_are_heeded() -> None:
    def largest(graph: Graph) -> int:
        return max(kind.size for kind in graph.types().values())

    assert max(largest(grow(seed, Wish(size="tiny"))) for seed in range(60)) <= 1 << 10
    for seed in range(3):
        graph = grow(seed, Wish(size="medium", categories=("elementwise", "reduction")))
        assert SIZES["medium"].least <= estimate(graph) <= SIZES["medium"].most


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("y = (x * b) * 0.0 + 1.0", "constant"),
        ("y = minimum(x * b, -1.0)", "constant"),
        ("y = x * 0.0 + b", "feels x"),
        ("y = relu(x - 0.99) * b", "constant or all but zero"),
        ("y = (x + 10000.0) - 10000.0 + b", "rounding may move"),
        ("y = floor(x * b * 30000.0)", "decides"),
        ("y = exp(x * 90.0) * exp(b * 90.0) * exp(x * 80.0)", "overflows"),
    ],
)
def test_what_is_no_honest_task_is_refused(text: str, why: str) -> None:
    graph = f"graph g(x: f32[64, 64], b: f32[64, 64]) {{\n  {text}\n  return y\n}}\n"
    assert why in objection(parse(graph))


@pytest.mark.parametrize(
    "wish",
    [{"size": "huge"}, {"categories": ("layouts",)}, {"categories": ()}],
)
def test_wishes_that_cannot_be_are_told(wish: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Wish(**wish)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        grow(-1)


def test_a_wish_that_leaves_nothing_ends_in_an_error() -> None:
    with pytest.raises(GrowthError, match="seed 3"):
        grow(3, Wish(only=frozenset({"one_hot"}), dtype="float16"))
