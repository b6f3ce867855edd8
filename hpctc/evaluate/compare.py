"""Whether an output is the expected one, and if not, where it differs first and by how much."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hpctc.native.call import Array

SLACK = 0.999
"""Share of a tolerance within which float32 is sure to say the same as float64."""

BLOCK = 1 << 15
"""Elements that are compared at once, so that what is computed on the way stays in a cache."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How an array differs from what was expected."""

    max_error: float
    """Largest |value - expected| / (|expected| + 1) over the finite elements."""
    wrong: int
    """Number of elements beyond the tolerance, or not a number (infinite) at the wrong place."""
    first: str = ""
    """The first wrong element in words: ``y[0, 3] is 1.5, expected 2``; empty: none is wrong."""


def difference(
    name: str,
    got: Array,
    expected: Array,
    tolerance: float,
    undecided: Array | None = None,
) -> Difference:
    """Compare ``got`` (as the candidate left it) with ``expected`` (floats may be float64).

    Elements where ``undecided`` is true do not count: there rounding decides.
    """
    shape, allowed = got.shape, tolerance if got.dtype.kind == "f" else 0.0
    flat = [np.ascontiguousarray(a).reshape(-1) for a in (got, expected)]
    skip = None if undecided is None else np.ascontiguousarray(undecided).reshape(-1)
    worst, count, first = 0.0, 0, ""
    for start in range(0, got.size, BLOCK):
        block = slice(start, start + BLOCK)
        error = _error(flat[0][block], flat[1][block])
        if skip is not None:
            error[skip[block]] = 0.0
        bad = ~(error <= allowed)
        finite = error[np.isfinite(error)]
        worst = max(worst, float(finite.max(initial=0.0)))
        if bad.any():
            index = np.unravel_index(start + int(np.argmax(bad)), shape)
            first = first or _words(name, index, got, expected)
            count += int(np.count_nonzero(bad))
    return Difference(worst, count, first)


def surely_near(got: Array, expected: Array, tolerance: float) -> bool:
    """Whether :func:`difference` would find nothing, where that is quickly seen; False: ask it.

    It is asked in every timed round, and mostly of arrays that agree; it takes a seventh of the
    time or less. Both are of one dtype.
    """
    if _same_bits(got, expected):
        return True
    if got.dtype not in (np.float32, np.float64):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        # In their own precision: the slack is far more than that can be off.
        apart, allowed = np.abs(got - expected), SLACK * tolerance * (np.abs(expected) + 1)
        return bool(((apart <= allowed) & np.isfinite(apart)).all())


def _same_bits(a: Array, b: Array) -> bool:
    word = np.uint64 if a.nbytes % 8 == 0 else np.uint8
    one, other = (np.ascontiguousarray(x).reshape(-1).view(word) for x in (a, b))
    return bool((one == other).all())


def _error(got: Array, expected: Array) -> Array:
    """Elementwise error; of what is no float 0 or 1."""
    if got.dtype.kind == "f":
        return _float_error(got, expected)
    return np.asarray(_integers(got) != _integers(expected), dtype=np.float64)


def _float_error(got: Array, expected: Array) -> Array:
    """Elementwise error; infinite where NaN or an infinity does not meet its like."""
    # What overflows the output's own type is right to be infinite there.
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = expected.astype(got.dtype)
        wanted = np.where(np.isinf(rounded), rounded, expected).astype(np.float64)
        value = got.astype(np.float64)
        error = np.abs(value - wanted) / (np.abs(wanted) + 1.0)
    same = (value == wanted) | (np.isnan(value) & np.isnan(wanted))
    known = np.isfinite(value) & np.isfinite(wanted)
    return np.where(same, 0.0, np.where(known, error, np.inf))


def _integers(array: Array) -> Array:
    """Integers as they are; booleans as the byte they are stored in, which must be 0 or 1."""
    return array.view(np.uint8) if array.dtype.kind == "b" else array


def _words(name: str, index: tuple[Any, ...], got: Array, expected: Array) -> str:
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    value, wanted = float(_integers(got)[index]), float(expected[index])
    return f"{name}{place} is {value:.9g}, expected {wanted:.9g}"
