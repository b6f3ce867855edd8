"""Reductions over axes, and what they come to on the way: running sums and products."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import (
    FLOATS,
    NUMBERS,
    Array,
    AttrDef,
    Attrs,
    Op,
    Sample,
    Types,
    declare,
)
from hpctc.graph.ops.shapes import axes_of, axis_of

F32, F16, I32, I8, BOOL = "float32", "float16", "int32", "int8", "bool"

AXES = AttrDef("axes", "ints", (), "a list of axes; [] means all of them")
KEEPDIMS = AttrDef("keepdims", "bool", False)


def reduced(shape: Sequence[int], axes: Sequence[int], keepdims: bool) -> tuple[int, ...]:
    """The shape that is left after a reduction over ``axes`` (counted from the front)."""
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def count(name: str, types: Types, attrs: Attrs) -> int:
    """How many elements are reduced into one."""
    shape = types[0].shape
    return math.prod(shape[a] for a in axes_of(name, attrs["axes"], len(shape)))


def _axes(x: Array, attrs: Attrs) -> tuple[int, ...]:
    return tuple(attrs["axes"]) or tuple(range(x.ndim))


def reduction(name: str, f: Callable[..., Any], image: Any, doc: str, **rest: Any) -> Op:
    """Declare a reduction; ``f`` has numpy's signature, ``image`` takes interval and count."""
    dtypes = rest.setdefault("dtypes", (*FLOATS, I32))

    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        axes = axes_of(name, attrs["axes"], types[0].rank)
        return (TensorType(reduced(types[0].shape, axes, attrs["keepdims"]), types[0].dtype),)

    def meaning(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        # dtype=None would let numpy widen integer sums.
        made = f(xs[0], axis=_axes(xs[0], attrs), keepdims=attrs["keepdims"])
        return (np.asarray(made).astype(xs[0].dtype, copy=False),)

    per_term = rest.pop("flops", 1)
    first = dtypes[0]
    samples = [
        Sample((TensorType((5, 7, 3), first),), {"axes": (1,)}),
        Sample((TensorType((5, 7, 3), first),), {"axes": (-1, 0), "keepdims": True}),
        Sample((TensorType((3, 11), first),)),
        *(Sample((TensorType((4, 6), d),), {"axes": (0,)}) for d in dtypes[1:]),
    ]
    return declare(
        Op(
            name=name,
            category=rest.pop("category", "reduction"),
            doc=f"y = {doc} over axes",
            arity=(1, 1),
            infer=infer,
            meaning=meaning,
            image=lambda xs, types, attrs: image(xs[0], count(name, types, attrs)),
            flops=lambda types, results, attrs: per_term * types[0].size,
            attrs=(AXES, KEEPDIMS),
            samples=tuple(samples),
            terms=lambda types, attrs: count(name, types, attrs),
            **rest,
        )
    )


def _sum(x: Interval, n: int) -> Interval:
    return iv.widened(iv.scaled(x, n))


def _prod(x: Interval, n: int) -> Interval:
    if x.low >= 0:
        return iv.widened(Interval(iv.at(lambda b: b**n, x.low), iv.at(lambda b: b**n, x.high)))
    largest = iv.at(lambda b: b**n, iv.magnitude(x))
    return iv.widened(Interval(-largest, largest))


def _variance(x: Interval, _n: int) -> Interval:
    # Popoviciu's inequality: at most a quarter of the squared range.
    return iv.widened(Interval(0.0, (x.high - x.low) ** 2 / 4))


def _logsumexp(x: Interval, n: int) -> Interval:
    return iv.widened(Interval(x.low + math.log(n), x.high + math.log(n)))


def _extreme(x: Interval, _n: int) -> Interval:
    return x


def _log_sum_exp(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    top = np.max(x, axis=axis, keepdims=True)
    found = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return np.asarray(found if keepdims else np.squeeze(found, axis=axis))


reduction("sum", np.sum, _sum, "the sum of x", rounding="summed")
reduction(
    "mean", np.mean, lambda x, n: iv.widened(x), "the mean of x", dtypes=FLOATS, rounding="averaged"
)
reduction("prod", np.prod, _prod, "the product of x", dtypes=FLOATS, rounding="composite")
reduction("max", np.max, _extreme, "the largest x", dtypes=NUMBERS, rounding="exact")
reduction("min", np.min, _extreme, "the smallest x", dtypes=NUMBERS, rounding="exact")
reduction(
    "variance", np.var, _variance, "the mean of (x - mean of x) ** 2", dtypes=FLOATS, flops=4,
    rounding="composite",
)  # fmt: skip
reduction(
    "logsumexp", _log_sum_exp, _logsumexp, "ln of the sum of e ** x", dtypes=FLOATS, flops=10,
    rounding="composite",
)  # fmt: skip
reduction(
    "any", np.any, _extreme, "whether one x is true", dtypes=(BOOL,), rounding="exact",
    category="logic intensive",
)  # fmt: skip
reduction(
    "all", np.all, _extreme, "whether every x is true", dtypes=(BOOL,), rounding="exact",
    category="logic intensive",
)  # fmt: skip


def _arg(name: str, f: Callable[..., Any], sign: int, doc: str) -> None:
    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        axis = axis_of(name, attrs["axis"], types[0].rank)
        return (TensorType(reduced(types[0].shape, (axis,), attrs["keepdims"]), I32),)

    declare(
        Op(
            name=name,
            category="logic intensive",
            doc=f"y = the position of {doc} along axis, the first of equal ones",
            arity=(1, 1),
            infer=infer,
            meaning=lambda xs, attrs: (
                np.asarray(f(xs[0], axis=attrs["axis"], keepdims=attrs["keepdims"])).astype(
                    np.int32
                ),
            ),
            image=lambda xs, types, attrs: Interval(
                0.0, float(types[0].shape[axis_of(name, attrs["axis"], types[0].rank)] - 1)
            ),
            flops=lambda types, results, attrs: types[0].size,
            attrs=(AttrDef("axis", "int"), KEEPDIMS),
            dtypes=NUMBERS,
            rounding="exact",
            nudge=_rivals(f, sign),
            samples=(
                Sample((TensorType((5, 7, 3), F32),), {"axis": 1}),
                Sample((TensorType((5, 7), F16),), {"axis": -1, "keepdims": True}),
                Sample((TensorType((9, 4), I32),), {"axis": 0}),
            ),
        )
    )


def _rivals(f: Callable[..., Any], sign: int) -> Any:
    def nudge(
        operands: Sequence[Array], doubts: Sequence[Array], attrs: Attrs, _way: int
    ) -> tuple[Array, ...]:
        # Set the winner back by as much as it and a rival may be wrong: a near tie turns over.
        x, axis = operands[0], attrs["axis"]
        at = f(x, axis=axis, keepdims=True)
        doubt = np.take_along_axis(doubts[0], at, axis) + doubts[0].max(axis=axis, keepdims=True)
        moved = x.copy()
        np.put_along_axis(moved, at, np.take_along_axis(x, at, axis) - sign * doubt, axis)
        return (moved,)

    return nudge


_arg("argmax", np.argmax, 1, "the largest x")
_arg("argmin", np.argmin, -1, "the smallest x")


def running(name: str, f: Callable[..., Any], image: Any, doc: str, **rest: Any) -> Op:
    """Declare what a reduction comes to after every element; ``f`` has numpy's signature."""
    dtypes, domain = rest.setdefault("dtypes", FLOATS), rest.pop("domain", None)

    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        axis_of(name, attrs["axis"], types[0].rank)
        return (types[0],)

    def along(types: Types, attrs: Attrs) -> int:
        return types[0].shape[axis_of(name, attrs["axis"], types[0].rank)]

    shapes = [((5, 17), F32, -1), ((6, 3, 5), F32, 0), *(((3, 7), d, 1) for d in dtypes[1:])]
    return declare(
        Op(
            name=name,
            category="reduction",
            doc=f"y[i] = {doc} along axis",
            arity=(1, 1),
            infer=infer,
            meaning=lambda xs, attrs: (f(xs[0], axis=attrs["axis"], dtype=xs[0].dtype),),
            image=lambda xs, types, attrs: iv.hull([xs[0], image(xs[0], along(types, attrs))]),
            flops=lambda types, results, attrs: types[0].size,
            attrs=(AttrDef("axis", "int"),),
            terms=along,
            samples=tuple(
                Sample((TensorType(shape, dtype),), {"axis": axis}, (domain,))
                for shape, dtype, axis in shapes
            ),
            **rest,
        )
    )


running("cumsum", np.cumsum, _sum, "x[0] + ... + x[i]", dtypes=(*FLOATS, I32), rounding="summed")
# Next to 1, so that the last products are neither lost nor all there is.
running(
    "cumprod", np.cumprod, _prod, "x[0] * ... * x[i]", rounding="composite",
    domain=Interval(0.5, 1.5),
)  # fmt: skip
