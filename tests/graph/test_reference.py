"""The tolerance admits right kernels and no wrong ones; what rounding decides is set aside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.graph.compare import disagreement
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.reference import reference, tolerance
from hpctc.graph.text import parse
from tests.graph.strategies import graphs


def one(parameters: str, result: str) -> Graph:
    return parse(f"graph g({parameters}) {{\n  return {result}\n}}")


def one_after_the_other(terms: np.ndarray) -> np.ndarray:
    """The sum along the last axis as the plainest loop computes it, in float32."""
    return np.cumsum(terms, axis=-1, dtype=np.float32)[..., -1]


@pytest.mark.parametrize("low", [-1, 0])
@pytest.mark.parametrize("n", [7, 300, 20_000])
def test_the_plainest_sum_is_within_the_tolerance(n: int, low: int) -> None:
    graph = one(f"x: f32[16, {n}] in [{low}, 1]", "sum(x, axes=[1])")
    for seed in range(3):
        inputs = draw(graph, seed)
        right = reference(graph, inputs)
        error = disagreement(right.outputs["v0"], one_after_the_other(inputs["x"]))
        assert error <= right.tolerance
        assert right.tolerance < 2e-5 * n**0.5


def test_the_plainest_product_is_within_the_tolerance_and_a_lost_term_is_not() -> None:
    graph = one("x: f32[24, 777], w: f32[777, 16]", "x @ w")
    inputs = draw(graph, 0)
    x, w = inputs["x"], inputs["w"]
    right = reference(graph, inputs)
    plain = one_after_the_other(x[:, None, :] * w.T[None])
    assert disagreement(right.outputs["v0"], plain) <= right.tolerance
    lost = one_after_the_other(x[:, None, :-1] * w.T[None, :, :-1])
    assert disagreement(right.outputs["v0"], lost) > 50 * right.tolerance
    assert disagreement(right.outputs["v0"], np.zeros_like(plain)) > 1000 * right.tolerance


def test_half_precision_has_a_wider_tolerance() -> None:
    single = one("x: f32[8, 64]", "softmax(x)")
    half = one("x: f16[8, 64]", "softmax(x)")
    assert tolerance(single, draw(single, 0)) < 1e-5 < tolerance(half, draw(half, 0)) < 2e-2


def test_decisions_on_inputs_are_all_decided() -> None:
    graph = one("x: f32[50, 50], y: f32[50, 50]",
                "x > y, argmax(x, axis=1), floor(x), max(x) == x, relu(x) == 0.0, "
                "clip(x, min=-0.5, max=0.1) < 0.1")  # fmt: skip
    for distribution in ("uniform", "zeros", "repeats"):
        right = reference(graph, draw(graph, 2, distribution))
        assert right.decided == 1.0


def test_decisions_next_to_a_jump_are_undecided_and_far_ones_are_not() -> None:
    graph = one("x: f32[4]", "x * 3.0 > 0.3, floor(x * 10.0), cast(x * 10.0, dtype=i32)")
    tenth = np.nextafter(np.float32(0.1), np.float32([0, 0, 1, 1]))
    inputs = {"x": np.where([True, False, True, False], tenth, np.float32([0, 0.5, 0, -0.5]))}
    right = reference(graph, inputs)
    compared, floored, cast = right.undecided.values()
    assert compared.tolist() == [True, False, True, False]
    # 10 * 0.5 is 5 exactly, but the checker does not know that.
    assert floored.tolist() == [True, True, True, True]
    assert cast.tolist() == floored.tolist()


def test_the_winner_of_a_near_tie_is_undecided() -> None:
    graph = one("x: f32[2, 3]", "argmax(exp(x), axis=1)")
    close = np.nextafter(np.float32(0.7), np.float32(1))
    inputs = {"x": np.array([[0.7, 0.1, close], [0.7, 0.1, 0.9]], np.float32)}
    right = reference(graph, inputs)
    assert right.undecided["v1"].tolist() == [True, False]


def test_a_flip_that_does_not_matter_leaves_its_sum_decided() -> None:
    graph = parse(
        "graph g(x: f32[200000]) {\n"
        "  y = exp(x)\n"
        "  return sum(where(y > 1.0, y, 0.0)), where(y > 1.0, y, 0.0)\n}"
    )
    inputs = draw(graph, 0)
    inputs["x"][:3] = np.float32(1e-8)
    right = reference(graph, inputs)
    total, each = right.undecided.values()
    assert not total.any()
    assert 3 <= each.sum() < 20


def test_float_remainders_doubt_their_own_quotient() -> None:
    graph = one("x: f32[3]", "x % 0.1")
    inputs = {"x": np.array([0.3, 0.35, 0.7], np.float32)}
    assert reference(graph, inputs).undecided["v0"].tolist() == [True, False, True]


def test_halves_are_floored_in_single_precision_as_if_it_were_exact() -> None:
    # All significands of halves, at all distances of exponents that a half's quotient can have.
    whole = np.arange(1024, 2048)
    for shift in range(12):
        a, b = (whole << shift)[:, None], whole[None]
        single = np.floor(a.astype(np.float32) / b.astype(np.float32))
        assert np.array_equal(single, a // b)
    graph = one("x: f16[40, 40] in [-9, 9], y: f16[40, 40] in [0.1, 1]", "x % y, x // y")
    right = reference(graph, draw(graph, 3))
    assert right.decided > 0.99


def test_the_same_question_has_the_same_answer() -> None:
    graph = one("x: f32[40, 40]", "softmax(x @ x) > 0.05")
    inputs = draw(graph, 5)
    first, second = reference(graph, inputs), reference(graph, inputs)
    assert first.tolerance == second.tolerance
    assert np.array_equal(first.undecided["v2"], second.undecided["v2"])


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 5))
def test_numpys_float32_is_a_right_kernel_for_any_graph(graph: Graph, seed: int) -> None:
    inputs = draw(graph, seed)
    right = reference(graph, inputs)
    native = evaluate(graph, inputs, "native")
    for name, exact in right.outputs.items():
        error = disagreement(exact, native[name], right.undecided[name])
        assert error <= right.tolerance


def test_disagreement_counts_what_is_not_a_number_by_position() -> None:
    right = np.array([1.0, np.nan, np.inf, 3.0])
    assert disagreement(right, np.array([1.0, np.nan, np.inf, 3.0], np.float32)) == 0.0
    assert disagreement(right, np.array([1.0, np.nan, np.inf, 3.4], np.float32)) == (
        pytest.approx(0.1)
    )
    for wrong in ([np.nan, np.nan, np.inf, 3], [1, 0, np.inf, 3], [1, np.nan, -np.inf, 3]):
        assert disagreement(right, np.array(wrong, np.float32)) == np.inf
    hidden = np.array([True, False, False, False])
    assert disagreement(right, np.array([np.nan, np.nan, np.inf, 3]), hidden) == 0.0
    assert disagreement(right, np.zeros(3)) == np.inf
    assert disagreement(np.array([1, 2]), np.array([1, 3])) == np.inf
    assert disagreement(np.array([1, 2]), np.array([1, 3]), np.array([False, True])) == 0.0
