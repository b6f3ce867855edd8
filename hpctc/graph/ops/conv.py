"""Convolutions over one, two or three spatial axes: batch, channels, space (NCW, NCHW, NCDHW).

Weights are (out, in / groups, kernel...); of the transposed convolutions (in, out / groups,
kernel...). ``groups`` equal to the channels is a depthwise convolution. As everywhere in deep
learning, the kernel is not turned around (a cross-correlation).
"""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.layout import positive
from hpctc.graph.ops.matmul import accumulator, sum_of_products
from hpctc.graph.ops.shapes import equal_dtypes, fits, rank_is

F32, F16, I8 = "float32", "float16", "int8"
AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}

GROUPS = AttrDef("groups", "int", 1, ">= 1", lambda g: g >= 1)


def steps(name: str, rank: int, default: int | None, least: int) -> AttrDef:
    """An attribute of one whole number a spatial axis, each ``least`` or more; None: no default."""
    return AttrDef(
        name,
        "ints",
        None if default is None else (default,) * rank,
        f"a number or a list of {rank} numbers >= {least}",
        lambda v: all(n >= least for n in v),
        rank,
    )


def extent(n: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along an axis; zero or less: none."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _check_channels(name: str, types: Types, rank: int, groups: int, transposed: bool) -> None:
    x, w = types
    rank_is(name, x, rank + 2, f"batch, channels, {AXES[rank]}")
    order = "in, out / groups" if transposed else "out, in / groups"
    rank_is(name, w, rank + 2, f"{order}, {AXES[rank]}", "w")
    given = f"here x is {x}, w is {w} and groups is {groups}"
    if transposed:
        fits(
            name,
            x.shape[1] == w.shape[0],
            f"x must have as many channels as w has rows; {given}",
            f"w must be [{x.shape[1]}, out / groups, ...]",
        )
        fits(
            name,
            x.shape[1] % groups == 0,
            f"groups must divide the channels; {given}",
            f"choose a divisor of {x.shape[1]}",
        )
        return
    fits(
        name,
        x.shape[1] == w.shape[1] * groups,
        f"the channels of x must be w's input channels times groups; {given}",
        f"w must be [out, {x.shape[1]} / groups, ...]",
    )
    fits(
        name,
        w.shape[0] % groups == 0,
        f"groups must divide the output channels; {given}",
        f"choose a divisor of {w.shape[0]}",
    )


def _conv_type(name: str, rank: int, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes(name, types)
    _check_channels(name, types, rank, attrs["groups"], transposed=False)
    x, w = types
    space = [
        extent(*sizes)
        for sizes in zip(
            x.shape[2:],
            w.shape[2:],
            attrs["stride"],
            attrs["padding"],
            attrs["dilation"],
            strict=True,
        )
    ]
    fits(
        name,
        positive(space),
        f"the kernel {list(w.shape[2:])} with dilation {list(attrs['dilation'])} does not fit into "
        f"the input {list(x.shape[2:])} with padding {list(attrs['padding'])}",
        "pad more, or use a smaller kernel or dilation",
    )
    return (TensorType((x.shape[0], w.shape[0], *space), accumulator(dtype)),)


def _transposed_type(name: str, rank: int, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes(name, types)
    _check_channels(name, types, rank, attrs["groups"], transposed=True)
    x, w = types
    strides, pads, extra = attrs["stride"], attrs["padding"], attrs["output_padding"]
    fits(
        name,
        all(e < s for e, s in zip(extra, strides, strict=True)),
        f"output_padding {list(extra)} must be smaller than stride {list(strides)}",
        "output_padding only chooses among the sizes that the stride leaves open",
    )
    space = [
        (n - 1) * s - 2 * p + k + e
        for n, k, s, p, e in zip(x.shape[2:], w.shape[2:], strides, pads, extra, strict=True)
    ]
    fits(
        name,
        positive(space),
        f"padding {list(pads)} cuts everything away: the result would be {space}",
        "use less padding",
    )
    return (TensorType((x.shape[0], w.shape[1] * attrs["groups"], *space), dtype),)


def offsets(kernel: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every position in a window."""
    return itertools.product(*(range(k) for k in kernel))


def windows(
    offset: Sequence[int], step: Sequence[int], spread: Sequence[int], space: Sequence[int]
) -> tuple[slice, ...]:
    """Index that picks, for every window, its element at ``offset``; batch and channels kept."""
    picks = (
        slice(o * d, o * d + s * (n - 1) + 1, s)
        for o, s, d, n in zip(offset, step, spread, space, strict=True)
    )
    return (slice(None), slice(None), *picks)


def padded(x: Array, padding: Sequence[int], value: float) -> Array:
    """``x`` with a border of ``value`` around its spatial axes."""
    return np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], constant_values=value)


def _mix(w: Array, x: Array) -> Array:
    """Sum over input channels: w [groups, out, in] and x [batch, groups, in, space]."""
    if w.shape[2] == 1:
        return np.asarray(w[None] * x)
    return np.asarray(np.matmul(w, x))


def conv(x: Array, w: Array, attrs: Attrs) -> Array:
    """The convolution of x (NC...) with w (OI...), one matrix product a kernel element."""
    if x.dtype == np.int8:
        x, w = x.astype(np.int32), w.astype(np.int32)
    groups, stride, spread = attrs["groups"], attrs["stride"], attrs["dilation"]
    sizes = zip(x.shape[2:], w.shape[2:], stride, attrs["padding"], spread, strict=True)
    space = [extent(*s) for s in sizes]
    x = padded(x, attrs["padding"], 0)
    out = np.zeros((x.shape[0], groups, w.shape[0] // groups, math.prod(space)), x.dtype)
    weights = w.reshape(groups, -1, w.shape[1], math.prod(w.shape[2:]))
    for k, offset in enumerate(offsets(w.shape[2:])):
        piece = x[windows(offset, stride, spread, space)]
        piece = piece.reshape(x.shape[0], groups, w.shape[1], -1)
        out += _mix(weights[..., k], piece)
    return out.reshape(x.shape[0], w.shape[0], *space)


def conv_transpose(x: Array, w: Array, attrs: Attrs) -> Array:
    """The adjoint of :func:`conv`: every element of x (NC...) adds its multiple of w (IO...)."""
    groups, stride, padding = attrs["groups"], attrs["stride"], attrs["padding"]
    space, kernel = x.shape[2:], w.shape[2:]
    extra = attrs["output_padding"]
    full = [(n - 1) * s + k + e for n, s, k, e in zip(space, stride, kernel, extra, strict=True)]
    out = np.zeros((x.shape[0], w.shape[1] * groups, *full), x.dtype)
    pieces = x.reshape(x.shape[0], groups, x.shape[1] // groups, -1)
    weights = w.reshape(groups, -1, w.shape[1], math.prod(kernel)).transpose(0, 2, 1, 3)
    for k, offset in enumerate(offsets(kernel)):
        made = _mix(weights[..., k], pieces).reshape(*out.shape[:2], *space)
        out[windows(offset, stride, (1,) * len(kernel), space)] += made
    cut = (slice(p, n - p) for p, n in zip(padding, full, strict=True))
    return out[(slice(None), slice(None), *cut)]


def _terms(types: Types, _attrs: Attrs) -> int:
    return math.prod(types[1].shape[1:])


def _conv_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    full = sum_of_products(xs[0], xs[1], _terms(types, attrs))
    if any(attrs["padding"]):
        # In the border fewer products are added up, perhaps none.
        return iv.hull([full, sum_of_products(xs[0], xs[1], 0)])
    return full


def _transposed_terms(types: Types, attrs: Attrs) -> int:
    channels: int = types[1].shape[0] // attrs["groups"]
    return channels * math.prod(types[1].shape[2:])


def _transposed_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    full = sum_of_products(xs[0], xs[1], _transposed_terms(types, attrs))
    return iv.hull([full, Interval(0.0, 0.0)])


def _declare_conv(rank: int, samples: tuple[Sample, ...]) -> None:
    name = f"conv{rank}d"
    declare(
        Op(
            name=name,
            category="compute intensive",
            doc="y[n, o, i] = the sum over c, k of "
            "x[n, c, i * stride - padding + k * dilation] * w[o, c, k]",
            arity=(2, 2),
            params=("x", "w"),
            infer=lambda types, attrs: _conv_type(name, rank, types, attrs),
            meaning=lambda xs, attrs: (conv(xs[0], xs[1], attrs),),
            image=_conv_image,
            flops=lambda types, results, attrs: 2 * results[0].size * _terms(types, attrs),
            attrs=(
                steps("stride", rank, 1, 1),
                steps("padding", rank, 0, 0),
                steps("dilation", rank, 1, 1),
                GROUPS,
            ),
            dtypes=(*FLOATS, I8),
            rounding="summed",
            terms=_terms,
            samples=samples,
        )
    )


def _declare_transposed(rank: int, samples: tuple[Sample, ...]) -> None:
    name = f"conv{rank}d_transpose"
    declare(
        Op(
            name=name,
            category="compute intensive",
            doc="y[n, o, i * stride - padding + k] += x[n, c, i] * w[c, o, k], over all c, i, k",
            arity=(2, 2),
            params=("x", "w"),
            infer=lambda types, attrs: _transposed_type(name, rank, types, attrs),
            meaning=lambda xs, attrs: (conv_transpose(xs[0], xs[1], attrs),),
            image=_transposed_image,
            flops=lambda types, results, attrs: 2 * types[0].size * math.prod(types[1].shape[1:]),
            attrs=(
                steps("stride", rank, 1, 1),
                steps("padding", rank, 0, 0),
                steps("output_padding", rank, 0, 0),
                GROUPS,
            ),
            rounding="summed",
            terms=_transposed_terms,
            samples=samples,
        )
    )


def _pair(x: tuple[int, ...], w: tuple[int, ...], dtype: str = F32) -> tuple[TensorType, ...]:
    return TensorType(x, dtype), TensorType(w, dtype)


_declare_conv(
    1,
    (
        Sample(_pair((2, 3, 17), (4, 3, 3)), {"padding": 1}),
        Sample(_pair((1, 4, 20), (6, 2, 5)), {"stride": 2, "dilation": 2, "groups": 2}),
        Sample(_pair((1, 2, 9), (3, 2, 3), F16)),
    ),
)
_declare_conv(
    2,
    (
        Sample(_pair((1, 3, 9, 11), (4, 3, 3, 3))),
        Sample(_pair((2, 4, 8, 8), (8, 4, 3, 3)), {"stride": 2, "padding": 1}),
        Sample(_pair((1, 2, 11, 13), (5, 2, 3, 2)), {"dilation": (2, 3), "padding": (2, 0)}),
        Sample(_pair((1, 6, 7, 7), (6, 1, 3, 3)), {"padding": 1, "groups": 6}),
        Sample(_pair((1, 4, 7, 7), (6, 2, 1, 1)), {"groups": 2}),
        Sample(_pair((1, 2, 5, 5), (2, 2, 3, 3), F16), {"padding": 1}),
        Sample(_pair((1, 3, 6, 6), (4, 3, 3, 3), I8), {"padding": 1}),
    ),
)
_declare_conv(
    3,
    (
        Sample(_pair((1, 2, 5, 6, 7), (3, 2, 3, 3, 3)), {"padding": 1}),
        Sample(
            _pair((1, 4, 6, 6, 6), (4, 2, 2, 2, 2)),
            {"stride": (1, 2, 2), "dilation": (2, 1, 1), "groups": 2},
        ),
    ),
)
_declare_transposed(
    1,
    (
        Sample(_pair((2, 3, 7), (3, 4, 3))),
        Sample(
            _pair((1, 4, 7), (4, 3, 4)),
            {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2},
        ),
    ),
)
_declare_transposed(
    2,
    (
        Sample(_pair((1, 3, 5, 7), (3, 4, 3, 3))),
        Sample(_pair((1, 4, 5, 5), (4, 2, 4, 4)), {"stride": 2, "padding": 1}),
        Sample(
            _pair((1, 4, 5, 3), (4, 3, 3, 2)),
            {"stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2), "groups": 2},
        ),
    ),
)
