"""Pooling over windows (NCW, NCHW, NCDHW) and over the whole space."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.conv import AXES, extent, offsets, padded, steps, windows
from hpctc.graph.ops.layout import positive
from hpctc.graph.ops.shapes import fits, rank_is

F32, F16 = "float32", "float16"


def _space(shape: Sequence[int], attrs: Attrs) -> list[int]:
    return [
        extent(n, k, s, p, 1)
        for n, k, s, p in zip(
            shape[2:], attrs["kernel"], attrs["stride"], attrs["padding"], strict=True
        )
    ]


def _pool_type(name: str, rank: int, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    x, kernel, padding = types[0], attrs["kernel"], attrs["padding"]
    rank_is(name, x, rank + 2, f"batch, channels, {AXES[rank]}")
    fits(
        name,
        all(2 * p <= k for p, k in zip(padding, kernel, strict=True)),
        f"padding {list(padding)} is more than half of kernel {list(kernel)}",
        "pad at most half a kernel, or a window would hold nothing",
    )
    space = _space(x.shape, attrs)
    fits(
        name,
        positive(space),
        f"the kernel {list(kernel)} does not fit into the input {list(x.shape[2:])} "
        f"with padding {list(padding)}",
        "use a smaller kernel",
    )
    return (TensorType((*x.shape[:2], *space), x.dtype),)


def max_pool(x: Array, attrs: Attrs) -> Array:
    """The largest element of every window; the border never wins."""
    rank, space = x.ndim - 2, _space(x.shape, attrs)
    x = padded(x, attrs["padding"], -np.inf)
    out = np.full((*x.shape[:2], *space), -np.inf, x.dtype)
    for offset in offsets(attrs["kernel"]):
        np.maximum(out, x[windows(offset, attrs["stride"], (1,) * rank, space)], out=out)
    return out


def avg_pool(x: Array, attrs: Attrs) -> Array:
    """The mean of every window; the border counts as zeros only if ``count_include_pad``."""
    total = _window_sums(x, attrs)
    if attrs["count_include_pad"]:
        return np.asarray(total / x.dtype.type(math.prod(attrs["kernel"])))
    return np.asarray(total / _window_sums(np.ones((1, 1, *x.shape[2:]), x.dtype), attrs))


def _window_sums(x: Array, attrs: Attrs) -> Array:
    rank, space = x.ndim - 2, _space(x.shape, attrs)
    x = padded(x, attrs["padding"], 0.0)
    out = np.zeros((*x.shape[:2], *space), x.dtype)
    for offset in offsets(attrs["kernel"]):
        out += x[windows(offset, attrs["stride"], (1,) * rank, space)]
    return out


def adaptive_pool(x: Array, size: Sequence[int], fold: Callable[..., Any]) -> Array:
    """Bin i of m folded: from floor(i * n / m) to ceil((i + 1) * n / m), per spatial axis."""
    for axis, m in enumerate(size, 2):
        n = x.shape[axis]
        bins = [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
        parts = [
            fold(np.take(x, range(a, b), axis=axis), axis=axis, keepdims=True) for a, b in bins
        ]
        x = np.concatenate(parts, axis=axis)
    return x


def _samples(rank: int) -> tuple[Sample, ...]:
    shape = {1: (2, 3, 17), 2: (1, 3, 9, 11), 3: (1, 2, 5, 6, 7)}[rank]
    return (
        Sample((TensorType(shape, F32),), {"kernel": 2, "stride": 2}),
        Sample((TensorType(shape, F32),), {"kernel": 3, "stride": 2, "padding": 1}),
        Sample((TensorType(shape, F16),), {"kernel": (3, 2, 2)[:rank], "stride": 1}),
    )


def _declare_pools(rank: int) -> None:
    attrs = (
        steps("kernel", rank, None, 1),
        steps("stride", rank, None, 1),
        steps("padding", rank, 0, 0),
    )
    declare(
        Op(
            name=f"max_pool{rank}d",
            category="logic intensive",
            doc="y[n, c, i] = the largest x[n, c, i * stride - padding + k] over k",
            arity=(1, 1),
            infer=lambda types, attrs: _pool_type(f"max_pool{rank}d", rank, types, attrs),
            meaning=lambda xs, attrs: (max_pool(xs[0], attrs),),
            image=iv.same,
            flops=lambda types, results, attrs: results[0].size * math.prod(attrs["kernel"]),
            attrs=attrs,
            dtypes=FLOATS,
            rounding="exact",
            samples=_samples(rank),
        )
    )
    declare(
        Op(
            name=f"avg_pool{rank}d",
            category="logic intensive",
            doc="y[n, c, i] = the mean of x[n, c, i * stride - padding + k] over k",
            arity=(1, 1),
            infer=lambda types, attrs: _pool_type(f"avg_pool{rank}d", rank, types, attrs),
            meaning=lambda xs, attrs: (avg_pool(xs[0], attrs),),
            image=lambda xs, types, attrs: iv.widened(
                iv.hull([xs[0], Interval(0.0, 0.0)])
                if attrs["count_include_pad"] and any(attrs["padding"])
                else xs[0]
            ),
            flops=lambda types, results, attrs: results[0].size * (math.prod(attrs["kernel"]) + 1),
            attrs=(*attrs, AttrDef("count_include_pad", "bool", False)),
            rounding="averaged",
            terms=lambda types, attrs: math.prod(attrs["kernel"]),
            samples=(
                *_samples(rank),
                Sample(
                    _samples(rank)[0].types,
                    {"kernel": 3, "stride": 1, "padding": 1, "count_include_pad": True},
                ),
            ),
        )
    )


for _rank in (1, 2, 3):
    _declare_pools(_rank)


def _global_type(name: str, types: Types) -> tuple[TensorType, ...]:
    x = types[0]
    fits(name, x.rank >= 3, f"x is {x}", "x needs 3 axes or more: batch, channels, space")
    return (TensorType((*x.shape[:2], *(1,) * (x.rank - 2)), x.dtype),)


def _adaptive_type(name: str, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    rank_is(name, types[0], 4, "batch, channels, height, width")
    return (TensorType((*types[0].shape[:2], *attrs["size"]), types[0].dtype),)


def _declare_global(name: str, fold: Callable[..., Any], word: str, **rest: Any) -> None:
    declare(
        Op(
            name=name,
            category="reduction",
            doc=f"y[n, c, 0, ...] = the {word} x[n, c] over its space",
            arity=(1, 1),
            infer=lambda types, attrs: _global_type(name, types),
            meaning=lambda xs, attrs: (
                np.asarray(fold(xs[0], axis=tuple(range(2, xs[0].ndim)), keepdims=True)),
            ),
            flops=lambda types, results, attrs: types[0].size,
            samples=(
                Sample((TensorType((2, 3, 5, 7), F32),)),
                Sample((TensorType((1, 4, 9), F16),)),
            ),
            **rest,
        )
    )


def _declare_adaptive(name: str, fold: Callable[..., Any], word: str, **rest: Any) -> None:
    declare(
        Op(
            name=name,
            category="logic intensive",
            doc=f"y[n, c, i, j] = the {word} bin (i, j); bin i of m is floor(i n / m) to "
            "ceil((i + 1) n / m)",
            arity=(1, 1),
            infer=lambda types, attrs: _adaptive_type(name, types, attrs),
            meaning=lambda xs, attrs: (adaptive_pool(xs[0], attrs["size"], fold),),
            flops=lambda types, results, attrs: types[0].size,
            attrs=(
                AttrDef(
                    "size", "ints", legal="a number or a list of 2 >= 1", check=positive, length=2
                ),
            ),
            samples=(
                Sample((TensorType((1, 3, 8, 8), F32),), {"size": 2}),
                Sample((TensorType((2, 2, 7, 5), F32),), {"size": (3, 4)}),
                Sample((TensorType((1, 2, 6, 9), F16),), {"size": (1, 3)}),
            ),
            **rest,
        )
    )


_declare_global(
    "global_avg_pool", np.mean, "mean of", rounding="averaged",
    image=lambda xs, types, attrs: iv.widened(xs[0]),
    terms=lambda types, attrs: math.prod(types[0].shape[2:]),
)  # fmt: skip
_declare_adaptive(
    "adaptive_avg_pool2d", np.mean, "mean of", rounding="averaged",
    image=lambda xs, types, attrs: iv.widened(xs[0]),
    terms=lambda types, attrs: math.prod(
        n // m + 2 for n, m in zip(types[0].shape[2:], attrs["size"], strict=True)
    ),
)  # fmt: skip
_declare_global("global_max_pool", np.max, "largest of", rounding="exact", image=iv.same)
_declare_adaptive("adaptive_max_pool2d", np.max, "largest of", rounding="exact", image=iv.same)
