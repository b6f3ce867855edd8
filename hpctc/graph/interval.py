"""Interval arithmetic: what the values of a graph can be, from what its inputs can be.

Every function returns an interval that contains all results (Moore, 1966); ``0 * inf`` counts as 0
because the infinities here are bounds, not values.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from hpctc.graph.ir import Interval
from hpctc.graph.op import REALS, Array, Attrs, Types

Image = Callable[[Sequence[Interval], Types, Attrs], Interval]
"""The form of ``Op.image``."""

TINY = float(np.finfo(np.float32).tiny)
"""The smallest positive float32 that is not subnormal: what "greater than zero" means here."""

POSITIVE = Interval(TINY, math.inf)
NOT_NEGATIVE = Interval(0.0, math.inf)
BIT = Interval(0.0, 1.0)

DTYPE_RANGE = {
    "float32": REALS,
    "float16": REALS,
    "int32": Interval(-(2.0**31), 2.0**31 - 1),
    "int8": Interval(-128.0, 127.0),
    "bool": BIT,
}
"""What an element type can hold; floats round and overflow to infinity, integers must not."""


def hull(intervals: Sequence[Interval]) -> Interval:
    """The smallest interval that holds all of them."""
    return Interval(min(i.low for i in intervals), max(i.high for i in intervals))


def of(numbers: Sequence[float]) -> Interval:
    """The smallest interval that holds these numbers; the reals if one of them is NaN."""
    if any(math.isnan(n) for n in numbers):
        return REALS
    return Interval(min(numbers), max(numbers))


def add(a: Interval, b: Interval) -> Interval:
    """``a + b``."""
    return _ordered(a.low + b.low, a.high + b.high)


def negative(a: Interval) -> Interval:
    """``-a``."""
    return Interval(-a.high, -a.low)


def multiply(a: Interval, b: Interval) -> Interval:
    """``a * b``, of independent factors."""
    return of([_product(x, y) for x, y in itertools.product((a.low, a.high), (b.low, b.high))])


def scaled(a: Interval, factor: float) -> Interval:
    """``a`` times a number."""
    return multiply(a, Interval(factor, factor))


def reciprocal(a: Interval) -> Interval:
    """``1 / a``; the reals if ``a`` holds zero."""
    if 0.0 in a:
        return REALS
    return of([1 / a.low, 1 / a.high])


def widened(a: Interval, relative: float = 1e-5) -> Interval:
    """``a`` with room for the rounding errors of a float32 sum; a bound of zero stays zero."""
    return Interval(
        a.low - abs(a.low) * relative if math.isfinite(a.low) else a.low,
        a.high + abs(a.high) * relative if math.isfinite(a.high) else a.high,
    )


def magnitude(a: Interval) -> float:
    """The largest absolute value in ``a``."""
    return max(abs(a.low), abs(a.high))


def apart_from_zero(a: Interval) -> bool:
    """Whether no value of ``a`` is zero or so small that dividing by it overflows."""
    return a.low >= TINY or a.high <= -TINY


def same(intervals: Sequence[Interval], _types: Types, _attrs: Attrs) -> Interval:
    """The image of an operator that only moves elements of its first operand."""
    return intervals[0]


def constant(image: Interval) -> Image:
    """The image of an operator whose results lie in ``image`` whatever its operands are."""
    return lambda intervals, types, attrs: image


def rising(f: Callable[[Array], Array]) -> Image:
    """The image of an elementwise function that never falls."""
    return lambda intervals, types, attrs: Interval(
        at(f, intervals[0].low), at(f, intervals[0].high)
    )


def falling(f: Callable[[Array], Array]) -> Image:
    """The image of an elementwise function that never rises."""
    return lambda intervals, types, attrs: Interval(
        at(f, intervals[0].high), at(f, intervals[0].low)
    )


def dipping(f: Callable[[Array], Array], lowest: float) -> Image:
    """The image of an elementwise function that falls until ``lowest`` and rises from there."""

    def image(intervals: Sequence[Interval], _types: Types, _attrs: Attrs) -> Interval:
        points = [intervals[0].low, intervals[0].high]
        if lowest in intervals[0]:
            points.append(lowest)
        return of([at(f, p) for p in points])

    return image


ROUNDED = 4 * float(np.finfo(np.float64).eps)
"""What a value near 1 may be off in float64."""


def cosine(intervals: Sequence[Interval], _types: Types, _attrs: Attrs) -> Interval:
    """The image of cos: 1 at even and -1 at odd multiples of pi."""
    low, high = intervals[0].low, intervals[0].high
    if high - low >= 2 * math.pi:
        return Interval(-1.0, 1.0)
    peaks = range(math.ceil(low / math.pi), math.floor(high / math.pi) + 1)
    ends = [math.cos(low), math.cos(high), *((-1.0) ** k for k in peaks)]
    # Outward by what pi and cos are off themselves: sin(0) must not come out as 6e-17, above zero.
    return Interval(max(min(ends) - ROUNDED, -1.0), min(max(ends) + ROUNDED, 1.0))


def sine(intervals: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    """The image of sin, which is cos a quarter turn later."""
    quarter = Interval(-math.pi / 2, -math.pi / 2)
    return cosine([add(intervals[0], quarter)], types, attrs)


def at(f: Callable[[Array], Array], x: float) -> float:
    """``f(x)`` in float64; at an infinite x the limit, taken far out; beyond 1e300 infinity."""
    if math.isinf(x):
        x = math.copysign(float(np.finfo(np.float64).max), x)
    with np.errstate(all="ignore"):
        y = float(f(np.asarray(x, dtype=np.float64)))
    return math.copysign(math.inf, y) if abs(y) > 1e300 else y


def _product(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def _ordered(low: float, high: float) -> Interval:
    return Interval(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high)
