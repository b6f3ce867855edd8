"""Graphs made by other means than the builder are held to the same rules."""

from dataclasses import replace

import pytest

from hpctc.graph import check
from hpctc.graph.build import Builder
from hpctc.graph.errors import GraphDomainError, GraphError
from hpctc.graph.ir import Graph, Input, Interval, Node, TensorType, Value
from hpctc.graph.text import parse

F = TensorType((2, 3), "float32")


def legal() -> Graph:
    builder = Builder("g")
    x = builder.input("x", (2, 3))
    y = builder.op("exp", x, name="y")
    return builder.finish(builder.op("sum", y, name="z", axes=(1,)))


def test_a_legal_graph_has_the_intervals_of_all_its_values() -> None:
    known = check.check(legal())
    assert list(known) == ["x", "y", "z"]
    assert known["y"].low == pytest.approx(0.36787944)
    assert known["z"].high == pytest.approx(3 * 2.7182818, rel=1e-4)


def broken() -> dict[str, tuple[Graph, str]]:
    graph = legal()
    exp, total = graph.nodes
    wrong = replace(exp, results=(Value("y", TensorType((3, 2), "float32")),))
    later = replace(exp, args=("z",))
    wide = Input("x", F, Interval(-1, float("inf")))
    return {
        "declared with another type": (replace(graph, nodes=(wrong, total)), "is declared f32"),
        "used before it is made": (replace(graph, nodes=(later, total)), "'z' before it is used"),
        "without nodes": (replace(graph, nodes=()), "computes nothing"),
        "without outputs": (replace(graph, outputs=()), "computes nothing"),
        "unknown output": (replace(graph, outputs=("q",)), "no value 'q' to return"),
        "an input returned": (replace(graph, outputs=("z", "x")), "'x' is an input and returned"),
        "a dead node": (replace(graph, outputs=("y",)), "'z' is never used"),
        "an unbounded domain": (replace(graph, inputs=(wide,)), "which holds no f32"),
        "attributes left out": (
            replace(graph, nodes=(exp, replace(total, attrs=()))),
            "is declared f32",
        ),
        "an unknown operator": (
            replace(graph, nodes=(replace(exp, op="expp"), total)),
            "no operator 'expp'",
        ),
        "a reserved name": (replace(graph, name="while"), "'while' cannot be a name"),
        "an element type of its own": (
            replace(graph, inputs=(replace(graph.inputs[0], type=TensorType((2,), "int64")),)),
            "element type 'int64'",
        ),
    }


@pytest.mark.parametrize("case", broken())
def test_what_is_not_legal_is_refused(case: str) -> None:
    graph, says = broken()[case]
    with pytest.raises(GraphError, match=says) as caught:
        check.check(graph)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("op", "domain", "legal_"),
    [
        ("log", (0, 1), False), ("log", (0.001, 1), True), ("sqrt", (-0.1, 1), False),
        ("sqrt", (0, 1), True), ("acosh", (0.9, 2), False), ("acosh", (1, 2), True),
        ("atanh", (-1, 1), False), ("atanh", (-0.9, 0.9), True), ("asin", (-1, 1), True),
        ("asin", (-1.1, 1), False), ("reciprocal", (-1, 1), False), ("reciprocal", (-2, -1), True),
        ("rsqrt", (0, 1), False), ("tan", (-2, 2), False),
    ],
)  # fmt: skip
def test_domains_are_kept(op: str, domain: tuple[float, float], legal_: bool) -> None:
    builder = Builder("g")
    graph = builder.finish(builder.op(op, builder.input("x", (2,), domain=Interval(*domain))))
    if legal_:
        check.check(graph)
    else:
        with pytest.raises(GraphDomainError, match=f"{op} needs x"):
            check.check(graph)


@pytest.mark.parametrize(
    ("base", "exponent", "legal_"),
    [
        ((-1, 1), 2.0, True), ((-1, 1), 3.0, True), ((-1, 1), 0.5, False), ((-1, 1), -1.0, False),
        ((-2, -1), -1.0, True), ((0.5, 2), 0.5, True), ((0.5, 2), -2.5, True),
    ],
)  # fmt: skip
def test_powers_know_whole_exponents(
    base: tuple[float, float], exponent: float, legal_: bool
) -> None:
    builder = Builder("g")
    x = builder.input("x", (2,), domain=Interval(*base))
    graph = builder.finish(builder.op("pow", x, exponent))
    if legal_:
        check.check(graph)
    else:
        with pytest.raises(GraphDomainError, match="pow needs a base"):
            check.check(graph)


def test_integers_must_not_overflow() -> None:
    builder = Builder("g")
    x = builder.input("x", (300,), "int32", Interval(0, 1e7))
    graph = builder.finish(builder.op("sum", x))
    with pytest.raises(GraphDomainError, match="sum may overflow i32"):
        check.check(graph)


def test_a_graph_is_not_endless() -> None:
    node = Node((Value("y", F),), "exp", ("x",))
    inputs = (Input("x", F, Interval(-1, 1)),)
    many = tuple(replace(node, results=(Value(f"y{i}", F),)) for i in range(10_001))
    with pytest.raises(GraphError, match="10,001 applications"):
        check.check(Graph("g", inputs, many, ("y0",)))


def test_a_sine_of_what_may_be_zero_is_no_divisor() -> None:
    text = "graph g(x: f32[4]) {\n  a = square(x)\n  b = sin(a)\n  y = x / b\n  return y\n}\n"
    with pytest.raises(GraphError, match="apart from 0"):
        parse(text)
