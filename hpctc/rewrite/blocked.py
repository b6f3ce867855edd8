"""Blocked layouts: channels in blocks (NCHWc), matrices in tiles and in panels of columns.

What vectors of a fixed length like best (Georganas et al., 2018; Goto and van de Geijn, 2008): the
innermost axis is as long as a block, whatever the tensor's extents are.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.conv import MOST_TAPS, count_taps, taps
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.matmul import LARGEST
from hpctc.rewrite.pool import pooled
from hpctc.rewrite.shapes import ELEMENTWISE, added, integer, number, window

WIDEST = 16
"""Elements of a block at most: a vector of 64 bytes of floats."""


def block_of(extent: int) -> int:
    """The largest block that divides an extent; 1: there is none."""
    return max(d for d in range(1, min(extent, WIDEST) + 1) if extent % d == 0)


def packed(edit: Edit, x: Arg) -> str:
    """``[n, c, h, w]`` as ``[n, c / b, h, w, b]``."""
    return edit.op("pack_nchwc", x, block=block_of(edit.shape(x)[1]))


def per_block(edit: Edit, x: Arg) -> str:
    """``[channels]`` as ``[c / b, b]``."""
    (channels,) = edit.shape(x)
    return edit.op("reshape", x, shape=(channels // block_of(channels), block_of(channels)))


def scaled(edit: Edit, x: Arg, scale: Arg, shift: Arg) -> str:
    """``x * scale + shift`` a channel, computed in blocks."""
    sides = per_block(edit, scale), per_block(edit, shift)
    return edit.op("unpack_nchwc", edit.op("scale_shift_nchwc", packed(edit, x), *sides))


def blockable(edit: Edit, *images: Arg) -> bool:
    """Whether these are images whose channels make more than one block of more than one."""
    shapes = [edit.shape(x) for x in images]
    return all(len(s) == 4 and 1 < block_of(s[1]) < s[1] for s in shapes)


@dataclass(frozen=True)
class PackByTranspose(Rewrite):
    """Bring the channels of a block to the end by one transposition."""

    name = "pack-by-transpose"
    rule = "pack_nchwc(x, b) = transpose(reshape(x, [n, c / b, b, h, w]), [0, 1, 3, 4, 2])"
    ops = ("pack_nchwc",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Channels are block, place in the block."""
        n, c, h, w = edit.shape(node.args[0])
        block = integer(node, "block")
        apart = edit.op("reshape", node.args[0], shape=(n, c // block, block, h, w))
        return edit.op("transpose", apart, perm=(0, 1, 3, 4, 2))


@dataclass(frozen=True)
class UnpackByTranspose(Rewrite):
    """Bring the channels of a block back by one transposition."""

    name = "unpack-by-transpose"
    rule = "unpack_nchwc(x) = reshape(transpose(x, [0, 1, 4, 2, 3]), [n, c, h, w])"
    ops = ("unpack_nchwc",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Block and place in the block become one axis."""
        moved = edit.op("transpose", node.args[0], perm=(0, 1, 4, 2, 3))
        return edit.op("reshape", moved, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class CancelPacking(Rewrite):
    """What was only put back is not packed again."""

    name = "cancel-packing"
    rule = "pack_nchwc(unpack_nchwc(x), b) = x, unpack_nchwc(pack_nchwc(x, b)) = x"
    ops = ("pack_nchwc", "unpack_nchwc")
    exact = True
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Blocks of the same size."""
        other = {"pack_nchwc": "unpack_nchwc", "unpack_nchwc": "pack_nchwc"}[node.op]
        inner = edit.view.producer(node.args[0], other)
        if inner is None or edit.type(inner.args[0]) != node.results[0].type:
            return None
        return inner.operands[0]


@dataclass(frozen=True)
class MapInBlocks(Rewrite):
    """Compute elementwise where the channels lie in blocks."""

    name = "map-nchwc"
    rule = "f(a, b, ...) = unpack_nchwc(f(pack_nchwc(a), pack_nchwc(b), ...)), f elementwise"
    ops = ELEMENTWISE
    exact = True
    weight = 0.5

    def build(self, edit: Edit, node: Node) -> Built:
        """Images of one shape; literals stand as they are."""
        shape = node.results[0].type.shape
        same = all(edit.shape(a) == shape for a in node.operands)
        if not node.operands or not same or not blockable(edit, *node.operands):
            return None
        args = [packed(edit, a) if isinstance(a, str) else a for a in node.args]
        return edit.op("unpack_nchwc", edit.op(node.op, *args, **dict(node.attrs)))


@dataclass(frozen=True)
class ScaleShiftInBlocks(Rewrite):
    """Scale and shift where channels and parameters lie in blocks."""

    name = "scale-shift-nchwc"
    rule = "scale_shift_nchw(x, s, b) = unpack_nchwc(scale_shift_nchwc(pack_nchwc(x), s, b))"
    ops = ("scale_shift_nchw",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The parameters are folded into blocks as they lie."""
        x, scale, shift = node.args
        if not blockable(edit, x):
            return None
        return scaled(edit, x, scale, shift)


@dataclass(frozen=True)
class BatchNormInBlocks(Rewrite):
    """Batch norm is one scale and one shift a channel, in blocks (Ioffe and Szegedy, 2015)."""

    name = "batch-norm-nchwc"
    rule = "batch_norm(x, g, b, m, v) = unpack(pack(x) * s + (b - m s)), s = g / sqrt(v + eps)"
    ops = ("batch_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Scale and shift are computed for the channels, not for every element."""
        x, gamma, beta, mean, variance = node.args
        if not blockable(edit, x):
            return None
        root = edit.op("sqrt", edit.op("add", variance, number(node, "eps")))
        scale = edit.op("div", gamma, root)
        shift = edit.op("sub", beta, edit.op("mul", mean, scale))
        return scaled(edit, x, scale, shift)


@dataclass(frozen=True)
class ConvInBlocks(Rewrite):
    """Convolve blocks of input channels into blocks of output channels (NCHWc, OIHWio)."""

    name = "conv-nchwc"
    rule = "y[n, O, p, o] = sum over taps k, blocks C of x[n, C, p + k, c] @ w[O, C, k, c, o]"
    ops = ("conv2d",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """No groups; refuses where the partial sums of all blocks would be huge."""
        x, w = node.args
        y = node.results[0].type
        if integer(node, "groups") != 1 or count_taps(edit, node) > MOST_TAPS:
            return None
        blocks = edit.shape(x)[1] // block_of(edit.shape(x)[1])
        outs = block_of(y.shape[1])
        if not blockable(edit, x) or outs == 1 or y.size * blocks > LARGEST:
            return None
        pairs = zip(self._seen(edit, node), self._weights(edit, w), strict=True)
        products = (edit.op("matmul", *pair) for pair in pairs)  # [n, O, C, p, o]
        summed = edit.op("sum", added(edit, products), axes=(2,))
        shape = (y.shape[0], y.shape[1] // outs, *y.shape[2:], outs)
        return edit.op("unpack_nchwc", edit.op("reshape", summed, shape=shape))

    def _seen(self, edit: Edit, node: Node) -> Iterator[str]:
        """Per tap, the input of every output point: ``[n, 1, C, p, c]``."""
        for _, seen in taps(edit, node, packed(edit, node.args[0])):
            n, blocks, height, width, block = edit.shape(seen)
            yield edit.op("reshape", seen, shape=(n, 1, blocks, height * width, block))

    def _weights(self, edit: Edit, w: Arg) -> Iterator[str]:
        """Per tap, the weights ``[O, C, c, o]``."""
        out, channels, height, width = edit.shape(w)
        o, c = block_of(out), block_of(channels)
        apart = edit.op("reshape", w, shape=(out // o, o, channels // c, c, height, width))
        moved = edit.op("transpose", apart, perm=(4, 5, 0, 2, 3, 1))
        for row, column in itertools.product(range(height), range(width)):
            tap = window(edit, moved, 0, (row, column), (1, 1), (1, 1))
            yield edit.op("squeeze", tap, axes=(0, 1))


@dataclass(frozen=True)
class PoolInBlocks(Rewrite):
    """The maximum or the mean of a window, a block of channels at a time."""

    name = "pool-nchwc"
    rule = "pool(x) = unpack_nchwc(maximum, or mean, over k of pack_nchwc(x)[k::s])"
    ops = ("max_pool2d", "avg_pool2d")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """A mean divides by the size of the window everywhere."""
        if not blockable(edit, node.args[0]):
            return None
        value = pooled(edit, node, packed(edit, node.args[0]))
        return None if value is None else edit.op("unpack_nchwc", value)


@dataclass(frozen=True)
class MatmulInTiles(Rewrite):
    """Multiply tile by tile: each lies in one piece of memory (Goto and van de Geijn, 2008)."""

    name = "matmul-in-tiles"
    rule = "(A @ B)[I, J] = sum over K of A[I, K] @ B[K, J], tiles of at most 16 x 16"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two matrices; two tiles or more along the inner axis, tiles of two or more."""
        a, b = node.args
        if len(edit.shape(a)) != 2 or len(edit.shape(b)) != 2:
            return None
        (m, k), n = edit.shape(a), edit.shape(b)[1]
        i, j, p = block_of(m), block_of(n), block_of(k)
        if min(i, j, p) == 1 or k == p or m * n * (k // p) > LARGEST:
            return None
        rows = edit.op("reshape", a, shape=(m // i, i, k // p, p))
        columns = edit.op("reshape", b, shape=(k // p, p, n // j, j))
        left = edit.op("transpose", rows, perm=(0, 2, 1, 3))  # [I, K, i, p]
        right = edit.op("transpose", columns, perm=(2, 0, 1, 3))  # [J, K, p, j]
        tiles = edit.op("matmul", edit.op("expand_dims", left, axes=(1,)), right)
        summed = edit.op("sum", tiles, axes=(2,))  # [I, J, i, j]
        return edit.op("reshape", edit.op("transpose", summed, perm=(0, 2, 1, 3)), shape=(m, n))


@dataclass(frozen=True)
class MatmulByPanels(Rewrite):
    """Pack the right factor into panels of columns, each in one piece of memory."""

    name = "matmul-by-panels"
    rule = "(A @ B)[:, J] = A @ B_J, B_J[k, j] = B[k, J * 16 + j]"
    ops = ("matmul", "dense")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two matrices; two panels or more, of two columns or more."""
        a, b = node.args
        if len(edit.shape(a)) != 2 or len(edit.shape(b)) != 2:
            return None
        (m, k), n = edit.shape(a), node.results[0].type.shape[1]
        wide = block_of(n)
        if not 1 < wide < n:
            return None
        shape, perm = ((n // wide, wide, k), (0, 2, 1))
        if node.op == "matmul":
            shape, perm = (k, n // wide, wide), (1, 0, 2)
        panels = edit.op("transpose", edit.op("reshape", b, shape=shape), perm=perm)
        product = edit.op("matmul", a, panels)  # [J, m, j]
        return edit.op("reshape", edit.op("transpose", product, perm=(1, 0, 2)), shape=(m, n))
