"""Where the inputs of an imported graph may lie, guessed from the values that a model brings."""

import math

import numpy as np

from hpctc.graph.ir import Interval
from hpctc.graph.op import Array

NEAR_ZERO = 0.2
"""A lower end below this share of the upper end counts as zero."""


def hull(array: Array) -> Interval:
    """The smallest interval of values; bools may be either."""
    if array.dtype == np.bool_:
        return Interval(0.0, 1.0)
    return Interval(float(array.min()), float(array.max()))


def around(array: Array) -> Interval:
    """A round interval that holds the values of an example, as somebody would write it.

    Floats between -1 and 1 with both signs, or from 0 to 1, have just that; others are rounded
    outwards to two digits, and are symmetric if both signs occur.
    """
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind != "f":
        return hull(array)
    if low == high:
        return _about(low)
    if low < 0:
        size = max(-low, high)
        size = 1.0 if 0.5 < size <= 1 else _outwards(size)
        return Interval(-size, size)
    top = 1.0 if 0.5 < high <= 1 else _outwards(high)
    return Interval(0.0 if low < NEAR_ZERO * high else _inwards(low), top)


def positive(domain: Interval) -> Interval:
    """The upper nine tenths of the positive part: apart from zero, for quotients and logarithms."""
    top = max(abs(domain.low), abs(domain.high)) or 1.0
    return Interval(top / 10, top)


def _about(value: float) -> Interval:
    # All parameters of a fresh normalisation are 1 or 0: what training does to them is not known.
    if value == 0:
        return Interval(-0.1, 0.1)
    return Interval(*sorted((value / 2, value * 1.5)))


def _step(value: float) -> float:
    return 10.0 ** (math.floor(math.log10(value)) - 1)


def _outwards(value: float) -> float:
    step = _step(value)
    return float(f"{math.ceil(value / step - 1e-9) * step:.6g}")


def _inwards(value: float) -> float:
    step = _step(value)
    return float(f"{math.floor(value / step + 1e-9) * step:.6g}")
