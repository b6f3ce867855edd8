"""Rewrites of element types: what they may be applied to, and to what not."""

from functools import cache

import numpy as np
import pytest

from hpctc.graph import ops
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.op import OPS
from hpctc.graph.reference import reference
from hpctc.graph.samples import all_samples
from hpctc.graph.text import parse
from hpctc.rewrite import kind, replay
from hpctc.rewrite.casts import CHOOSING, RING, ROUNDING


def graph(parameters: str, *body: str) -> Graph:
    *statements, returned = body
    lines = "".join(f"  {s}\n" for s in [*statements, f"return {returned}"])
    return parse(f"graph g({parameters}) {{\n{lines}}}\n")


@cache
def samples() -> list[tuple[str, Graph]]:
    return all_samples()


@pytest.mark.parametrize("op", sorted({*ROUNDING, *RING, *CHOOSING}))
def test_an_operator_means_the_same_in_a_wider_type(op: str) -> None:
    graphs = [g for name, g in samples() if name.rpartition("-")[0] == op]
    sites = [(g, site) for g in graphs for site in kind("compute-wider").sites(g)]
    assert sites
    for before, site in sites:
        inputs = draw(before, 3)
        made = evaluate(site.apply(before), inputs)
        for name, right in evaluate(before, inputs).items():
            np.testing.assert_allclose(made[name], right, 1e-9, 1e-9)


def test_the_groups_of_operators_are_of_the_registry() -> None:
    assert {*ROUNDING, *RING, *CHOOSING} <= set(OPS)
    assert all(ops.get(op).rounding == "exact" for op in CHOOSING)
    assert "cast" not in ROUNDING
    assert "exp" in ROUNDING


REFUSED = [
    # A half would make an infinity of it.
    ("skip-rounding", "x: f32[4] in [0, 1e6]", "cast(cast(x * 2.0, dtype=f16), dtype=f32) * 2.0"),
    # A whole number between, which drops the fraction.
    ("merge-casts", "x: f32[4]", "cast(cast(x, dtype=i32), dtype=f16)"),
    # More than the 24 bits of a float.
    ("merge-casts", "x: i32[4] in [0, 2e7]", "cast(cast(x, dtype=f32), dtype=bool)"),
    ("cast-in-two-steps", "x: i32[4] in [0, 2e7]", "cast(x, dtype=bool)"),
    ("cast-before", "x: i32[4] in [0, 1e4]", "cast(x * x, dtype=f32)"),
    # Whole quotients and those of floats are not the same.
    ("cast-before", "x: i32[4], y: i32[4] in [1, 9]", "cast(floor_div(x, y), dtype=f32)"),
    # Floats are not added up in a narrower type.
    ("cast-after", "x: f16[4], y: f16[4]", "cast(x, dtype=f32) + cast(y, dtype=f32)"),
    ("cast-after", "x: f16[4]", "clip(cast(x, dtype=f32), min=-0.1, max=0.7)"),
    # 128 is no byte.
    ("cast-after", "x: i8[4] in [-128, 0]", "neg(cast(x, dtype=i32))"),
    ("cast-after", "x: i8[4]", "cast(x, dtype=f32) < 0.5"),
    # Only one of them was narrow.
    ("cast-after", "x: f16[4], y: f32[4]", "maximum(cast(x, dtype=f32), y)"),
    # A judge would allow for a rounding of one half.
    ("integer-products-in-float", "x: i8[2, 64] in [-128, 127], w: i8[3, 64]", "dense(x, w)"),
    ("integer-products-in-float", "x: f32[2, 3], w: f32[4, 3]", "dense(x, w)"),
    ("int-by-trunc", "x: f32[4]", "cast(cast(x, dtype=bool), dtype=f32)"),
    ("int-by-trunc", "x: f16[4]", "cast(cast(x, dtype=i32), dtype=f32)"),
    ("int-by-trunc", "x: f16[4]", "cast(cast(x, dtype=f32), dtype=f16)"),
    # An int32 has no room for it.
    ("trunc-by-int", "x: f32[4] in [0, 1e10]", "trunc(x)"),
]


@pytest.mark.parametrize(("name", "parameters", "body"), REFUSED)
def test_what_would_not_be_the_same_is_left_alone(name: str, parameters: str, body: str) -> None:
    assert not kind(name).sites(graph(parameters, body))


def test_halves_go_on_in_single_precision_from_one_operator_to_the_next() -> None:
    before = graph("x: f16[4, 6], w: f16[6]", "s = x * w", "softmax(s, axis=1)")
    y = before.outputs[0]
    chain = [f"compute-wider{{at={y}}}", "compute-wider{at=s}"]
    wide = replay(before, chain)
    inner = next(n.results[0].name for n in wide.nodes if n.operands == ("s",))
    after = replay(wide, [f"skip-rounding{{at={inner}}}"])
    floats = [n.results[0].type.dtype for n in after.nodes if n.op != "cast"]
    assert floats == ["float32", "float32"]
    assert [n.results[0].type.dtype for n in after.nodes].count("float16") == 1
    inputs = draw(before, 1)
    half, single = (evaluate(g, inputs, "native")[y] for g in (before, after))
    exact = evaluate(before, inputs)[y]
    assert np.abs(single - exact).max() <= np.abs(half - exact).max()


def test_products_in_float_leave_no_doubt_up_to_the_bound() -> None:
    # 16 ** 1.5 * 64 * 64 is the bound.
    before = graph("a: i32[8, 16] in [-64, 64], b: i32[16, 8] in [-64, 64]", "a @ b")
    (site,) = kind("integer-products-in-float").sites(before)
    after = site.apply(before)
    inputs = {name: np.full_like(x, 64) for name, x in draw(before, 1).items()}
    assert reference(after, inputs).decided == 1.0
    assert reference(after, draw(before, 2, "large")).decided == 1.0


def test_a_cast_to_a_float_is_no_jump() -> None:
    smooth = graph("x: f16[4]", "y = exp(x)", "cast(y, dtype=f32)")
    jumpy = graph("x: f16[4]", "y = exp(x)", "cast(y, dtype=i32)")
    assert kind("compute-wider").sites(smooth)
    assert not kind("compute-wider").sites(jumpy)
