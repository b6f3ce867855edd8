"""Convolutions by products of matrices, by shifted sums, by one another."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.shapes import added, bordered, halves, integer, ints, part, window

CONVS = ("conv1d", "conv2d", "conv3d")
MOST_TAPS = 27
"""Taps of a kernel that a rewrite is ready to write out."""


def taps(
    edit: Edit, node: Node, x: Arg | None = None, first: int = 2
) -> Iterator[tuple[tuple[int, ...], str]]:
    """``(offset, x seen through that tap)``: per tap, the input element of every output element.

    ``x`` is the input in the layout that is wanted; there the axes of space begin at ``first``.
    """
    w = node.args[1]
    stride, padding, dilation = (ints(node, a) for a in ("stride", "padding", "dilation"))
    padded = bordered(edit, node.args[0] if x is None else x, first, padding)
    space = node.results[0].type.shape[2:]
    for offset in itertools.product(*(range(k) for k in edit.shape(w)[2:])):
        begin = tuple(o * d for o, d in zip(offset, dilation, strict=True))
        yield offset, window(edit, padded, first, begin, space, stride)


def count_taps(edit: Edit, node: Node) -> int:
    """How many taps the kernel has."""
    count = 1
    for extent in edit.shape(node.args[1])[2:]:
        count *= extent
    return count


def weights_at(edit: Edit, w: str | int | float, offset: tuple[int, ...]) -> str:
    """The weights of one tap, ``[out, in / groups, 1, ...]``."""
    shape = edit.shape(w)
    return edit.op(
        "slice",
        w,
        begin=(0, 0, *offset),
        end=(*shape[:2], *(o + 1 for o in offset)),
    )


@dataclass(frozen=True)
class Im2col(Rewrite):
    """Gather every window into a column and multiply once (Chellapilla et al., 2006)."""

    name = "conv-as-im2col"
    rule = "conv(x, w) = reshape(w, [o, c k]) @ reshape(stack of shifted x, [n, c k, p])"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Pad, one slice a tap, stack behind the channels, multiply, restore the axes."""
        if integer(node, "groups") != 1 or count_taps(edit, node) > MOST_TAPS:
            return None
        x, w = node.args
        batch, channels = edit.shape(x)[:2]
        columns = edit.op("stack", *(seen for _, seen in taps(edit, node)), axis=2)
        depth = channels * count_taps(edit, node)
        matrix = edit.op(
            "reshape", columns, shape=(batch, depth, edit.type(columns).size // batch // depth)
        )
        weights = edit.op("reshape", w, shape=(edit.shape(w)[0], depth))
        product = edit.op("matmul", weights, matrix)
        return edit.op("reshape", product, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class ShiftAndAdd(Rewrite):
    """One product of matrices for every tap of the kernel, added up."""

    name = "conv-as-shifted-matmuls"
    rule = "conv(x, w) = sum over taps k of w[:, :, k] @ x shifted by k"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Space is flattened for the products."""
        if integer(node, "groups") != 1 or not 2 <= count_taps(edit, node) <= MOST_TAPS:
            return None
        x, w = node.args
        out, channels = edit.shape(w)[:2]

        def product(offset: tuple[int, ...], seen: str) -> str:
            weights = edit.op("reshape", weights_at(edit, w, offset), shape=(out, channels))
            points = edit.type(seen).size // (edit.shape(x)[0] * channels)
            flat = edit.op("reshape", seen, shape=(edit.shape(x)[0], channels, points))
            return edit.op("matmul", weights, flat)

        total = added(edit, (product(*tap) for tap in taps(edit, node)))
        return edit.op("reshape", total, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class PointwiseAsMatmul(Rewrite):
    """A kernel of one point mixes channels: a product of matrices."""

    name = "pointwise-conv-as-matmul"
    rule = "conv(x, w[o, c, 1, ...]) = reshape(w, [o, c]) @ reshape(x, [n, c, p])"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No stride, no padding, no groups."""
        plain = set(ints(node, "stride")) == {1} and not any(ints(node, "padding"))
        if not plain or integer(node, "groups") != 1 or count_taps(edit, node) != 1:
            return None
        x, w = node.args
        batch, channels = edit.shape(x)[:2]
        points = edit.type(x).size // (batch * channels)
        flat = edit.op("reshape", x, shape=(batch, channels, points))
        product = edit.op("matmul", edit.op("reshape", w, shape=edit.shape(w)[:2]), flat)
        return edit.op("reshape", product, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class DepthwiseAsSum(Rewrite):
    """A kernel for each channel: elementwise products with shifted inputs, added up."""

    name = "depthwise-conv-as-sum"
    rule = "conv(x, w, groups=c) = sum over taps k of w[:, 0, k] * x shifted by k"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """As many outputs as inputs as groups."""
        x, w = node.args
        channels = edit.shape(x)[1]
        if not integer(node, "groups") == channels == edit.shape(w)[0]:
            return None
        if count_taps(edit, node) > MOST_TAPS:
            return None

        def product(offset: tuple[int, ...], seen: str) -> str:
            ones = (1,) * len(offset)
            weights = edit.op("reshape", weights_at(edit, w, offset), shape=(channels, *ones))
            return edit.op("mul", seen, weights)

        return added(edit, (product(*tap) for tap in taps(edit, node)))


@dataclass(frozen=True)
class ExplicitPadding(Rewrite):
    """Pad first, convolve without padding."""

    name = "conv-explicit-padding"
    rule = "conv(x, w, padding=p) = conv(pad(x, p), w)"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The border is of zeros."""
        padding = ints(node, "padding")
        if not any(padding):
            return None
        border = (0, 0, *padding)
        padded = edit.op("pad", node.args[0], before=border, after=border)
        attrs = dict(node.attrs) | {"padding": (0,) * len(padding)}
        return edit.op(node.op, padded, node.args[1], **attrs)


@dataclass(frozen=True)
class StrideBySlice(Rewrite):
    """Convolve at every place and keep every s-th."""

    name = "conv-stride-by-slice"
    rule = "conv(x, w, stride=s) = conv(x, w)[::s]"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """More work, the same values."""
        stride = ints(node, "stride")
        if set(stride) == {1}:
            return None
        dense = edit.op(node.op, *node.args, **(dict(node.attrs) | {"stride": (1,) * len(stride)}))
        shape = edit.shape(dense)
        return edit.op("slice", dense, begin=(0,) * len(shape), end=shape, step=(1, 1, *stride))


@dataclass(frozen=True)
class SplitGroups(Rewrite):
    """Convolve group by group and join the channels."""

    name = "conv-split-groups"
    rule = "conv(x, w, groups=g) = concat over i of conv(x of group i, w of group i)"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """At most 8 groups."""
        x, w = node.args
        groups = integer(node, "groups")
        if not 2 <= groups <= 8:
            return None
        inputs = edit.ops("split", x, parts=groups, axis=1)
        weights = edit.ops("split", w, parts=groups, axis=0)
        attrs = dict(node.attrs) | {"groups": 1}
        parts = [edit.op(node.op, a, b, **attrs) for a, b in zip(inputs, weights, strict=True)]
        return edit.op("concat", *parts, axis=1)


@dataclass(frozen=True)
class SplitOutputs(Rewrite):
    """Compute the two halves of the output channels on their own."""

    name = "conv-split-outputs"
    rule = "conv(x, w) = concat(conv(x, w[:h]), conv(x, w[h:]))"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups; two output channels or more."""
        x, w = node.args
        if integer(node, "groups") != 1 or edit.shape(w)[0] < 2:
            return None
        parts = [edit.op(node.op, x, p, **dict(node.attrs)) for p in halves(edit, w, 0)]
        return edit.op("concat", *parts, axis=1)


@dataclass(frozen=True)
class SplitInputs(Rewrite):
    """Convolve the two halves of the input channels and add."""

    name = "conv-split-inputs"
    rule = "conv(x, w) = conv(x[:, :h], w[:, :h]) + conv(x[:, h:], w[:, h:])"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups; two input channels or more."""
        x, w = node.args
        if integer(node, "groups") != 1 or edit.shape(w)[1] < 2:
            return None
        pairs = zip(halves(edit, x, 1), halves(edit, w, 1), strict=True)
        return edit.op("add", *(edit.op(node.op, a, b, **dict(node.attrs)) for a, b in pairs))


@dataclass(frozen=True)
class AsConv2d(Rewrite):
    """Convolve along a line as over an image of one row."""

    name = "conv1d-as-conv2d"
    rule = "conv1d(x, w) = squeeze(conv2d(x[n, c, 1, l], w[o, c, 1, k]))"
    ops = ("conv1d",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The new axis has stride 1 and no padding."""
        image, kernel = (edit.op("expand_dims", a, axes=(2,)) for a in node.args)
        wide = edit.op(
            "conv2d",
            image,
            kernel,
            stride=(1, *ints(node, "stride")),
            padding=(0, *ints(node, "padding")),
            dilation=(1, *ints(node, "dilation")),
            groups=integer(node, "groups"),
        )
        return edit.op("squeeze", wide, axes=(2,))


@dataclass(frozen=True)
class WholeAsMatmul(Rewrite):
    """A kernel as large as the image sees it once: a dense layer."""

    name = "whole-conv-as-dense"
    rule = "conv(x, w) = dense(flatten(x), flatten(w)) for a kernel of the image's extents"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No padding, no groups, a result of one point."""
        x, w = node.args
        if any(ints(node, "padding")) or integer(node, "groups") != 1:
            return None
        if edit.shape(x)[1:] != edit.shape(w)[1:]:
            return None
        flat = [
            edit.op("reshape", v, shape=(edit.shape(v)[0], edit.type(v).size // edit.shape(v)[0]))
            for v in (x, w)
        ]
        return edit.op("reshape", edit.op("dense", *flat), shape=node.results[0].type.shape)


@dataclass(frozen=True)
class ConvOfSum(Rewrite):
    """Convolve the terms of a sum one by one."""

    name = "conv-of-sum"
    rule = "conv(a + b, w) = conv(a, w) + conv(b, w), likewise -"
    ops = CONVS
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Both terms have the full shape."""
        x, w = node.args
        inner = edit.view.producer(x, "add", "sub")
        if inner is None or any(edit.shape(t) != edit.shape(x) for t in inner.args):
            return None
        return edit.op(inner.op, *(edit.op(node.op, t, w, **dict(node.attrs)) for t in inner.args))


@dataclass(frozen=True)
class FoldBatchNorm(Rewrite):
    """Scale the weights instead of the result of the convolution."""

    name = "fold-batch-norm"
    rule = "batch_norm(conv(x, w), g, b, m, v) = conv(x, w s) + (b - m s), s = g / sqrt(v + eps)"
    ops = ("batch_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The scale belongs to the output channels: the first axis of the weights."""
        y, gamma, beta, mean, variance = node.args
        conv = edit.view.producer(y, *CONVS)
        if conv is None:
            return None
        x, w = conv.args
        eps = dict(node.attrs)["eps"]
        assert isinstance(eps, float)
        scale = edit.op("mul", gamma, edit.op("rsqrt", edit.op("add", variance, eps)))
        ones = (1,) * (len(edit.shape(w)) - 2)
        out = edit.shape(w)[0]
        scaled = edit.op("mul", w, edit.op("reshape", scale, shape=(out, 1, *ones)))
        shift = edit.op("sub", beta, edit.op("mul", mean, scale))
        value = edit.op(conv.op, x, scaled, **dict(conv.attrs))
        return edit.op("add", value, edit.op("reshape", shift, shape=(out, *ones)))


@dataclass(frozen=True)
class TransposedAsConv(Rewrite):
    """Spread the input with zeros and convolve with the mirrored kernel."""

    name = "transposed-conv-as-conv"
    rule = "conv_transpose(x, w, s, p) = conv(x spread by s, flip(w)^T, padding=k - 1 - p)"
    ops = ("conv1d_transpose", "conv2d_transpose")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups; less padding than the kernel reaches."""
        x, w = node.args
        stride, padding, extra = (ints(node, a) for a in ("stride", "padding", "output_padding"))
        border = tuple(k - 1 - p for k, p in zip(edit.shape(w)[2:], padding, strict=True))
        if integer(node, "groups") != 1 or min(border) < 0:
            return None
        for axis, s in enumerate(stride, 2):
            x = self._spread(edit, x, axis, s)
        after = tuple(b + e for b, e in zip(border, extra, strict=True))
        padded = edit.op("pad", x, before=(0, 0, *border), after=(0, 0, *after))
        rank = len(edit.shape(w))
        mirrored = edit.op("flip", w, axes=tuple(range(2, rank)))
        swapped = edit.op("transpose", mirrored, perm=(1, 0, *range(2, rank)))
        return edit.op(node.op.removesuffix("_transpose"), padded, swapped)

    def _spread(
        self, edit: Edit, x: str | int | float, axis: int, stride: int
    ) -> str | int | float:
        # s - 1 zeros behind every element but the last: a new axis, padded and folded in.
        if stride == 1:
            return x
        shape = edit.shape(x)
        apart = edit.op("expand_dims", x, axes=(axis + 1,))
        none = (0,) * (len(shape) + 1)
        zeros = tuple(stride - 1 if a == axis + 1 else 0 for a in range(len(shape) + 1))
        wide = edit.op("pad", apart, before=none, after=zeros)
        extent = shape[axis] * stride
        folded = edit.op("reshape", wide, shape=(*shape[:axis], extent, *shape[axis + 1 :]))
        return part(edit, folded, axis, 0, extent - stride + 1)
