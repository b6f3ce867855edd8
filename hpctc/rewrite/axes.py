"""Axes in another order: through operators that name their axes, images, transposed factors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpctc.graph.ir import Arg, Attr, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, View
from hpctc.rewrite.reduction import NESTING
from hpctc.rewrite.shapes import axes_and_keep, ints, permutation, swap_last

PER_AXIS = ("before", "after", "begin", "end", "step", "reps", "strides")
"""Attributes that hold a number for every axis."""

FOLLOWING = (
    "pad", "slice", "flip", "roll", "repeat", "tile", "mirror_pad", "dilate", "concat", "cumsum",
    "cumprod", "sort",
)  # fmt: skip
"""Operators of which all operands and the result have the same axes, to which attributes refer."""

IMAGES = (
    "conv2d", "conv2d_transpose", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d",
    "adaptive_max_pool2d", "upsample2d", "resize2d",
)  # fmt: skip
"""Operators that treat the height of an image as they treat its width."""

PER_SIDE = ("stride", "padding", "dilation", "output_padding", "kernel", "size", "scale")
"""Their attributes that hold a number for the height and one for the width."""


def inverse(perm: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that brings back what ``perm`` has moved."""
    return tuple(perm.index(axis) for axis in range(len(perm)))


def reordered(node: Node, perm: tuple[int, ...]) -> Mapping[str, Attr]:
    """The attributes of a node whose operands are transposed by ``perm`` beforehand."""
    found = dict(node.attrs)
    for name, value in node.attrs:
        if name in PER_AXIS and isinstance(value, tuple) and value:
            found[name] = tuple(value[p] for p in perm)
        elif name == "axis" and isinstance(value, int):
            found[name] = perm.index(value % len(perm))
        elif name == "axes" and isinstance(value, tuple):
            found[name] = tuple(perm.index(a % len(perm)) for a in value)
    return found


@dataclass(frozen=True)
class TransposeAfter(Rewrite):
    """Pad, cut, repeat, join or add up first, transpose the result."""

    name = "transpose-after"
    rule = "f(transpose(x, p), axes) = transpose(f(x, p[axes]), p), f names its axes"
    ops = FOLLOWING
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """All operands are transposed alike."""
        inner = [edit.view.producer(a, "transpose") for a in node.args]
        first = inner[0]
        if first is None or any(i is None or i.attrs != first.attrs for i in inner):
            return None
        perm = permutation(first)
        args = [i.args[0] for i in inner if i is not None]
        value = edit.op(node.op, *args, **reordered(node, inverse(perm)))
        return edit.op("transpose", value, perm=perm)


@dataclass(frozen=True)
class TransposeBefore(Rewrite):
    """Transpose the operands first, then pad, cut, repeat, join or add up."""

    name = "transpose-before"
    rule = "transpose(f(x, axes), p) = f(transpose(x, p), axes[p]), f names its axes"
    ops = ("transpose",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The axes go where the transposition takes them."""
        inner = edit.view.producer(node.args[0], *FOLLOWING)
        if inner is None:
            return None
        perm = permutation(node)
        args = [edit.op("transpose", a, perm=perm) for a in inner.args]
        return edit.op(inner.op, *args, **reordered(inner, perm))


@dataclass(frozen=True)
class TransposeOfSoftmax(Rewrite):
    """Normalise after the transposition, not before it."""

    name = "transpose-of-softmax"
    rule = "transpose(softmax(x, i), p) = softmax(transpose(x, p), i[p]), likewise log_softmax"
    ops = ("transpose",)

    def build(self, edit: Edit, node: Node) -> Built:
        """The axis goes where the transposition takes it."""
        inner = edit.view.producer(node.args[0], "softmax", "log_softmax")
        if inner is None:
            return None
        perm = permutation(node)
        moved = edit.op("transpose", inner.args[0], perm=perm)
        return edit.op(inner.op, moved, **reordered(inner, perm))


@dataclass(frozen=True)
class TransposeOfReduction(Rewrite):
    """Reduce what is transposed already: the axes that go lie last, the others as they are wanted.

    Where the axes stay (``keepdims``) they lie where the transposition takes them.
    """

    name = "transpose-of-reduction"
    rule = "transpose(f(x, A), p) = f(transpose(x, q), last axes), q is p and then A"
    ops = ("transpose",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Any reduction that may be done axis by axis, and the variance."""
        inner = edit.view.producer(node.args[0], *NESTING, "variance")
        if inner is None:
            return None
        axes, keep = axes_and_keep(edit, inner)
        perm = permutation(node)
        if keep:
            moved = edit.op("transpose", inner.args[0], perm=perm)
            there = tuple(sorted(perm.index(a) for a in axes))
            return edit.op(inner.op, moved, axes=there, keepdims=True)
        rank = len(edit.shape(inner.args[0]))
        left = [a for a in range(rank) if a not in axes]
        order = (*(left[p] for p in perm), *axes)
        moved = edit.op("transpose", inner.args[0], perm=order)
        return edit.op(inner.op, moved, axes=tuple(range(len(left), rank)), keepdims=False)


@dataclass(frozen=True)
class TransposedImage(Rewrite):
    """Lay the image on its side, do the same there, and set it up again."""

    name = "transposed-image"
    rule = "f(x) = f'(x^T)^T, f' has height and width of windows, strides, paddings swapped"
    ops = IMAGES

    def build(self, edit: Edit, node: Node) -> Built:
        """The kernel of a convolution is transposed, too."""
        attrs = dict(node.attrs)
        for name, value in node.attrs:
            if name in PER_SIDE and isinstance(value, tuple):
                attrs[name] = value[::-1]
        args = [swap_last(edit, a) for a in node.args]
        return swap_last(edit, edit.op(node.op, *args, **attrs))


@dataclass(frozen=True)
class BatchMatmulAsMatmul(Rewrite):
    """A batch of products with transposed factors: transpose those and multiply."""

    name = "batch-matmul-as-matmul"
    rule = "batch_matmul(a, b, transpose_b) = a @ b^T, likewise transpose_a"
    ops = ("batch_matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Neither, one or both are transposed."""
        attrs = dict(node.attrs)
        a, b = (
            swap_last(edit, x) if attrs[flag] else x
            for x, flag in zip(node.args, ("transpose_a", "transpose_b"), strict=True)
        )
        return edit.op("matmul", a, b)


@dataclass(frozen=True)
class MatmulAsBatchMatmul(Rewrite):
    """Multiply a batch of matrices, one or both of which lie transposed in memory."""

    name = "matmul-as-batch-matmul"
    rule = "a @ b = batch_matmul(a, b^T, transpose_b), likewise transpose_a"
    ops = ("matmul",)
    sides: str = "b"
    """Which factors are given transposed: a, b or ab."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["MatmulAsBatchMatmul"]:
        """One, the other, both."""
        if len(node.results[0].type.shape) == 3:
            yield from (cls(node.results[0].name, sides) for sides in ("a", "b", "ab"))

    def build(self, edit: Edit, node: Node) -> Built:
        """Batches of equal extent; a factor that is a transpose is taken as it was before."""
        if any(len(edit.shape(x)) != 3 for x in node.args):
            return None
        args = [
            self._transposed(edit, x) if side in self.sides else x
            for x, side in zip(node.args, "ab", strict=True)
        ]
        flags = {f"transpose_{side}": side in self.sides for side in "ab"}
        return edit.op("batch_matmul", *args, **flags)

    def _transposed(self, edit: Edit, x: Arg) -> Arg:
        inner = edit.view.producer(x, "transpose")
        if inner is not None and ints(inner, "perm") == (0, 2, 1):
            return inner.args[0]
        return swap_last(edit, x)
