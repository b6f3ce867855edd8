"""C and CUDA-C: what is read is printed, and what is printed reads the same."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.syntax import tree
from hpctc.syntax.parse import SourceError, parse
from hpctc.syntax.printer import show
from hpctc.syntax.printer.strength import BINARY

SOURCES = Path(__file__).parent / "sources"
PUBLISHED = Path(__file__).parents[3] / "shared" / "hpctranseval"


def published() -> Iterator[object]:
    for file in sorted(PUBLISHED.glob("*Operator.json")) + sorted(PUBLISHED.glob("*Graph.json")):
        for index, row in enumerate(json.loads(file.read_text())):
            for column in ("c_code", "cuda_code"):
                yield pytest.param(row[column], id=f"{file.stem}-{index}-{row['op_name']}-{column}")


def assert_round_trip(source: str) -> tree.Unit:
    unit = parse(source)
    text = show(unit)
    again = parse(text)
    assert again == unit
    assert show(again) == text
    return unit


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.cu")), ids=lambda p: p.stem)
def test_a_feature_reads_and_prints(path: Path, golden: Callable[[str, str], None]) -> None:
    golden(f"{path.stem}.txt", show(assert_round_trip(path.read_text())))


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published benchmark is not beside us")
@pytest.mark.slow
@pytest.mark.parametrize("source", list(published()))
def test_the_published_sources_read_and_print(source: str) -> None:
    assert_round_trip(source)


names = st.sampled_from(["a", "b", "x_1", "threadIdx"])
atoms = st.builds(tree.Name, names) | st.builds(
    tree.Number, st.sampled_from(["0", "1.5f", "0x1p-3", "7u"])
)


def grow(inner: st.SearchStrategy[tree.Expr]) -> st.SearchStrategy[tree.Expr]:
    binary = st.sampled_from(sorted(BINARY))
    lvalue = st.builds(tree.Index, inner, inner) | st.builds(tree.Name, names)
    return (
        st.builds(tree.Binary, binary, inner, inner)
        | st.builds(tree.Unary, st.sampled_from(["-", "!", "~", "*", "&", "+"]), inner)
        | st.builds(tree.Select, inner, inner, inner)
        | st.builds(tree.Assign, st.sampled_from(["=", "+=", "<<="]), lvalue, inner)
        | st.builds(tree.Cast, st.just(tree.Pointer(tree.Named("unsigned int"))), inner)
        | st.builds(tree.Call, st.builds(tree.Name, names), st.tuples(inner, inner))
        | st.builds(tree.Member, lvalue, st.just("x"))
        | st.builds(tree.Postfix, st.just("++"), inner)
        | st.builds(tree.SizeOf, st.builds(tree.Name, names))
        | lvalue
    )


@given(st.recursive(atoms, grow, max_leaves=25))
def test_parentheses_are_where_they_are_needed(expr: tree.Expr) -> None:
    unit = tree.Unit(
        (tree.Function("f", tree.Named("void"), (), tree.Block((tree.Evaluate(expr),))),)
    )
    assert parse(show(unit)) == unit


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("void f() { int a = ; }", ":1:20: ';' cannot stand here", ""),
        ("void f() { g(1; }", ":1:15: ';' cannot stand here", ""),
        ("__global__ void k(float *x) {\n  x[0] = 1.0f\n}", ":3:1: '}' cannot stand here", ""),
        ("void f() {", "the end of the source cannot stand here", ""),
        ("void f() { @ }", "'@' cannot stand here", ""),
        ("\0", "is not text", ""),
        ("(" * 1000, "nests more than 400 brackets", ""),
    ],
)
def test_a_mistake_is_pointed_at(source: str, message: str, hint: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(source, "k.cu")
    assert message in caught.value.message
    assert caught.value.message.startswith("k.cu")
    assert hint in caught.value.hint


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(SourceError) as caught:
        parse("void f() {\n  int a = ;\n}\n")
    _, line, caret = caught.value.message.split("\n")
    assert line[caret.index("^")] == ";"


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=60))
def test_junk_is_an_error_and_never_a_crash(source: str) -> None:
    with contextlib.suppress(SourceError):
        assert_round_trip(source)


def test_a_long_sum_is_no_harm() -> None:
    source = "void f(float *x) { x[0] = " + " + ".join(["1.0f"] * 3000) + "; }\n"
    unit = parse(source)
    assert sum(isinstance(n, tree.Number) for n in tree.walk(unit)) == 3001


def test_positions_are_kept_and_do_not_make_trees_differ() -> None:
    unit = parse("void f() {\n  g();\n}\n")
    calls = [n for n in tree.walk(unit) if isinstance(n, tree.Call)]
    assert calls[0].at == tree.Position(2, 3)
    assert parse("void f() { g(); }") == unit


def test_a_name_is_a_type_where_the_source_says_so() -> None:
    (evaluate,) = _body("void f(int a, int b) { a * b; }")
    assert isinstance(evaluate, tree.Evaluate)
    unit = parse("typedef float real;\nvoid f() { real * b; }")
    function = unit.items[1]
    assert isinstance(function, tree.Function)
    assert function.body is not None
    assert isinstance(function.body.body[0], tree.Declaration)


def _body(source: str) -> tuple[tree.Stmt, ...]:
    (function,) = parse(source).items
    assert isinstance(function, tree.Function)
    assert function.body is not None
    return function.body.body


def test_a_second_declarator_may_have_the_name_of_a_cuda_type() -> None:
    code = "int f(float n) {\n  const int32_t k = (int32_t)n, half = k >> 1;\n  return half;\n}\n"
    assert show(parse(code)) == code
