"""What counts as equal, and how the first difference is told."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hpctc.evaluate.compare import BLOCK, difference, surely_near
from hpctc.graph.compare import disagreement

F32 = np.float32


def floats(*values: float) -> np.ndarray:
    return np.array(values, F32)


@pytest.mark.parametrize(
    ("got", "expected", "wrong"),
    [
        (floats(1, 2), [1.0, 2.0], 0),
        (floats(1, 2), [1.0, 2.0 + 5e-6], 0),
        (floats(1, 2), [1.0, 2.1], 1),
        (floats(math.nan, 2), [math.nan, 2.0], 0),
        (floats(math.nan, 2), [1.0, 2.0], 1),
        (floats(1, 2), [math.nan, 2.0], 1),
        (floats(math.inf, 2), [math.inf, 2.0], 0),
        (floats(-math.inf, 2), [math.inf, 2.0], 1),
        (floats(math.inf, 2), [1e300, 2.0], 0),  # more than a float32 can hold
        (floats(0.0, 2), [1e300, 2.0], 1),
        (np.array([1, 2], np.int32), [1, 3], 1),
        (np.array([1, 0], np.bool_), [True, False], 0),
        (np.array([1, 0], np.bool_), [True, True], 1),
    ],
)
def test_what_is_equal(got: np.ndarray, expected: list[float], wrong: int) -> None:
    right = np.array(expected, np.float64 if got.dtype.kind == "f" else got.dtype)
    assert difference("y", got, right, 1e-5).wrong == wrong


def test_a_bool_of_another_byte_is_none() -> None:
    got = np.array([0xA5, 1], np.uint8).view(np.bool_)
    found = difference("y", got, np.array([True, True]), 0.0)
    assert found.wrong == 1
    assert found.first == "y[0] is 165, expected 1"


def test_the_first_difference_is_told_with_its_place() -> None:
    got = np.zeros((2, 3), F32)
    expected = np.zeros((2, 3))
    expected[1, 0] = 4.0
    found = difference("y", got, expected, 1e-6)
    assert found.first == "y[1, 0] is 0, expected 4"
    assert found.max_error == pytest.approx(0.8)


def test_what_is_compared_piece_by_piece_is_counted_as_a_whole() -> None:
    got = np.zeros((3, BLOCK), F32)
    expected = np.zeros((3, BLOCK))
    expected[1, 7], expected[2, 5], got[0, 1] = 1.0, 3.0, math.nan
    undecided = np.zeros((3, BLOCK), bool)
    undecided[0, 1] = True
    found = difference("y", got, expected, 1e-6, undecided)
    assert (found.wrong, found.max_error) == (2, 0.75)
    assert found.first == "y[1, 7] is 0, expected 1"


def test_a_scalar_has_no_place() -> None:
    found = difference("y", np.array(1.0, F32), np.array(2.0), 1e-6)
    assert found.wrong == 1
    assert found.first == "y is 1, expected 2"


def test_where_rounding_decides_anything_is_right() -> None:
    got, expected = floats(1, 5), np.array([1.0, 2.0])
    assert difference("y", got, expected, 1e-6, np.array([False, True])).wrong == 0
    assert difference("y", got, expected, 1e-6, np.array([True, False])).wrong == 1


@given(
    arrays.arrays(F32, 6, elements=st.floats(width=32, allow_nan=True)),
    arrays.arrays(F32, 6, elements=st.floats(width=32, allow_nan=True)),
    st.sampled_from([1e-6, 1e-3, 0.5]),
)
def test_it_agrees_with_the_graphs_own_comparison(
    got: np.ndarray, expected: np.ndarray, tolerance: float
) -> None:
    right = expected.astype(np.float64)
    ours = difference("y", got, right, tolerance).wrong == 0
    assert ours == (disagreement(right, got) <= tolerance)


SPECIAL = st.sampled_from([math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e-45, 0.0, -0.0])


@given(
    st.lists(st.tuples(st.floats(width=32) | SPECIAL, st.floats(-1.2, 1.2)), max_size=9),
    st.sampled_from([1e-6, 1e-4, 0.5]),
)
def test_what_is_surely_near_is_not_wrong(pairs: list[tuple[float, float]], tol: float) -> None:
    """The second value lies about the tolerance off, or is the same special one."""
    expected = floats(*(value for value, _ in pairs))
    with np.errstate(all="ignore"):
        got = expected + np.array([off * tol for _, off in pairs], F32) * (np.abs(expected) + 1)
    if surely_near(got, expected, tol):
        assert not difference("y", got, expected, tol).wrong
    assert surely_near(expected, expected.copy(), tol)


@pytest.mark.parametrize(
    ("got", "expected", "near"),
    [
        (floats(1, 2), floats(1, 2 + 5e-6), True),
        (floats(1, 2), floats(1, 2.1), False),
        (floats(1, 2), floats(1, math.inf), False),
        (floats(1, math.nan), floats(1, 2), False),
        (floats(math.nan, 1, 2), floats(math.nan, 1, 2), True),
        (np.array([1, 2, 3], np.int32), np.array([1, 2, 3], np.int32), True),
        (np.array([1, 2, 3], np.int32), np.array([1, 2, 4], np.int32), False),
    ],
)
def test_what_is_quickly_seen(got: np.ndarray, expected: np.ndarray, near: bool) -> None:
    assert surely_near(got, expected, 1e-5) is near
