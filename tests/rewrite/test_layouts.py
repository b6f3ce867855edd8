"""Layouts travel: what is put between two transpositions for one operator is joined to the next."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from hpctc.graph import ops
from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.samples import graph_of
from hpctc.graph.text import parse
from hpctc.rewrite import kind
from hpctc.rewrite.axes import FOLLOWING
from hpctc.rewrite.blocked import block_of

BLOCK = parse(
    """graph block(x: f32[1, 32, 6, 6], w: f32[48, 32, 3, 3]) {
  c = conv2d(x, w, padding=1)
  r = relu(c)
  return max_pool2d(r, kernel=2, stride=2)
}
"""
)


def exhausted(graph: Graph, names: Sequence[str]) -> Graph:
    """The graph after each rule, in this order and again, wherever it applies."""
    while sites := [s for name in names for s in kind(name).sites(graph)]:
        graph = sites[0].apply(graph)
    return graph


def same(before: Graph, after: Graph) -> None:
    inputs = draw(before, 5)
    right, got = evaluate(before, inputs), evaluate(after, inputs)
    for name, x in right.items():
        np.testing.assert_allclose(got[name], x, 1e-9, 1e-9)


def counted(graph: Graph, value: str) -> Counter[str]:
    """The operators between an input and the outputs that depend on it."""
    reached, found = {value}, Counter[str]()
    for node in graph.nodes:
        if not reached.isdisjoint(node.operands):
            reached.update(v.name for v in node.results)
            found[node.op] += 1
    return found


def test_a_block_stays_in_nhwc_from_end_to_end() -> None:
    after = exhausted(
        BLOCK,
        ["conv-channels-last", "pool-channels-last", "compose-transposes", "move-after-map"],
    )
    same(BLOCK, after)
    assert counted(after, "x")["transpose"] == 2
    assert counted(after, "x")["conv2d"] == 0


def test_a_block_stays_in_nchwc_from_end_to_end() -> None:
    after = exhausted(BLOCK, ["conv-nchwc", "pool-nchwc"])
    relu = next(n for n in after.nodes if n.op == "relu").results[0].name
    (inner,) = (s for s in kind("map-nchwc").sites(after) if s.at == relu)
    after = exhausted(inner.apply(after), ["cancel-packing"])
    same(BLOCK, after)
    found = counted(after, "x")
    assert (found["pack_nchwc"], found["unpack_nchwc"]) == (1, 1)
    assert found["transpose"] == 0


def moved(name: str) -> Graph:
    """An operator's first sample, its result transposed."""
    graph = graph_of(name, ops.get(name).samples[0])
    builder = Builder("moved")
    for i in graph.inputs:
        builder.input(i.name, i.type.shape, i.type.dtype, i.domain)
    (node,) = graph.nodes
    value = builder.apply(name, list(node.args), dict(node.attrs))[0]
    rank = len(node.results[0].type.shape)
    return builder.finish(builder.op("transpose", value, perm=(*range(1, rank), 0)))


@pytest.mark.parametrize("name", FOLLOWING)
def test_a_transposition_moves_through_what_names_its_axes_and_back(name: str) -> None:
    graph = moved(name)
    (site,) = kind("transpose-before").sites(graph)
    before = site.apply(graph)
    same(graph, before)
    assert before.nodes[-1].op == name
    (site,) = kind("transpose-after").sites(before)
    after = site.apply(before)
    same(graph, after)
    assert [n.op for n in after.nodes] == [n.op for n in graph.nodes]


def test_a_block_divides_its_extent() -> None:
    assert [block_of(n) for n in (1, 7, 17, 24, 32, 48, 50)] == [1, 7, 1, 12, 16, 16, 10]


REFUSED = [
    # A mean that divides by less at the border.
    ("pool-channels-last", "x: f32[1, 3, 5, 5]", "avg_pool2d(x, kernel=3, stride=1, padding=1)"),
    # Groups; a prime number of channels; channels that are one block.
    (
        "conv-channels-last",
        "x: f32[1, 4, 5, 5], w: f32[4, 2, 3, 3]",
        "conv2d(x, w, groups=2)",
    ),
    ("conv-nchwc", "x: f32[1, 17, 5, 5], w: f32[4, 17, 3, 3]", "conv2d(x, w)"),
    ("pool-nchwc", "x: f32[1, 16, 5, 5]", "max_pool2d(x, kernel=2, stride=1)"),
    ("map-nchwc", "x: f32[1, 32, 5, 5], b: f32[32, 1, 1]", "x + b"),
    ("matmul-in-tiles", "a: f32[7, 17], b: f32[17, 6]", "a @ b"),
    ("matmul-by-panels", "a: f32[7, 17], b: f32[17, 13]", "a @ b"),
    ("matmul-as-batch-matmul", "a: f32[2, 3, 4], b: f32[4, 5]", "a @ b"),
    # Transposed differently.
    (
        "transpose-after",
        "a: f32[3, 3], b: f32[3, 3]",
        "concat(transpose(a, perm=[1, 0]), b, axis=0)",
    ),
    # A matrix of blocks of another size.
    (
        "cancel-packing",
        "x: f32[1, 2, 3, 3, 6]",
        "pack_nchwc(unpack_nchwc(x), block=3)",
    ),
]


@pytest.mark.parametrize(("name", "parameters", "body"), REFUSED)
def test_what_has_no_such_layout_is_left_alone(name: str, parameters: str, body: str) -> None:
    graph = parse(f"graph g({parameters}) {{\n  return {body}\n}}\n")
    assert not kind(name).sites(graph)
