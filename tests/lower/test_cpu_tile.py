"""Register tiles: every shape of tile, on every odd extent, computes the contraction."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.lower.c.unit import print_units
from hpctc.lower.cpu import rebuild
from hpctc.lower.cpu.host import Host
from hpctc.lower.cpu.refusal import Refusal
from hpctc.lower.cpu.space import shapes
from hpctc.lower.cpu.strategy import Plain, Rules, Tile
from hpctc.lower.cpu.template import contraction_of
from hpctc.lower.cpu.tile import Shape
from hpctc.lower.relax import plan
from tests.lower.c_cases import built, results

WIDE = Host(vector_bytes=64, registers=32, signature="test")
NARROW = Host(vector_bytes=16, registers=16, signature="test")

EXTENT = st.integers(1, 40)
NUMBERS = count()


@st.composite
def products(draw: st.DrawFn) -> Graph:
    """A matmul, batched or not, or a dense layer with bias and activation."""
    m, n, k = draw(EXTENT), draw(EXTENT), draw(EXTENT)
    b = Builder("product")
    kind = draw(st.sampled_from(["matmul", "batched", "dense"]))
    if kind == "matmul":
        y = b.op("matmul", b.input("x", (m, k)), b.input("w", (k, n)))
    elif kind == "batched":
        g = draw(st.integers(1, 3))
        y = b.op("matmul", b.input("x", (g, m, k)), b.input("w", (g, k, n)))
    else:
        y = b.op("dense", b.input("x", (m, k)), b.input("w", (n, k)))
        y = b.op("relu", b.op("add", y, b.input("c", (n,))))
    return b.finish(y)


@st.composite
def convolutions(draw: st.DrawFn) -> Graph:
    """A convolution of one to three axes with stride, padding, dilation, groups and relu."""
    rank = draw(st.integers(1, 3))
    groups = draw(st.sampled_from([1, 1, 2, 4]))
    depthwise = draw(st.booleans())
    inside = 1 if depthwise else draw(st.integers(1, 5))
    each = draw(st.integers(1, 2 if depthwise else 19))
    size = [draw(st.integers(5, 21 if rank < 3 else 8)) for _ in range(rank)]
    window = [draw(st.integers(1, 3)) for _ in range(rank)]
    b = Builder("convolution")
    x = b.input("x", (draw(st.integers(1, 2)), groups * inside, *size))
    w = b.input("w", (groups * each, inside, *window))
    y = b.op(
        f"conv{rank}d",
        x,
        w,
        stride=tuple(draw(st.integers(1, 2)) for _ in range(rank)),
        padding=tuple(draw(st.integers(0, 2)) for _ in range(rank)),
        dilation=tuple(draw(st.integers(1, 2)) for _ in range(rank)),
        groups=groups,
    )
    return b.finish(b.op("relu", y) if draw(st.booleans()) else y)


@st.composite
def transposed(draw: st.DrawFn) -> Graph:
    """A transposed convolution: strides below, at and above the kernel, borders and groups."""
    rank, groups = draw(st.integers(1, 2)), draw(st.sampled_from([1, 1, 2]))
    stride = [draw(st.integers(1, 3)) for _ in range(rank)]
    window = [draw(st.integers(1, 5)) for _ in range(rank)]
    b = Builder("transposed")
    x = b.input("x", (draw(st.integers(1, 2)), groups * 3, *(draw(EXTENT) + 4 for _ in stride)))
    w = b.input("w", (groups * 3, draw(st.integers(1, 19)), *window))
    y = b.op(
        f"conv{rank}d_transpose",
        x,
        w,
        stride=tuple(stride),
        padding=tuple(draw(st.integers(0, n - 1)) for n in window),
        output_padding=tuple(draw(st.integers(0, n - 1)) for n in stride),
        groups=groups,
    )
    return b.finish(b.op("relu", y) if draw(st.booleans()) else y)


KINDS = st.one_of(products(), convolutions(), transposed())


def tiles(graph: Graph, host: Host, picks: list[int]) -> list[tuple[Any, str]]:
    """The plan of a graph with some tiles of its space; none where no tile fits."""
    made = plan(graph)
    func = made.steps[0].func
    try:
        space = shapes(contraction_of(func), host, threads=2)
    except Refusal:
        return []
    chosen = {space[p % len(space)] for p in picks}
    return [(made, str(Tile.of(shape))) for shape in sorted(chosen, key=str)]


@pytest.mark.parametrize("host", [WIDE, NARROW], ids=["wide", "narrow"])
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(data=st.data())
def test_every_tile_computes_the_contraction(host: Host, data: st.DataObject) -> None:
    graphs = data.draw(st.lists(KINDS, min_size=8, max_size=8))
    picks = data.draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2))
    units, wanted = [], []
    for graph in graphs:
        for made, text in tiles(graph, host, picks):
            entry = f"tile_{next(NUMBERS)}"
            scheduled = [rebuild(made.steps[0].func, text).func]
            units.append(
                (replace(made, entry=entry), [*scheduled, *map(step_func, made.steps[1:])])
            )
            wanted.append((graph, text))
    compare_all(units, wanted)


def step_func(step: Any) -> Any:
    """The function of a step as it is."""
    return step.func


FOLDER: list[Path] = []


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDER[:] = [tmp_path_factory.mktemp("tiles")]


def compare_all(units: list[Any], wanted: list[tuple[Graph, str]]) -> None:
    """Build all functions in one file, run them in one child, hold them against the meaning."""
    inputs = [draw(graph, 1) for graph, _ in wanted]
    calls = [
        (made.entry, list(drawn.values()), made.outputs)
        for (made, _), drawn in zip(units, inputs, strict=True)
    ]
    library = built(print_units(units), FOLDER[0])
    for (graph, text), drawn, got in zip(wanted, inputs, results(library, calls), strict=True):
        want = evaluate(graph, drawn)[graph.outputs[0]]
        np.testing.assert_allclose(got[0], want, rtol=1e-4, atol=1e-4, err_msg=f"{graph} {text}")


@settings(max_examples=2, deadline=None, derandomize=True)
@given(graphs=st.lists(transposed(), min_size=12, max_size=12))
def test_phases_are_the_transposed_convolution(graphs: list[Graph]) -> None:
    made = [replace(plan(graph), entry=f"phases_{next(NUMBERS)}") for graph in graphs]
    units = [(m, [step_func(step) for step in m.steps]) for m in made]
    compare_all(units, [(graph, "plain") for graph in graphs])


def product(m: int, k: int, n: int) -> Any:
    b = Builder("product")
    return plan(b.finish(b.op("matmul", b.input("x", (m, k)), b.input("w", (k, n))))).steps[0].func


def test_the_first_guess_fills_the_registers() -> None:
    first = shapes(contraction_of(product(512, 512, 512)), WIDE, threads=2)[0]
    rows = max(first.rows)
    assert first.lanes == 16
    assert 16 <= rows * first.vectors <= WIDE.registers - first.vectors - 1
    assert first.pack


def test_small_work_stays_on_one_thread() -> None:
    assert shapes(contraction_of(product(16, 16, 16)), WIDE, threads=2)[0].parallel == 1
    assert shapes(contraction_of(product(512, 512, 512)), WIDE, threads=2)[0].parallel == 2


def test_a_tile_that_does_not_fit_is_refused() -> None:
    shape = Shape(1, 16, 4, (8, 1), pack=False, panel_outer=False, parallel=1)
    with pytest.raises(Refusal, match="packed panel"):
        Tile.of(shape).apply(product(8, 8, 40))


def test_what_is_no_sum_of_products_has_no_tile() -> None:
    b = Builder("map")
    func = plan(b.finish(b.op("exp", b.input("x", (8, 8))))).steps[0].func
    with pytest.raises(Refusal, match="sum of products"):
        contraction_of(func)


@pytest.mark.parametrize("strategy", [Plain(), Rules(threads=1, tile=16)], ids=str)
def test_other_strategies_compute_it_too(strategy: Any) -> None:
    b = Builder("product")
    graph = b.finish(b.op("matmul", b.input("x", (7, 33)), b.input("w", (33, 19))))
    made = plan(graph)
    func = rebuild(made.steps[0].func, str(strategy)).func
    compare_all([(replace(made, entry=f"other_{next(NUMBERS)}"), [func])], [(graph, "")])
