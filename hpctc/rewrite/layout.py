"""Operators that move elements: compose them, take them apart, move them through arithmetic."""

from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.shapes import ELEMENTWISE, aligned, permutation, swap_last

MOVES = (
    "transpose", "reshape", "broadcast_to", "squeeze", "expand_dims", "flip", "tile", "repeat",
    "roll", "slice", "depth_to_space", "space_to_depth",
)  # fmt: skip
"""Operators whose result elements are elements of the one operand."""


@dataclass(frozen=True)
class ComposeTransposes(Rewrite):
    """Two transpositions are one, or none."""

    name = "compose-transposes"
    rule = "transpose(transpose(x, p), q) = transpose(x, p[q])"
    ops = ("transpose",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operand itself where the permutations are inverses."""
        inner = edit.view.producer(node.args[0], "transpose")
        if inner is None:
            return None
        first, second = permutation(inner), permutation(node)
        perm = tuple(first[i] for i in second)
        if perm == tuple(range(len(perm))):
            return inner.operands[0]
        return edit.op("transpose", inner.args[0], perm=perm)


@dataclass(frozen=True)
class TransposeBySwaps(Rewrite):
    """A permutation of many axes as a swap of neighbours and the rest."""

    name = "transpose-by-swaps"
    rule = "transpose(x, p) = transpose(transpose(x, p s), s), s swaps two neighbours"
    ops = ("transpose",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The first two axes that stand in falling order are swapped last."""
        perm = permutation(node)
        falls = [i for i in range(len(perm) - 1) if perm[i] > perm[i + 1]]
        if len(perm) < 3 or not falls:
            return None
        i = falls[0]
        swap = (*range(i), i + 1, i, *range(i + 2, len(perm)))
        first = tuple(perm[s] for s in swap)
        if first == tuple(range(len(perm))):
            return None
        return edit.op("transpose", edit.op("transpose", node.args[0], perm=first), perm=swap)


@dataclass(frozen=True)
class PushTranspose(Rewrite):
    """Transpose the operands instead of the result, broadcast ones included."""

    name = "push-transpose"
    rule = "transpose(f(a, b, ...), p) = f(transpose(a, p), transpose(b, p), ...), f elementwise"
    ops = ("transpose",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Operands of lower rank get leading axes first."""
        inner = edit.view.producer(node.args[0], *ELEMENTWISE)
        if inner is None:
            return None
        perm = permutation(node)
        moved = [self._moved(edit, a, perm) for a in inner.args]
        return edit.op(inner.op, *moved, **dict(inner.attrs))

    def _moved(self, edit: Edit, arg: Arg, perm: tuple[int, ...]) -> Arg:
        if not edit.shape(arg):
            return arg
        return edit.op("transpose", aligned(edit, arg, len(perm)), perm=perm)


@dataclass(frozen=True)
class PullTranspose(Rewrite):
    """Transpose the result instead of both operands."""

    name = "pull-transpose"
    rule = "f(transpose(a, p), transpose(b, p)) = transpose(f(a, b), p), f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """All operands are transposed alike; literals and scalars are."""
        inner = [edit.view.producer(a, "transpose") for a in node.args if edit.shape(a)]
        first = inner[0] if inner else None
        if first is None or any(i is None or i.attrs != first.attrs for i in inner):
            return None
        sources = iter([i.args[0] for i in inner if i is not None])
        args = [next(sources) if edit.shape(a) else a for a in node.args]
        value = edit.op(node.op, *args, **dict(node.attrs))
        return edit.op("transpose", value, perm=permutation(first))


@dataclass(frozen=True)
class MoveBeforeMap(Rewrite):
    """Move the operands' elements instead of the result's."""

    name = "move-before-map"
    rule = "L(f(a, b, ...)) = f(L(a), L(b), ...), L moves elements, f elementwise"
    ops = MOVES
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Every operand has the full shape or is a literal."""
        inner = edit.view.producer(node.args[0], *ELEMENTWISE)
        if inner is None:
            return None
        shape = edit.shape(node.args[0])
        args: list[Arg] = []
        for arg in inner.args:
            if isinstance(arg, str) and edit.shape(arg) != shape:
                return None
            moved = edit.op(node.op, arg, **dict(node.attrs)) if isinstance(arg, str) else arg
            args.append(moved)
        return edit.op(inner.op, *args, **dict(inner.attrs))


@dataclass(frozen=True)
class MoveAfterMap(Rewrite):
    """Move the result's elements instead of the operands'."""

    name = "move-after-map"
    rule = "f(L(a), L(b), ...) = L(f(a, b, ...)), L moves elements, f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """All operands are moved alike from equal shapes; literals may stand between."""
        inner = [edit.view.producer(a, *MOVES) for a in node.args if isinstance(a, str)]
        first = inner[0]
        if first is None:
            return None
        shape = edit.shape(first.args[0])
        for other in inner:
            if other is None or (other.op, other.attrs) != (first.op, first.attrs):
                return None
            if edit.shape(other.args[0]) != shape:
                return None
        sources = iter([i.args[0] for i in inner if i is not None])
        args = [next(sources) if isinstance(a, str) else a for a in node.args]
        return edit.op(first.op, edit.op(node.op, *args, **dict(node.attrs)), **dict(first.attrs))


@dataclass(frozen=True)
class TransposeThroughSoftmax(Rewrite):
    """Normalise before the transposition, not after it."""

    name = "softmax-of-transpose"
    rule = "softmax(transpose(x, p), i) = transpose(softmax(x, p[i]), p), likewise log_softmax"
    ops = ("softmax", "log_softmax")

    def build(self, edit: Edit, node: Node) -> Built:
        """The axis is looked up in the permutation."""
        inner = edit.view.producer(node.args[0], "transpose")
        if inner is None:
            return None
        perm = permutation(inner)
        axis = dict(node.attrs)["axis"]
        assert isinstance(axis, int)
        value = edit.op(node.op, inner.args[0], axis=perm[axis % len(perm)])
        return edit.op("transpose", value, perm=perm)


@dataclass(frozen=True)
class SoftmaxOfLast(Rewrite):
    """Normalise along the last axis, between two transpositions."""

    name = "softmax-along-last"
    rule = "softmax(x, i) = transpose(softmax(transpose(x, i last), last), back)"
    ops = ("softmax", "log_softmax")

    def build(self, edit: Edit, node: Node) -> Built:
        """Swap the axis with the last one."""
        rank = len(edit.shape(node.args[0]))
        axis = dict(node.attrs)["axis"]
        assert isinstance(axis, int)
        axis %= rank
        if axis == rank - 1:
            return None
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        value = edit.op(node.op, edit.op("transpose", node.args[0], perm=tuple(order)), axis=-1)
        return edit.op("transpose", value, perm=tuple(order))


@dataclass(frozen=True)
class ComposeReshapes(Rewrite):
    """Of two reshapes only the last counts."""

    name = "compose-reshapes"
    rule = "reshape(reshape(x, s), t) = reshape(x, t)"
    ops = ("reshape",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operand itself where it has the shape already."""
        inner = edit.view.producer(node.args[0], "reshape", "expand_dims", "squeeze")
        if inner is None:
            return None
        if edit.type(inner.args[0]) == node.results[0].type:
            return inner.operands[0]
        return edit.op("reshape", inner.args[0], **dict(node.attrs))


@dataclass(frozen=True)
class AsReshape(Rewrite):
    """What only adds, drops or moves axes of extent 1 is a reshape."""

    name = "trivial-axes-as-reshape"
    rule = "expand_dims(x) = squeeze(x) = reshape(x, shape), likewise transposed axes of extent 1"
    ops = ("expand_dims", "squeeze", "transpose")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """A transposition must leave the axes that are not trivial in order."""
        shape = edit.shape(node.args[0])
        if node.op == "transpose":
            kept = [p for p in permutation(node) if shape[p] != 1]
            if kept != sorted(kept):
                return None
        return edit.op("reshape", node.args[0], shape=node.results[0].type.shape)


@dataclass(frozen=True)
class RepeatByBroadcast(Rewrite):
    """Repeat elements by a new axis that is broadcast and folded in."""

    name = "repeat-by-broadcast"
    rule = "repeat(x, r, i) = reshape(broadcast_to(expand_dims(x, i + 1), r), shape)"
    ops = ("repeat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The new axis lies behind the repeated one."""
        attrs = dict(node.attrs)
        shape = edit.shape(node.args[0])
        repeats, axis = attrs["repeats"], attrs["axis"]
        assert isinstance(repeats, int)
        assert isinstance(axis, int)
        axis = axis % len(shape) + 1
        wide = (*shape[:axis], repeats, *shape[axis:])
        spread = edit.op(
            "broadcast_to", edit.op("expand_dims", node.args[0], axes=(axis,)), shape=wide
        )
        return edit.op("reshape", spread, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class TileByBroadcast(Rewrite):
    """Repeat a whole by new axes that are broadcast and folded in."""

    name = "tile-by-broadcast"
    rule = "tile(x, r) = reshape(broadcast_to(reshape(x, [1, n, ...]), [r, n, ...]), [r * n, ...])"
    ops = ("tile",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """A new axis in front of every axis."""
        shape = edit.shape(node.args[0])
        reps = dict(node.attrs)["reps"]
        assert isinstance(reps, tuple)
        narrow = tuple(n for extent in shape for n in (1, extent))
        wide = tuple(n for pair in zip(reps, shape, strict=True) for n in pair)
        spread = edit.op("broadcast_to", edit.op("reshape", node.args[0], shape=narrow), shape=wide)
        return edit.op("reshape", spread, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class DepthToSpaceByTranspose(Rewrite):
    """Move channels into space by one transposition of blocks."""

    name = "depth-to-space-by-transpose"
    rule = "depth_to_space(x) = reshape(transpose(reshape(x, [n, b, b, c, h, w])), shape)"
    ops = ("depth_to_space",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Channels are block row, block column, channel."""
        b = dict(node.attrs)["block"]
        assert isinstance(b, int)
        n, c, h, w = edit.shape(node.args[0])
        blocks = edit.op("reshape", node.args[0], shape=(n, b, b, c // (b * b), h, w))
        moved = edit.op("transpose", blocks, perm=(0, 3, 4, 1, 5, 2))
        return edit.op("reshape", moved, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class SpaceToDepthByTranspose(Rewrite):
    """Move space into channels by one transposition of blocks."""

    name = "space-to-depth-by-transpose"
    rule = "space_to_depth(x) = reshape(transpose(reshape(x, [n, c, h, b, w, b])), shape)"
    ops = ("space_to_depth",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Channels are block row, block column, channel."""
        b = dict(node.attrs)["block"]
        assert isinstance(b, int)
        n, c, h, w = edit.shape(node.args[0])
        blocks = edit.op("reshape", node.args[0], shape=(n, c, h // b, b, w // b, b))
        moved = edit.op("transpose", blocks, perm=(0, 3, 5, 1, 2, 4))
        return edit.op("reshape", moved, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class ExplicitBroadcast(Rewrite):
    """Broadcast an operand in the open instead of silently."""

    name = "explicit-broadcast"
    rule = "f(a, b) = f(broadcast_to(a, shape), b), f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Every operand that has not the full shape."""
        shape = node.results[0].type.shape
        if all(edit.shape(a) == shape for a in node.args if isinstance(a, str)):
            return None
        args = [
            edit.op("broadcast_to", a, shape=shape)
            if isinstance(a, str) and edit.shape(a) != shape
            else a
            for a in node.args
        ]
        return edit.op(node.op, *args, **dict(node.attrs))


@dataclass(frozen=True)
class ImplicitBroadcast(Rewrite):
    """Let the operator broadcast."""

    name = "implicit-broadcast"
    rule = "f(broadcast_to(a, shape), b) = f(a, b), f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The first operand whose shape the others supply."""
        for i, arg in enumerate(node.args):
            inner = edit.view.producer(arg, "broadcast_to")
            rest = [edit.shape(a) for j, a in enumerate(node.args) if j != i]
            if inner is not None and node.results[0].type.shape in rest:
                args = [*node.args[:i], inner.args[0], *node.args[i + 1 :]]
                return edit.op(node.op, *args, **dict(node.attrs))
        return None


@dataclass(frozen=True)
class TriangleByDifference(Rewrite):
    """One triangle is what the other one leaves."""

    name = "triangle-by-difference"
    rule = "tril(x, k) = x - triu(x, k + 1), triu(x, k) = x - tril(x, k - 1)"
    ops = ("tril", "triu")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Subtract the other triangle: x - x is 0 and x - 0 is x, without rounding."""
        k = dict(node.attrs)["k"]
        assert isinstance(k, int)
        other, edge = ("triu", k + 1) if node.op == "tril" else ("tril", k - 1)
        return edit.op("sub", node.args[0], edit.op(other, node.args[0], k=edge))


@dataclass(frozen=True)
class TriangleByTranspose(Rewrite):
    """The lower triangle is the upper one of the transpose."""

    name = "triangle-by-transpose"
    rule = "tril(x, k) = transpose(triu(transpose(x), -k)), likewise triu"
    ops = ("tril", "triu")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Mirror, cut, mirror."""
        k = dict(node.attrs)["k"]
        assert isinstance(k, int)
        other = "triu" if node.op == "tril" else "tril"
        return swap_last(edit, edit.op(other, swap_last(edit, node.args[0]), k=-k))
