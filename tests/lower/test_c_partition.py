"""Choices by a loop's own counter become loops of their own."""

import re
from pathlib import Path
from typing import Any

import pytest
from tvm import sym, tirx

from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse
from hpctc.lower.c.partition import span
from hpctc.lower.c.tree import substitute
from hpctc.lower.c.unit import print_unit
from hpctc.lower.relax import plan
from tests.lower.c_cases import built, results

JOINED = {
    "two rows wide": ("concat(a, b, axis=1)", 2),
    "one a single column": ("concat(a, slice(b, begin=[0, 0], end=[3, 1]), c, axis=1)", 3),
    "a queue": ("fifo_buffer(slice(a, begin=[0, 0], end=[3, 2]), b, axis=1)", 2),
}  # fmt: skip


@pytest.mark.parametrize(("value", "stores"), JOINED.values(), ids=JOINED)
def test_a_choice_by_the_counter_is_several_loops(value: str, stores: int, tmp_path: Path) -> None:
    graph = parse(
        f"graph joined(a: f32[3, 5], b: f32[3, 5], c: f32[3, 4]) {{\n  y = {value}\n"
        "  z = c * 2.0\n  return y, z\n}\n"
    )
    made = plan(graph)
    code = print_unit(made, [step.func for step in made.steps])
    assert "?" not in code
    assert len(re.findall(r"\by\[.*\] =", code)) == stores
    inputs = draw(graph, 1)
    library = built(code, tmp_path)
    (found,) = results(library, [(made.entry, list(inputs.values()), made.outputs)])
    for got, want in zip(found, evaluate(graph, inputs).values(), strict=True):
        assert (got == want).all()


def test_a_choice_by_something_else_stays() -> None:
    graph = parse("graph g(x: f32[4, 6], c: bool[6]) {\n  y = where(c, x, 0.0)\n  return y\n}\n")
    made = plan(graph)
    code = print_unit(made, [step.func for step in made.steps])
    assert code.count("?") == 1
    assert code.count("for (") == 2


def test_a_border_is_loops_beside_what_it_surrounds(tmp_path: Path) -> None:
    graph = parse(
        "graph g(x: f32[5, 30]) {\n"
        "  y = pad(x, before=[1, 2], after=[2, 1], value=0.5)\n  return y\n}\n"
    )
    made = plan(graph)
    code = print_unit(made, [step.func for step in made.steps])
    assert "?" not in code
    inputs = draw(graph, 1)
    library = built(code, tmp_path)
    ((found,),) = results(library, [(made.entry, list(inputs.values()), made.outputs)])
    assert (found == next(iter(evaluate(graph, inputs).values()))).all()


AT, ELSE = tirx.Var("i", "int32"), tirx.Var("j", "int32")

CONDITIONS = {
    "between": tirx.And(AT >= 3, AT < 9),
    "mirrored": tirx.And(tirx.IntImm("int32", 12) > AT, tirx.IntImm("int32", 2) <= AT),
    "a stride": tirx.And(AT * 3 - 4 >= 0, AT * 3 - 4 < 17),
    "downwards": tirx.And(10 - AT * 2 >= 0, 7 - AT > -3),
    "never": tirx.And(AT < 3, AT >= 9),
    "always": AT < 99,
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
def test_where_a_condition_holds(condition: Any) -> None:
    holds = []
    for at in range(14):
        asked = substitute(condition, {AT: tirx.IntImm("int32", at)})
        holds.append(bool(int(sym.Analyzer().simplify(asked))))
    found = span(condition, AT, 14)
    assert found is not None
    outside, low, high = found
    assert not outside
    assert holds == [low <= at < high for at in range(14)]


def test_what_is_no_interval_of_the_counter_stays() -> None:
    found = span(tirx.And(ELSE > 2, AT < 5), AT, 14)
    assert found is not None
    assert [str(part) for part in found[0]] == [str(ELSE > 2)]
    assert found[1:] == (0, 5)
    assert span(AT < ELSE, AT, 14) is None
    assert span(tirx.Or(AT < 2, AT > 8), AT, 14) is None
    assert span(AT % 2 < 1, AT, 14) is None
