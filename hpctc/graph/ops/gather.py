"""Operators that look up: by index, by position relative to the diagonal, by block."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import SHORT, Interval, TensorType
from hpctc.graph.op import ANY, REALS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.layout import layout, positive
from hpctc.graph.ops.shapes import axis_of, fits, nothing, per_element, rank_is

F32, F16, I32 = "float32", "float16", "int32"


def whole_index(name: str, kind: TensorType) -> None:
    """Fail unless an operand can hold indices."""
    if kind.dtype != I32:
        raise GraphTypeError(
            f"{name} needs indices of type i32, but they are {kind}",
            f"cast them: cast(..., dtype={SHORT[I32]})",
        )


def _inside(name: str) -> Callable[[Types, Attrs], tuple[Interval, ...]]:
    def legal(types: Types, attrs: Attrs) -> tuple[Interval, ...]:
        axis = axis_of(name, attrs["axis"], types[0].rank)
        return REALS, Interval(0.0, float(types[0].shape[axis] - 1))

    return legal


def _take_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    whole_index("take", types[1])
    shape = types[0].shape
    axis = axis_of("take", attrs["axis"], len(shape))
    found = (*shape[:axis], *types[1].shape, *shape[axis + 1 :])
    return (TensorType(found, types[0].dtype),)


def _elements_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    whole_index("gather_elements", types[1])
    x, indices = types
    axis = axis_of("gather_elements", attrs["axis"], x.rank)
    fits(
        "gather_elements",
        x.rank == indices.rank
        and all(
            a == b for k, (a, b) in enumerate(zip(x.shape, indices.shape, strict=True)) if k != axis
        ),
        f"x is {x} and indices is {indices}",
        f"all extents but that of axis {axis} must be equal",
    )
    return (TensorType(indices.shape, x.dtype),)


def _one_hot_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    whole_index("one_hot", types[0])
    return (TensorType((*types[0].shape, attrs["depth"]), F32),)


declare(
    Op(
        name="take",
        category="logic intensive",
        doc="y[..., i, ...] = x[..., indices[i], ...] along axis",
        arity=(2, 2),
        params=("x", "indices"),
        infer=_take_type,
        meaning=lambda xs, attrs: (np.take(xs[0], xs[1], axis=attrs["axis"]),),
        image=iv.same,
        flops=nothing,
        attrs=(AttrDef("axis", "int"),),
        legal_for=_inside("take"),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((7, 5), F32), TensorType((3,), I32)), {"axis": 0}),
            Sample((TensorType((2, 9, 3), F32), TensorType((2, 4), I32)), {"axis": 1}),
            Sample((TensorType((3, 5), I32), TensorType((7,), I32)), {"axis": -1}),
            Sample((TensorType((4, 3), F16), TensorType((2,), I32)), {"axis": 0}),
        ),
    )
)

declare(
    Op(
        name="gather_elements",
        category="logic intensive",
        doc="y[..., i, ...] = x[..., indices[..., i, ...], ...] along axis",
        arity=(2, 2),
        params=("x", "indices"),
        infer=_elements_type,
        meaning=lambda xs, attrs: (np.take_along_axis(xs[0], xs[1], attrs["axis"]),),
        image=iv.same,
        flops=nothing,
        attrs=(AttrDef("axis", "int"),),
        legal_for=_inside("gather_elements"),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((7, 5), F32), TensorType((3, 5), I32)), {"axis": 0}),
            Sample((TensorType((2, 9), F32), TensorType((2, 11), I32)), {"axis": -1}),
        ),
    )
)

declare(
    Op(
        name="one_hot",
        category="logic intensive",
        doc="y[..., k] = 1.0 if indices[...] is k else 0.0, for k below depth",
        arity=(1, 1),
        params=("indices",),
        infer=_one_hot_type,
        meaning=lambda xs, attrs: (
            (xs[0][..., None] == np.arange(attrs["depth"])).astype(np.float64),
        ),
        image=iv.constant(iv.BIT),
        flops=per_element(1),
        attrs=(AttrDef("depth", "int", legal=">= 1", check=lambda n: n >= 1),),
        legal_for=lambda types, attrs: (Interval(0.0, float(attrs["depth"] - 1)),),
        dtypes=(I32,),
        rounding="exact",
        samples=(
            Sample((TensorType((7,), I32),), {"depth": 5}),
            Sample((TensorType((2, 3), I32),), {"depth": 9}),
        ),
    )
)


def _triangle(name: str, f: Callable[..., Any], doc: str) -> None:
    def shape_of(shape: tuple[int, ...], _attrs: Attrs) -> tuple[int, ...]:
        fits(name, len(shape) >= 2, f"x has shape {list(shape)}", "x needs two axes or more")
        return shape

    layout(
        name,
        shape_of,
        lambda x, attrs: f(x, attrs["k"]),
        doc,
        [((5, 7), {}), ((2, 6, 4), {"k": -1}), ((3, 3), {"k": 1})],
        category="logic intensive",
        image=lambda xs, types, attrs: iv.hull([xs[0], Interval(0.0, 0.0)]),
        attrs=(AttrDef("k", "int", 0),),
    )


_triangle("tril", np.tril, "y[i, j] = x[i, j] if j <= i + k else 0")
_triangle("triu", np.triu, "y[i, j] = x[i, j] if j >= i + k else 0")


def _upsampled(shape: tuple[int, ...], attrs: Attrs) -> tuple[int, ...]:
    rank_is("upsample2d", TensorType(shape, F32), 4, "batch, channels, height, width")
    return (*shape[:2], *(n * s for n, s in zip(shape[2:], attrs["scale"], strict=True)))


def _upsample(x: Array, attrs: Attrs) -> Array:
    high, wide = attrs["scale"]
    return np.repeat(np.repeat(x, high, axis=2), wide, axis=3)


layout(
    "upsample2d",
    _upsampled,
    _upsample,
    "y[n, c, i, j] = x[n, c, floor(i / scale[0]), floor(j / scale[1])]",
    [((1, 3, 4, 5), {"scale": 2}), ((2, 1, 3, 3), {"scale": (1, 3)})],
    attrs=(
        AttrDef("scale", "ints", legal="a number or a list of 2 >= 1", check=positive, length=2),
    ),
)
