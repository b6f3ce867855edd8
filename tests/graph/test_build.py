"""The builder type-checks each step, names what has no name, and leaves nothing half done."""

import pytest

from hpctc.graph import ops
from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.errors import GraphError, GraphTypeError
from hpctc.graph.ir import TensorType
from hpctc.graph.meaning import draw
from hpctc.graph.reference import reference
from hpctc.graph.samples import sensible
from hpctc.graph.text import parse, show
from tests.graph.strategies import CHAINABLE


def test_types_are_known_as_soon_as_they_are_inferred() -> None:
    b = Builder("g")
    x = b.input("x", (4, 6))
    left, right = b.ops("split", x, parts=2, axis=1)
    assert b.type_of(left) == b.type_of(right) == TensorType((4, 3), "float32")
    y = b.op("dense", left, b.input("w", (5, 3)), name="y")
    assert str(b.types[y]) == "f32[4, 5]"
    graph = b.finish(y, right)
    assert [n.op for n in graph.nodes] == ["split", "dense"]
    assert graph.users()["v1"] == []
    assert graph.producers()["y"].operands == (left, "w")


def test_a_refused_step_leaves_no_trace() -> None:
    b = Builder("g")
    x = b.input("x", (4, 6))
    before = dict(b.types), b.nodes
    with pytest.raises(GraphTypeError):
        b.op("matmul", x, x)
    with pytest.raises(GraphError, match="1 result, but 2 names"):
        b.ops("exp", x, names=("a", "b"))
    assert (dict(b.types), b.nodes) == before
    b.finish(b.op("exp", x))


@pytest.mark.parametrize(
    ("name", "dtype", "says"),
    [
        ("2x", "float32", "'2x' is no name"),
        ("a b", "float32", "'a b' is no name"),
        ("x", "float64", "element type 'float64'"),
    ],
)
def test_inputs_are_checked(name: str, dtype: str, says: str) -> None:
    with pytest.raises(GraphError, match=says):
        Builder("g").input(name, (2,), dtype)


def test_what_is_missing_is_named() -> None:
    b = Builder("g")
    b.input("gamma", (2,))
    with pytest.raises(GraphError, match="no value 'gama'") as caught:
        b.op("exp", "gama")
    assert caught.value.hint == "did you mean 'gamma'?"
    with pytest.raises(GraphError, match="returns nothing"):
        b.finish()


def test_names_given_by_the_builder_are_free() -> None:
    b = Builder("g", reserved=["v1"])
    x = b.input("v0", (2,))
    assert b.op("exp", x) == "v2"
    assert b.fresh("v0") == "v02"
    assert b.fresh("y") == "y"


AXES = ("dense", "gather_nd", "global_avg_pool", "global_max_pool", "shape", "unpack_nchwc")
"""Operators that mean nothing for a single number."""

SCALAR = [name for name in CHAINABLE if name not in AXES]


@pytest.mark.parametrize("name", SCALAR)
def test_elementwise_operators_take_single_numbers(name: str) -> None:
    op = ops.get(name)
    kind = TensorType((), op.dtypes[0])
    b = Builder("g")
    args = [
        b.input(f"x{i}", (), kind.dtype, sensible(op.domain_of(i), kind))
        for i in range(op.arity[0])
    ]
    y = b.op(name, *args)
    graph = b.finish(y)
    check(graph)
    assert parse(show(graph)) == graph
    right = reference(graph, draw(graph, 0))
    assert right.outputs[y].shape == right.undecided[y].shape == ()
