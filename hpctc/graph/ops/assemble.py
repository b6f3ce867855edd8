"""Operators that put several operands together, take one apart, or add a border."""

from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import ANY, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import axis_of, equal_dtypes, fits, nothing

F32, F16, I32, I8 = "float32", "float16", "int32", "int8"
MOST = 64
"""Operands that concat and stack take at most."""


def _concat_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("concat", types)
    first = types[0].shape
    axis = axis_of("concat", attrs["axis"], len(first))
    for i, other in enumerate(types[1:], 1):
        fits(
            "concat",
            other.rank == len(first)
            and all(
                a == b for k, (a, b) in enumerate(zip(first, other.shape, strict=True)) if k != axis
            ),
            f"operand {i} is {other}, but operand 0 is {types[0]}",
            f"all extents but that of axis {axis} must be equal",
        )
    total = sum(t.shape[axis] for t in types)
    return (TensorType((*first[:axis], total, *first[axis + 1 :]), dtype),)


def _stack_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("stack", types)
    first = types[0].shape
    axis = axis_of("stack", attrs["axis"], len(first) + 1)
    for i, other in enumerate(types[1:], 1):
        fits(
            "stack",
            other.shape == first,
            f"operand {i} is {other}, but operand 0 is {types[0]}",
            "all operands must have one shape",
        )
    return (TensorType((*first[:axis], len(types), *first[axis:]), dtype),)


def _split_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    shape, parts = types[0].shape, attrs["parts"]
    axis = axis_of("split", attrs["axis"], len(shape))
    fits(
        "split",
        shape[axis] % parts == 0,
        f"axis {axis} of {list(shape)} cannot be split into {parts} equal parts",
        f"choose a divisor of {shape[axis]}, or use slice",
    )
    part = (*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])
    return tuple(TensorType(part, types[0].dtype) for _ in range(parts))


def _pad_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    before, after, kind = attrs["before"], attrs["after"], types[0]
    fits(
        "pad",
        len(before) == len(after) == kind.rank,
        f"before has {len(before)} and after {len(after)} entries, but x has {kind.rank} axes",
        "give one number an axis",
    )
    whole = kind.dtype.startswith("float") or float(attrs["value"]).is_integer()
    fits("pad", whole, f"value {attrs['value']} is no {kind.dtype}", "use a whole number")
    shape = (b + n + a for b, n, a in zip(before, kind.shape, after, strict=True))
    return (TensorType(tuple(shape), kind.dtype),)


def _pad(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    widths = list(zip(attrs["before"], attrs["after"], strict=True))
    value = xs[0].dtype.type(attrs["value"])
    return (np.pad(xs[0], widths, constant_values=value),)


def _pad_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    if not any(attrs["before"]) and not any(attrs["after"]):
        return xs[0]
    value = float(np.dtype(types[0].dtype).type(attrs["value"]))
    return iv.hull([xs[0], Interval(value, value)])


def _whole(values: Sequence[int]) -> bool:
    return all(v >= 0 for v in values)


declare(
    Op(
        name="concat",
        category="layout transform",
        doc="the operands one after the other along axis",
        arity=(1, MOST),
        infer=_concat_type,
        meaning=lambda xs, attrs: (np.concatenate(xs, axis=attrs["axis"]),),
        image=lambda xs, types, attrs: iv.hull(xs),
        flops=nothing,
        attrs=(AttrDef("axis", "int"),),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((3, 5), F32), TensorType((2, 5), F32)), {"axis": 0}),
            Sample(
                (TensorType((3, 5), F32), TensorType((3, 1), F32), TensorType((3, 4), F32)),
                {"axis": -1},
            ),
            Sample((TensorType((4,), I32), TensorType((3,), I32)), {"axis": 0}),
            Sample((TensorType((1, 3), F16), TensorType((2, 3), F16)), {"axis": 0}),
        ),
    )
)

declare(
    Op(
        name="stack",
        category="layout transform",
        doc="the operands one after the other along a new axis",
        arity=(1, MOST),
        infer=_stack_type,
        meaning=lambda xs, attrs: (np.stack(xs, axis=attrs["axis"]),),
        image=lambda xs, types, attrs: iv.hull(xs),
        flops=nothing,
        attrs=(AttrDef("axis", "int", 0),),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((3, 5), F32), TensorType((3, 5), F32))),
            Sample((TensorType((3, 5), F32),) * 3, {"axis": -1}),
        ),
    )
)

declare(
    Op(
        name="split",
        category="layout transform",
        doc="x cut into equal parts along axis",
        arity=(1, 1),
        infer=_split_type,
        meaning=lambda xs, attrs: tuple(np.split(xs[0], attrs["parts"], axis=attrs["axis"])),
        image=iv.same,
        flops=nothing,
        attrs=(
            AttrDef("parts", "int", legal=f"2 to {MOST}", check=lambda n: 2 <= n <= MOST),
            AttrDef("axis", "int"),
        ),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((4, 6), F32),), {"parts": 2, "axis": 1}),
            Sample((TensorType((9, 2, 3), F32),), {"parts": 3, "axis": 0}),
        ),
    )
)

declare(
    Op(
        name="pad",
        category="layout transform",
        doc="x with a border of value",
        arity=(1, 1),
        infer=_pad_type,
        meaning=_pad,
        image=_pad_image,
        flops=nothing,
        attrs=(
            AttrDef("before", "ints", legal="a list of numbers >= 0", check=_whole),
            AttrDef("after", "ints", legal="a list of numbers >= 0", check=_whole),
            AttrDef("value", "float", 0.0, "a finite number"),
        ),
        dtypes=(F32, F16, I32, I8),
        rounding="exact",
        samples=(
            Sample((TensorType((3, 5), F32),), {"before": (1, 0), "after": (0, 2)}),
            Sample((TensorType((3,), F32),), {"before": (2,), "after": (1,), "value": -1.5}),
            Sample((TensorType((2, 3), I32),), {"before": (0, 1), "after": (1, 0), "value": 7.0}),
        ),
    )
)
