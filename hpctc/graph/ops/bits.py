"""Whole numbers as rows of bits, in two's complement: what low-precision arithmetic is made of."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.binary import binary
from hpctc.graph.ops.shapes import axis_of, fits, per_element, same_type

I32, I8 = "int32", "int8"
WIDTH = {I32: 32, I8: 8}


def popcount(x: Array) -> Array:
    """How many bits of each element are set, in its own element type."""
    return np.asarray(np.bitwise_count(x.view(f"u{x.dtype.itemsize}"))).astype(x.dtype)


def _reach(*intervals: Interval) -> int:
    """Bits that hold every number of the intervals, without the sign."""
    return max(int(max(i.high, -i.low - 1, 0.0)).bit_length() for i in intervals)


def _both(a: Interval, b: Interval) -> Interval:
    whole = 2.0 ** _reach(a, b) - 1
    if a.low >= 0 or b.low >= 0:
        return Interval(0.0, min(i.high for i in (a, b) if i.low >= 0))
    return Interval(-whole - 1, whole)


def _any(a: Interval, b: Interval) -> Interval:
    whole = 2.0 ** _reach(a, b) - 1
    return Interval(0.0 if min(a.low, b.low) >= 0 else -whole - 1, whole)


for _name, _function, _image, _word in (
    ("bitwise_and", np.bitwise_and, _both, "in both a[i] and b[i]"),
    ("bitwise_or", np.bitwise_or, _any, "in a[i] or b[i]"),
    ("bitwise_xor", np.bitwise_xor, _any, "in a[i] or b[i], but not in both"),
):
    binary(
        _name, _function, _image, f"the number whose bits are set {_word}", dtypes=(I32, I8),
        rounding="exact", literal=5,
    )  # fmt: skip


def _shifted(name: str, f: Callable[..., Any], image: Any, doc: str) -> None:
    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        width = WIDTH[types[0].dtype]
        if attrs["bits"] >= width:
            raise GraphTypeError(
                f"{name}: bits is {attrs['bits']}, but x has {width} bits",
                f"bits may be 0 to {width - 1}",
                about="bits",
            )
        return same_type(types, attrs)

    declare(
        Op(
            name=name,
            category="elementwise",
            doc=doc,
            arity=(1, 1),
            infer=infer,
            meaning=lambda xs, attrs: (f(xs[0], xs[0].dtype.type(attrs["bits"])),),
            image=image,
            flops=per_element(1),
            attrs=(AttrDef("bits", "int", legal="0 to 31", check=lambda n: 0 <= n <= 31),),
            dtypes=(I32, I8),
            rounding="exact",
            samples=(
                Sample((TensorType((3, 17), I32),), {"bits": 2}),
                Sample((TensorType((9,), I8),), {"bits": 1}),
            ),
        )
    )


def _left(xs: Sequence[Interval], _types: Types, attrs: Attrs) -> Interval:
    return iv.scaled(xs[0], 2.0 ** attrs["bits"])


def _right(xs: Sequence[Interval], _types: Types, attrs: Attrs) -> Interval:
    return Interval(*(float(np.floor(e / 2.0 ** attrs["bits"])) for e in (xs[0].low, xs[0].high)))


_shifted("left_shift", np.left_shift, _left, "y[i] = x[i] * 2 ** bits")
_shifted("right_shift", np.right_shift, _right, "y[i] = floor(x[i] / 2 ** bits)")

declare(
    Op(
        name="bitwise_not",
        category="elementwise",
        doc="y[i] = the number whose bits are those that x[i] has not: -x[i] - 1",
        arity=(1, 1),
        infer=same_type,
        meaning=lambda xs, attrs: (np.bitwise_not(xs[0]),),
        image=lambda xs, types, attrs: Interval(-xs[0].high - 1, -xs[0].low - 1),
        flops=per_element(1),
        dtypes=(I32, I8),
        rounding="exact",
        samples=(Sample((TensorType((3, 17), I32),)), Sample((TensorType((9,), I8),))),
    )
)

declare(
    Op(
        name="popcount",
        category="elementwise",
        doc="y[i] = how many bits of x[i] are set",
        arity=(1, 1),
        infer=same_type,
        meaning=lambda xs, attrs: (popcount(xs[0]),),
        image=lambda xs, types, attrs: Interval(
            0.0, float(WIDTH[types[0].dtype] if xs[0].low < 0 else _reach(xs[0]))
        ),
        flops=per_element(1),
        dtypes=(I32,),
        rounding="exact",
        samples=(
            Sample((TensorType((3, 17), I32),)),
            Sample((TensorType((9,), I32),), domains=(Interval(0.0, 2.0**31 - 1),)),
        ),
    )
)


def _pack_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    shape, word = types[0].shape, attrs["word"]
    axis = axis_of("bitpack", attrs["axis"], len(shape))
    fits(
        "bitpack",
        shape[axis] % word == 0,
        f"axis {axis} of {list(shape)} cannot be cut into words of {word} bits",
        f"pad it, or choose a divisor of {shape[axis]}",
    )
    packed = (*shape[:axis], shape[axis] // word, *shape[axis + 1 :])
    return (TensorType((attrs["planes"], *packed), I32),)


def bitpack(x: Array, attrs: Attrs) -> Array:
    """Plane by plane, ``word`` neighbours along ``axis`` as the bits of one number."""
    axis, word = attrs["axis"] % x.ndim, attrs["word"]
    apart = x.reshape(*x.shape[:axis], x.shape[axis] // word, word, *x.shape[axis + 1 :])
    weight = (1 << np.arange(word)).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    planes = [np.sum(((apart >> p) & 1) * weight, axis=axis + 1) for p in range(attrs["planes"])]
    return np.stack(planes).astype(np.int32)


declare(
    Op(
        name="bitpack",
        category="logic intensive",
        doc="y[p, ..., k, ...] = the sum of 2 ** j * (bit p of x[..., k * word + j, ...]) over j "
        "below word: the bit planes of x, packed along axis",
        arity=(1, 1),
        infer=_pack_type,
        meaning=lambda xs, attrs: (bitpack(xs[0], attrs),),
        image=lambda xs, types, attrs: Interval(0.0, 2.0 ** attrs["word"] - 1),
        flops=lambda types, results, attrs: 4 * types[0].size * attrs["planes"],
        attrs=(
            AttrDef("planes", "int", 1, "1 to 31", lambda n: 1 <= n <= 31),
            AttrDef("word", "int", 16, "1 to 31", lambda n: 1 <= n <= 31),
            AttrDef("axis", "int", -1),
        ),
        legal=(Interval(0.0, 2.0**31 - 1),),
        dtypes=(I32,),
        rounding="exact",
        samples=(
            Sample((TensorType((3, 32), I32),), {"planes": 3}),
            Sample((TensorType((12, 5), I32),), {"planes": 2, "word": 4, "axis": 0}),
        ),
    )
)
