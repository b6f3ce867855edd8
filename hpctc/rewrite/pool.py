"""Pools by shifted maxima and sums, axis by axis, and by reductions."""

import itertools
import math
from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.reduced import ExtremeOfRising
from hpctc.rewrite.shapes import bordered, ints, window

MAX_POOLS = ("max_pool1d", "max_pool2d", "max_pool3d")
AVG_POOLS = ("avg_pool1d", "avg_pool2d", "avg_pool3d")
MOST_TAPS = 27
"""Window elements that a rewrite is ready to write out."""


def counts_border(node: Node) -> bool:
    """Whether an average over the window divides by the kernel's size everywhere."""
    return bool(dict(node.attrs)["count_include_pad"]) or not any(ints(node, "padding"))


def pooled(edit: Edit, node: Node, x: Arg, first: int = 2) -> str | None:
    """The windows' maxima or means, by one pass over ``x`` for every place in the window.

    ``x`` is the operand in the layout that is wanted; there the axes of space begin at ``first``.
    A maximum takes the lower end of the interval of ``x`` for a border: no element is less. None:
    the window is large, or means divide by less at the border.
    """
    kernel, stride, padding = (ints(node, a) for a in ("kernel", "stride", "padding"))
    average = node.op in AVG_POOLS
    if not 2 <= math.prod(kernel) <= MOST_TAPS or (average and not counts_border(node)):
        return None
    low = 0.0 if average else edit.interval(x).low
    if any(padding):
        if not math.isfinite(low):
            return None
        x = bordered(edit, x, first, padding, float(math.floor(low)))
    space = node.results[0].type.shape[2:]
    offsets = itertools.product(*(range(k) for k in kernel))
    total, *rest = [window(edit, x, first, offset, space, stride) for offset in offsets]
    for seen in rest:
        total = edit.op("add" if average else "maximum", total, seen)
    return edit.op("div", total, math.prod(kernel)) if average else total


@dataclass(frozen=True)
class MaxPoolAsMaximum(Rewrite):
    """The maximum of the window's elements, each seen as a shifted input."""

    name = "max-pool-as-maximum"
    rule = "max_pool(x) = maximum over k of x[k::s], the border is the least that x can be"
    ops = MAX_POOLS
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Pads with the lower end of the interval of x: no element is less."""
        return pooled(edit, node, node.args[0])


@dataclass(frozen=True)
class AvgPoolAsSum(Rewrite):
    """The sum of the window's elements, each seen as a shifted input, over their count."""

    name = "avg-pool-as-sum"
    rule = "avg_pool(x) = (sum over k of x[k::s]) / kernel size"
    ops = AVG_POOLS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The border counts as zeros, or there is none."""
        return pooled(edit, node, node.args[0])


@dataclass(frozen=True)
class PoolByAxis(Rewrite):
    """Pool along one axis, then along the others."""

    name = "pool-axis-by-axis"
    rule = "pool(x, [k0, k1]) = pool(pool(x, [k0, 1]), [1, k1])"
    ops = (*MAX_POOLS[1:], *AVG_POOLS[1:])
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two axes with a window of more than one; an average must divide by one number."""
        kernel, stride, padding = (ints(node, a) for a in ("kernel", "stride", "padding"))
        busy = [i for i, k in enumerate(kernel) if (k, stride[i]) != (1, 1)]
        if len(busy) < 2 or (node.op in AVG_POOLS and not counts_border(node)):
            return None
        value: Arg = node.args[0]
        for axes in (busy[:1], busy[1:]):
            attrs = dict(node.attrs) | {
                "kernel": tuple(k if i in axes else 1 for i, k in enumerate(kernel)),
                "stride": tuple(s if i in axes else 1 for i, s in enumerate(stride)),
                "padding": tuple(p if i in axes else 0 for i, p in enumerate(padding)),
            }
            value = edit.op(node.op, value, **attrs)
        assert isinstance(value, str)
        return value


@dataclass(frozen=True)
class PoolByReshape(Rewrite):
    """Windows that tile the input are axes of their own: reduce them."""

    name = "pool-by-reshape"
    rule = "pool(x, k, stride=k) = max or mean of reshape(x, [n, c, h / k, k, ...])"
    ops = (*MAX_POOLS, *AVG_POOLS)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No padding, the stride is the kernel and divides the extents."""
        kernel = ints(node, "kernel")
        batch, channels, *space = edit.shape(node.args[0])
        tiles = all(n % k == 0 for n, k in zip(space, kernel, strict=True))
        if any(ints(node, "padding")) or ints(node, "stride") != kernel or not tiles:
            return None
        pairs = [e for n, k in zip(space, kernel, strict=True) for e in (n // k, k)]
        folded = edit.op("reshape", node.args[0], shape=(batch, channels, *pairs))
        how = "max" if node.op in MAX_POOLS else "mean"
        axes = tuple(range(3, 3 + 2 * len(kernel), 2))
        return edit.op(how, folded, axes=axes)


@dataclass(frozen=True)
class PoolStrideBySlice(Rewrite):
    """Pool at every place and keep every s-th."""

    name = "pool-stride-by-slice"
    rule = "pool(x, stride=s) = pool(x, stride=1)[::s]"
    ops = (*MAX_POOLS, *AVG_POOLS)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """More work, the same values."""
        stride = ints(node, "stride")
        if set(stride) == {1}:
            return None
        attrs = dict(node.attrs) | {"stride": (1,) * len(stride)}
        every = edit.op(node.op, node.args[0], **attrs)
        shape = edit.shape(every)
        return edit.op("slice", every, begin=(0,) * len(shape), end=shape, step=(1, 1, *stride))


@dataclass(frozen=True)
class Pool1dAs2d(Rewrite):
    """Pool along a line as over an image of one row."""

    name = "pool1d-as-pool2d"
    rule = "pool1d(x) = squeeze(pool2d(x[n, c, 1, l]))"
    ops = (MAX_POOLS[0], AVG_POOLS[0])
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The new axis has a window of one."""
        attrs = dict(node.attrs) | {
            "kernel": (1, *ints(node, "kernel")),
            "stride": (1, *ints(node, "stride")),
            "padding": (0, *ints(node, "padding")),
        }
        image = edit.op("expand_dims", node.args[0], axes=(2,))
        wide = edit.op(node.op.replace("1d", "2d"), image, **attrs)
        return edit.op("squeeze", wide, axes=(2,))


@dataclass(frozen=True)
class MaxPoolOfRising(ExtremeOfRising):
    """Apply a function that never falls to the maxima only: once a window, not once an element."""

    name = "max-pool-of-rising"
    rule = "max_pool(f(x)) = f(max_pool(x)) for rising f"
    ops = MAX_POOLS
    weight = 2.0


@dataclass(frozen=True)
class GlobalAvgPoolAsMean(Rewrite):
    """The global average is a mean over space."""

    name = "global-avg-pool-as-mean"
    rule = "global_avg_pool(x) = mean(x over space, keepdims)"
    ops = ("global_avg_pool",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """All axes but batch and channels."""
        axes = tuple(range(2, len(edit.shape(node.args[0]))))
        return edit.op("mean", node.args[0], axes=axes, keepdims=True)


@dataclass(frozen=True)
class MeanAsGlobalAvgPool(Rewrite):
    """A mean over space is the global average."""

    name = "mean-as-global-avg-pool"
    rule = "mean(x over space) = global_avg_pool(x)"
    ops = ("mean",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """All axes but the first two are reduced."""
        rank = len(edit.shape(node.args[0]))
        if rank < 3 or ints(node, "axes") != tuple(range(2, rank)):
            return None
        pooled = edit.op("global_avg_pool", node.args[0])
        if dict(node.attrs)["keepdims"]:
            return pooled
        return edit.op("squeeze", pooled, axes=tuple(range(2, rank)))


@dataclass(frozen=True)
class AdaptiveAsAvgPool(Rewrite):
    """Bins of equal size are windows."""

    name = "adaptive-pool-as-avg-pool"
    rule = "adaptive_avg_pool2d(x, m) = avg_pool2d(x, n / m, stride=n / m)"
    ops = ("adaptive_avg_pool2d",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The new extents divide the old ones."""
        size = ints(node, "size")
        space = edit.shape(node.args[0])[2:]
        if any(n % m for n, m in zip(space, size, strict=True)):
            return None
        kernel = tuple(n // m for n, m in zip(space, size, strict=True))
        return edit.op("avg_pool2d", node.args[0], kernel=kernel, stride=kernel)


@dataclass(frozen=True)
class UpsampleByRepeat(Rewrite):
    """Enlarge by repeating rows and columns."""

    name = "upsample-by-repeat"
    rule = "upsample2d(x, [a, b]) = repeat(repeat(x, a, 2), b, 3)"
    ops = ("upsample2d",)
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Rows, then columns."""
        value = node.args[0]
        for axis, scale in enumerate(ints(node, "scale"), 2):
            value = edit.op("repeat", value, repeats=scale, axis=axis) if scale > 1 else value
        return value if value != node.args[0] and isinstance(value, str) else None


@dataclass(frozen=True)
class ResizeAsUpsample(Rewrite):
    """The nearest pixel, for whole factors, is the same as repeating."""

    name = "resize-as-upsample"
    rule = "resize2d(x, k * size(x), nearest) = upsample2d(x, k)"
    ops = ("resize2d",)
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The new extents are multiples of the old ones."""
        size = ints(node, "size")
        space = edit.shape(node.args[0])[2:]
        whole = all(m % n == 0 for m, n in zip(size, space, strict=True))
        if not whole or dict(node.attrs)["method"] != "nearest":
            return None
        scale = tuple(m // n for m, n in zip(size, space, strict=True))
        return edit.op("upsample2d", node.args[0], scale=scale)


@dataclass(frozen=True)
class UpsampleAsResize(Rewrite):
    """Repeating pixels is taking the nearest one."""

    name = "upsample-as-resize"
    rule = "upsample2d(x, k) = resize2d(x, k * size(x), nearest)"
    ops = ("upsample2d",)
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Whole factors: no half lies between two pixels."""
        return edit.op("resize2d", node.args[0], size=node.results[0].type.shape[2:])


@dataclass(frozen=True)
class CumulativePool(Rewrite):
    """Windows of two, then windows of what is left."""

    name = "max-pool-in-two-steps"
    rule = "max_pool(x, k) = max_pool(max_pool(x, k - 1), 2) for stride 1"
    ops = MAX_POOLS
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs equal windows of 3 or more along every axis, stride 1 and no padding."""
        kernel = ints(node, "kernel")
        if set(ints(node, "stride")) != {1} or any(ints(node, "padding")) or min(kernel) < 3:
            return None
        ones = (1,) * len(kernel)
        first = edit.op(node.op, node.args[0], kernel=tuple(k - 1 for k in kernel), stride=ones)
        return edit.op(node.op, first, kernel=(2,) * len(kernel), stride=ones)
