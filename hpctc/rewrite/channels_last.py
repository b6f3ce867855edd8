"""Images with their channels innermost (NHWC): what is done to a point reads one stretch of memory.

Every rule computes in that layout between two transpositions, which others then move, merge and
cancel (``transpose-after``, ``push-transpose``, ``compose-transposes``).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.conv import CONVS, MOST_TAPS, count_taps, taps
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.normalization import affine, normalized
from hpctc.rewrite.pool import AVG_POOLS, MAX_POOLS, pooled
from hpctc.rewrite.shapes import added, integer, number, part


def channels_last(edit: Edit, x: Arg) -> str:
    """``[batch, channels, space...]`` as ``[batch, space..., channels]``."""
    rank = len(edit.shape(x))
    return edit.op("transpose", x, perm=(0, *range(2, rank), 1))


def channels_first(edit: Edit, x: Arg) -> str:
    """``[batch, space..., channels]`` as ``[batch, channels, space...]``."""
    rank = len(edit.shape(x))
    return edit.op("transpose", x, perm=(0, rank - 1, *range(1, rank - 1)))


def seen(edit: Edit, node: Node) -> Iterator[str]:
    """Per tap of a kernel, the input elements of all output elements, channels last."""
    return (one for _, one in taps(edit, node, channels_last(edit, node.args[0]), 1))


def kernel_last(edit: Edit, w: Arg) -> str:
    """``[out, in, taps...]`` as ``[tap, in, out]`` (HWIO, with the taps in one axis)."""
    out, channels, *extents = edit.shape(w)
    moved = edit.op("transpose", w, perm=(*range(2, 2 + len(extents)), 1, 0))
    return edit.op("reshape", moved, shape=(math.prod(extents), channels, out))


@dataclass(frozen=True)
class ConvChannelsLast(Rewrite):
    """One product of matrices for every tap of the kernel, points by channels, added up."""

    name = "conv-channels-last"
    rule = "conv(x, w) = nchw(sum over taps k of nhwc(x) shifted by k @ w[:, :, k]^T)"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups."""
        if integer(node, "groups") != 1 or count_taps(edit, node) > MOST_TAPS:
            return None
        weights = kernel_last(edit, node.args[1])

        def product(tap: int, points: str) -> str:
            matrix = edit.op("squeeze", part(edit, weights, 0, tap, tap + 1), axes=(0,))
            return edit.op("matmul", points, matrix)

        return channels_first(edit, added(edit, starmap(product, enumerate(seen(edit, node)))))


@dataclass(frozen=True)
class Im2row(Rewrite):
    """Gather every window into a row, channels innermost, and multiply once."""

    name = "conv-as-im2row"
    rule = "conv(x, w) = nchw(concat over taps k of nhwc(x) shifted by k @ reshape(w, [k c, o]))"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups; two taps or more."""
        if integer(node, "groups") != 1 or not 2 <= count_taps(edit, node) <= MOST_TAPS:
            return None
        weights = kernel_last(edit, node.args[1])
        count, channels, out = edit.shape(weights)
        matrix = edit.op("reshape", weights, shape=(count * channels, out))
        rows = edit.op("concat", *seen(edit, node), axis=len(edit.shape(node.args[0])) - 1)
        return channels_first(edit, edit.op("matmul", rows, matrix))


@dataclass(frozen=True)
class DepthwiseChannelsLast(Rewrite):
    """A kernel for each channel: whole points times the weights of a tap, added up."""

    name = "depthwise-channels-last"
    rule = "conv(x, w, groups=c) = nchw(sum over taps k of nhwc(x) shifted by k * w[:, 0, k])"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """As many outputs as inputs as groups."""
        channels = edit.shape(node.args[0])[1]
        if not integer(node, "groups") == channels == edit.shape(node.args[1])[0]:
            return None
        if count_taps(edit, node) > MOST_TAPS or channels == 1:
            return None
        weights = edit.op("squeeze", kernel_last(edit, node.args[1]), axes=(1,))
        products = (
            edit.op("mul", points, part(edit, weights, 0, tap, tap + 1))
            for tap, points in enumerate(seen(edit, node))
        )
        return channels_first(edit, added(edit, products))


@dataclass(frozen=True)
class PoolChannelsLast(Rewrite):
    """The maximum or the mean of a window, all channels of a point at a time."""

    name = "pool-channels-last"
    rule = "pool(x) = nchw(maximum, or mean, over k of nhwc(x)[k::s])"
    ops = (*MAX_POOLS, *AVG_POOLS)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """A mean divides by the size of the window everywhere."""
        value = pooled(edit, node, channels_last(edit, node.args[0]), 1)
        return None if value is None else channels_first(edit, value)


@dataclass(frozen=True)
class GlobalPoolChannelsLast(Rewrite):
    """The mean or the maximum over all points, all channels of a point at a time."""

    name = "global-pool-channels-last"
    rule = "global_avg_pool(x) = nchw(mean(nhwc(x) over points)), likewise global_max_pool"
    ops = ("global_avg_pool", "global_max_pool")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Channels are innermost while points are reduced."""
        axes = tuple(range(1, len(edit.shape(node.args[0])) - 1))
        how = "mean" if node.op == "global_avg_pool" else "max"
        reduced = edit.op(how, channels_last(edit, node.args[0]), axes=axes)
        return edit.op("reshape", reduced, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class BatchNormChannelsLast(Rewrite):
    """Scale and shift whole points: the parameters lie along the last axis."""

    name = "batch-norm-channels-last"
    rule = "batch_norm(x, g, b, m, v) = nchw((nhwc(x) - m) * (g / sqrt(v + eps)) + b)"
    ops = ("batch_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs space: a matrix has its channels last."""
        x, gamma, beta, mean, variance = node.args
        if len(edit.shape(x)) < 3:
            return None
        root = edit.op("sqrt", edit.op("add", variance, number(node, "eps")))
        centred = edit.op("sub", channels_last(edit, x), mean)
        return channels_first(edit, affine(edit, centred, edit.op("div", gamma, root), beta))


@dataclass(frozen=True)
class GroupNormChannelsLast(Rewrite):
    """Normalise groups of neighbouring channels; the parameters lie along the last axis."""

    name = "group-norm-channels-last"
    rule = "group_norm(x, g, b) = nchw(normalized(reshape(nhwc(x), [n, p, groups, r])) * g + b)"
    ops = ("group_norm", "instance_norm")
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Instance norm has a group for each channel."""
        x, gamma, beta = node.args
        batch, channels, *space = edit.shape(x)
        groups = channels if node.op == "instance_norm" else integer(node, "groups")
        last = channels_last(edit, x)
        shape = (batch, math.prod(space), groups, channels // groups)
        grouped = edit.op("reshape", last, shape=shape)
        value = normalized(edit, grouped, (1, 3), number(node, "eps"))
        flat = edit.op("reshape", value, shape=edit.shape(last))
        return channels_first(edit, affine(edit, flat, gamma, beta))


@dataclass(frozen=True)
class PreluChannelsLast(Rewrite):
    """The slopes of the rectifier lie along the last axis."""

    name = "prelu-channels-last"
    rule = "prelu(x, a, axis=i) = transpose(prelu(transpose(x, i last), a, axis=-1), back)"
    ops = ("prelu",)
    weight = 2.0
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Any axis but the last."""
        x, slopes = node.args
        rank = len(edit.shape(x))
        axis = integer(node, "axis") % rank
        if axis == rank - 1:
            return None
        perm = (*(a for a in range(rank) if a != axis), axis)
        value = edit.op("prelu", edit.op("transpose", x, perm=perm), slopes, axis=rank - 1)
        return edit.op("transpose", value, perm=tuple(perm.index(a) for a in range(rank)))


@dataclass(frozen=True)
class ScaleShiftChannelsLast(Rewrite):
    """Scale and shift whole points, the parameters along the last axis."""

    name = "scale-shift-channels-last"
    rule = "scale_shift_nchw(x, s, b) = nchw(nhwc(x) * s + b)"
    ops = ("scale_shift_nchw",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Broadcast along the last axis."""
        x, scale, shift = node.args
        return channels_first(edit, affine(edit, channels_last(edit, x), scale, shift))
