"""softmax and its logarithm."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import axis_of

F32, F16 = "float32", "float16"


def softmax(x: Array, axis: int) -> Array:
    """``e ** x`` over its sum along an axis; the largest x is taken off first, for range."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return np.asarray(e / np.sum(e, axis=axis, keepdims=True))


def log_softmax(x: Array, axis: int) -> Array:
    """``ln softmax(x)`` without the rounding of its small values."""
    y = x - np.max(x, axis=axis, keepdims=True)
    return np.asarray(y - np.log(np.sum(np.exp(y), axis=axis, keepdims=True)))


def _declare(name: str, f: Callable[[Array, int], Array], image: Any, doc: str) -> None:
    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        axis_of(name, attrs["axis"], types[0].rank)
        return (types[0],)

    def along(types: Types, attrs: Attrs) -> int:
        return types[0].shape[axis_of(name, attrs["axis"], types[0].rank)]

    declare(
        Op(
            name=name,
            category="reduction",
            doc=f"y = {doc} along axis",
            arity=(1, 1),
            infer=infer,
            meaning=lambda xs, attrs: (f(xs[0], attrs["axis"]),),
            image=lambda xs, types, attrs: image(xs[0], along(types, attrs)),
            flops=lambda types, results, attrs: 12 * types[0].size,
            attrs=(AttrDef("axis", "int", -1),),
            rounding="composite",
            terms=along,
            samples=(
                Sample((TensorType((5, 17), F32),)),
                Sample((TensorType((3, 7, 2), F32),), {"axis": 1}),
                Sample((TensorType((4, 9), F16),), {"axis": 0}),
            ),
        )
    )


def _share(x: Interval, n: int) -> Interval:
    # One element at its largest, the others at their smallest, and the other way round.
    width = x.high - x.low
    low = 0.0 if math.isinf(width) else 1 / (1 + (n - 1) * _exp(width))
    high = 1.0 if n == 1 or math.isinf(width) else 1 / (1 + (n - 1) * math.exp(-width))
    return Interval(low * (1 - 1e-5), min(1.0, high * (1 + 1e-5)))


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _log_share(x: Interval, n: int) -> Interval:
    width = x.high - x.low
    low = -math.log(n) - width
    high = -math.log1p((n - 1) * math.exp(-width))
    return Interval(low * (1 + 1e-5) - 1e-5, high * (1 - 1e-5))


_declare("softmax", softmax, _share, "e ** x / sum(e ** x)")
_declare("fast_softmax", softmax, _share, "e ** x / sum(e ** x), by a polynomial,")
_declare("log_softmax", log_softmax, _log_share, "x - ln(sum(e ** x))")
