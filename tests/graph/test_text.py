"""The text form: what is printed is read back, what is read is printed canonically."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.graph.build import Builder
from hpctc.graph.errors import GraphError, GraphTextError
from hpctc.graph.ir import Graph, Interval
from hpctc.graph.samples import all_samples
from hpctc.graph.text import annotated, number, parse, parse_many, show
from tests.graph.strategies import graphs

SAMPLES = all_samples()

FREE = """\
# An attention head, as one would write it down.
graph attention(
    q: f32[4, 16, 8], k: f32[4, 16, 8],
    v: f32[4, 16, 8],   # keys and values are as long
    mask: bool[16, 16],
) {
  scores = q @ transpose(k, perm=[0, 2, 1]) * 0.35355339059327373

  weights = softmax(where(mask, scores, -1000))
  # the mean of the values
  return weights @ v, argmax(weights, axis=-1, keepdims=false)
}
"""

LONG = """\
graph cell(x: f32[8, 16], state: f32[8, 32], w: f32[16, 32], u: f32[32, 32], bias: f32[32]) {
  a, b = split(tanh(x @ w + state @ u + bias), parts=2, axis=1)
  return concat(a * sigmoid(b), -b ** 2, 1.0 - (a - (b - a)), axis=1), a // 0.5 > b & a != b
}
"""


@settings(max_examples=150, deadline=None)
@given(graph=graphs())
def test_what_is_shown_is_read_back(graph: Graph) -> None:
    text = show(graph)
    assert parse(text) == graph
    assert show(parse(text)) == text


@pytest.mark.parametrize(("name", "graph"), SAMPLES, ids=[i for i, _ in SAMPLES])
def test_every_sample_is_read_back(name: str, graph: Graph) -> None:
    assert parse(show(graph)) == graph


def test_free_text_becomes_canonical(golden: Callable[[str, str], None]) -> None:
    golden("attention.graph", show(parse(FREE)))
    golden("cell.graph", show(parse(LONG)))
    golden("intervals.graph", annotated(parse(LONG)))


def test_canonical_texts_of_samples(golden: Callable[[str, str], None]) -> None:
    firsts = [graph for name, graph in SAMPLES if name.endswith("-1")]
    golden("samples.graph", "\n".join(map(show, firsts)))


def test_one_text_holds_several_graphs() -> None:
    names = [graph.name for graph in parse_many(FREE + "\n\n" + LONG)]
    assert names == ["attention", "cell"]
    with pytest.raises(GraphError, match="2 graphs, where one is wanted"):
        parse(FREE + LONG)


def test_operators_bind_as_in_mathematics() -> None:
    head = "graph g(a: f32[2], b: f32[2], c: f32[2]) {{\n  return {}\n}}\n"

    def means(loose: str, explicit: str) -> None:
        assert parse(head.format(loose)) == parse(head.format(explicit))

    means("a + b * c", "a + (b * c)")
    means("a - b - c", "(a - b) - c")
    means("-a ** 2 + b / (c + 2.0)", "(-(a ** 2)) + (b / (c + 2.0))")
    means("a * -b + c", "(a * (-b)) + c")
    means("a < b + c & b == c", "(a < (b + c)) & (b == c)")
    means("a < b | b < c ^ a == c & b != c", "(a < b) | ((b < c) ^ ((a == c) & (b != c)))")
    means("a + (c + 2.0) ** (b + 2.0) ** 2.0", "a + ((c + 2.0) ** ((b + 2.0) ** 2.0))")
    means("a + -1.5 * b + c", "(a + ((-1.5) * b)) + c")


def test_a_negative_base_keeps_its_sign() -> None:
    builder = Builder("g")
    x = builder.input("x", (2,), domain=Interval(1.0, 1.0))
    graph = builder.finish(builder.op("pow", -2.0, x))
    assert "(-2.0) ** x" in show(graph)
    assert parse(show(graph)) == graph


def test_fresh_names_avoid_those_that_come_later() -> None:
    graph = parse("graph g(x: f32[2]) {\n  y = exp(relu(x))\n  v0 = neg(y)\n  return v0\n}")
    assert [v.name for n in graph.nodes for v in n.results] == ["v1", "y", "v0"]


@pytest.mark.parametrize("value", [0.1, 1.0, -0.0, 1e-5, 1e300, 3.0e22, -7, 0, 123456789.0])
def test_numbers_are_printed_exactly(value: float) -> None:
    assert float(number(value)) == value
    assert ("." in number(value) or "e" in number(value)) == isinstance(value, float)


def problem_with(text: str) -> GraphTextError | None:
    try:
        parse_many(text)
    except GraphTextError as problem:
        return problem
    return None


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="graph x:f32[1,2](){}=+-*/@<>&|^%.e#\n\t \"'\\\0é", max_size=80))
def test_any_text_is_a_graph_or_a_clear_error(text: str) -> None:
    assert problem_with(text) is None or "^" in str(problem_with(text))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_text_is_a_graph_or_a_clear_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([FREE, LONG]))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    patch = data.draw(
        st.sampled_from(["", "(", ")", "]", "\n", "x", "=", ",", "9" * 30, "1e9", "}"])
    )
    damaged = text[:start] + patch + text[end:]
    assert problem_with(damaged) is None or "^" in str(problem_with(damaged))


HOSTILE = {
    "deep parentheses": "graph g(x: f32[2]) {\n  y = " + "(" * 50_000,
    "deep brackets": "graph g(x: f32" + "[" * 50_000,
    "long minus": "graph g(x: f32[2]) {\n  y = " + "-" * 50_000 + "x\n  return y\n}",
    "long power": "graph g(x: f32[2]) {\n  y = " + "x ** " * 20_000 + "x\n  return y\n}",
    "long sum": "graph g(x: f32[2]) {\n  y = x" + " + x" * 20_000 + "\n  return y\n}",
    "deep calls": "graph g(x: f32[2]) {\n  y = " + "exp(" * 5_000 + "x" + ")" * 5_000 + "\n",
    "long number": "graph g(x: f32[" + "9" * 100_000 + "]) {\n",
    "long name": "graph " + "g" * 1_000_000,
    "many lines": "\n" * 500_000,
    "one comment": "#" * 1_000_000,
    "zeros": "\0" * 100_000,
    "huge tensor": "graph g(x: f32[99999, 99999]) {\n  y = exp(x)\n  return y\n}",
    "huge result": "graph g(x: f32[65536, 1]) {\n  return x @ transpose(x, perm=[1, 0])\n}",
    "many results": "graph g(x: f32[9999]) {\n  y = split(x, parts=9999, axis=0)\n  return y\n}",
    "too long": " " * 4_000_001,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_end_in_an_error(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(GraphTextError) as caught:
        parse_many(text)
    assert time.monotonic() - start < 30
    assert max(map(len, caught.value.message.splitlines())) < 200


def test_a_large_graph_is_read() -> None:
    lines = [f"  v{i + 1} = relu(v{i})" for i in range(2000)]
    text = "\n".join(["graph g(v0: f32[2]) {", *lines, "  return v2000", "}"]) + "\n"
    assert show(parse(text)) == text
