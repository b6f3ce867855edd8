"""How far a computed array is from the right one."""

import math

import numpy as np

from hpctc.graph.op import Array


def disagreement(right: Array, actual: Array, undecided: Array | None = None) -> float:
    """The largest ``|actual - right| / (|right| + 1)`` over the decided elements.

    Infinite if the shapes differ, if a NaN or an infinity stands where the other has something
    else, or if an integer or a bool differs at all.

    Args:
        right: The reference; floats as float64.
        actual: What a kernel computed, in its own element type.
        undecided: Bool array of elements that do not count; None: all count.
    """
    if right.shape != actual.shape:
        return math.inf
    counts = np.ones(right.shape, dtype=bool) if undecided is None else ~undecided
    if right.dtype.kind != "f":
        return math.inf if np.any((right != actual) & counts) else 0.0
    given = actual.astype(np.float64)
    finite = np.isfinite(right)
    same = (given == right) | (np.isnan(given) & np.isnan(right))
    if np.any(counts & ~same & ~(finite & np.isfinite(given))):
        return math.inf
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0.0, np.abs(given - right) / (np.abs(right) + 1))
    return float(np.max(error[counts], initial=0.0))
