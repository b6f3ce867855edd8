"""Elementwise operators of two operands, with numpy's broadcasting; one may be a literal."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import (
    FLOATS,
    NUMBERS,
    REALS,
    Array,
    Attrs,
    Op,
    Sample,
    Types,
    declare,
)
from hpctc.graph.ops.shapes import broadcast, equal_dtypes, per_element

F32, F16, I32, I8 = "float32", "float16", "int32", "int8"
Binary = Callable[[Array, Array], Array]


def broadcasting(name: str, result: str = "") -> Any:
    """The ``infer`` of an elementwise operator: broadcast shapes, equal element types."""

    def infer(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
        dtype = equal_dtypes(name, types)
        return (TensorType(broadcast(name, [t.shape for t in types]), result or dtype),)

    return infer


def samples_of(dtypes: Sequence[str], literal: float | int | None = 2) -> tuple[Sample, ...]:
    """Equal shapes, broadcasting of both operands, every element type, a literal."""
    first = dtypes[0]
    found = [
        Sample((TensorType((4, 9), first), TensorType((4, 9), first))),
        Sample((TensorType((3, 1, 5), first), TensorType((7, 1), first))),
    ]
    found += [Sample((TensorType((33,), d), TensorType((33,), d))) for d in dtypes[1:]]
    if literal is not None:
        found.append(
            Sample((TensorType((5, 3), first), TensorType((), first)), literals={1: literal})
        )
    return tuple(found)


def binary(name: str, f: Binary, image: Any, doc: str, **rest: Any) -> Op:
    """Declare ``z = f(a, b)``; ``image`` takes the two intervals."""
    dtypes = rest.setdefault("dtypes", NUMBERS)
    literal = rest.pop("literal", 2)
    return declare(
        Op(
            name=name,
            category=rest.pop("category", "elementwise"),
            doc=f"z[i] = {doc}",
            arity=(2, 2),
            params=("a", "b"),
            infer=broadcasting(name, rest.pop("result", "")),
            meaning=lambda xs, attrs: (f(xs[0], xs[1]),),
            image=lambda xs, types, attrs: image(xs[0], xs[1]),
            flops=per_element(rest.pop("flops", 1)),
            samples=samples_of(dtypes, literal),
            literals=() if literal is None else (0, 1),
            **rest,
        )
    )


def _quotient(a: Interval, b: Interval) -> Interval:
    return iv.multiply(a, iv.reciprocal(b))


def _divisor(name: str) -> Any:
    def requires(intervals: Sequence[Interval], _types: Types, _attrs: Attrs) -> str:
        if iv.apart_from_zero(intervals[1]):
            return ""
        return f"{name} needs a divisor apart from 0, but here it ranges over {intervals[1]}"

    return requires


def _floored(a: Interval, b: Interval) -> Interval:
    q = _quotient(a, b)
    return Interval(_floor(q.low), _floor(q.high))


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


def _remainder(a: Interval, b: Interval) -> Interval:
    if a.low >= 0 and a.high < b.low:
        return a
    return Interval(min(b.low, 0.0), max(b.high, 0.0))


def _toward_jump(
    operands: Sequence[Array], doubts: Sequence[Array], _attrs: Attrs, way: int
) -> tuple[Array, ...]:
    # The quotient jumps: all the doubt about it is put into the dividend.
    a, b = operands
    doubt = doubts[0] + np.abs(a / b) * doubts[1]
    return a + way * doubt, np.broadcast_to(b, np.broadcast_shapes(a.shape, b.shape))


def _power(a: Interval, b: Interval) -> Interval:
    if a.low > 0:
        corners = [
            iv.at(lambda x, e=e: np.power(x, e), base)  # type: ignore[misc]
            for base in (a.low, a.high)
            for e in (_finite(b.low), _finite(b.high))
        ]
        return iv.of(corners)
    exponent = b.low
    if exponent < 0:
        return _quotient(iv.BIT, _power(a, Interval(-exponent, -exponent)))
    if exponent % 2 == 0:
        return iv.dipping(lambda x: np.power(x, exponent), 0.0)([a], (), {})
    return iv.rising(lambda x: np.power(x, exponent))([a], (), {})


def _finite(x: float) -> float:
    return max(-1e300, min(1e300, x))


def _power_requires(intervals: Sequence[Interval], _types: Types, _attrs: Attrs) -> str:
    base, exponent = intervals
    if base.low >= iv.TINY:
        return ""
    whole = exponent.low == exponent.high and float(exponent.low).is_integer()
    if whole and (exponent.low >= 0 or iv.apart_from_zero(base)):
        return ""
    if whole:
        return f"pow needs a base apart from 0, but here it ranges over {base}"
    return (
        f"pow needs a base greater than 0 unless the exponent is a whole literal, "
        f"but here the base ranges over {base}"
    )


binary("add", np.add, iv.add, "a[i] + b[i]", infix="+")
binary("sub", np.subtract, lambda a, b: iv.add(a, iv.negative(b)), "a[i] - b[i]", infix="-")
binary("mul", np.multiply, iv.multiply, "a[i] * b[i]", infix="*")
binary(
    "div", np.divide, _quotient, "a[i] / b[i], b apart from 0", infix="/", dtypes=FLOATS,
    legal=(REALS, iv.POSITIVE), requires=_divisor("div"),
)  # fmt: skip
binary(
    "pow", np.power, _power, "a[i] ** b[i], a greater than 0 unless b is a whole literal",
    infix="**", dtypes=FLOATS, flops=16,
    legal=(iv.POSITIVE, REALS), requires=_power_requires,
)  # fmt: skip
binary(
    "maximum", np.maximum, lambda a, b: Interval(max(a.low, b.low), max(a.high, b.high)),
    "max(a[i], b[i])", rounding="exact",
)  # fmt: skip
binary(
    "minimum", np.minimum, lambda a, b: Interval(min(a.low, b.low), min(a.high, b.high)),
    "min(a[i], b[i])", rounding="exact",
)  # fmt: skip
binary(
    "mod", np.mod, _remainder, "a[i] - floor(a[i] / b[i]) * b[i], b apart from 0", infix="%",
    dtypes=(*FLOATS, I32), legal=(REALS, iv.POSITIVE), requires=_divisor("mod"),
    nudge=_toward_jump, flops=4, rounding="composite",
)  # fmt: skip
binary(
    "floor_div", np.floor_divide, _floored, "floor(a[i] / b[i]), b apart from 0", infix="//",
    dtypes=(*FLOATS, I32), legal=(REALS, iv.POSITIVE), requires=_divisor("floor_div"),
    nudge=_toward_jump, flops=2, rounding="composite",
)  # fmt: skip
binary(
    "atan2", np.arctan2, lambda a, b: Interval(-math.pi / 2, math.pi / 2),
    "the angle of the point (b[i], a[i])", dtypes=FLOATS, legal=(REALS, iv.POSITIVE),
    flops=12, literal=None,
)  # fmt: skip
