"""Choices by a loop's own counter become loops of their own."""

import re
from pathlib import Path

import pytest

from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse
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
