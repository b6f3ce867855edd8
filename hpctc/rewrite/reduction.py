"""Reductions: split and merge axes, halve the range, move linear and monotone operators through."""

from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, View
from hpctc.rewrite.shapes import axes_and_keep, halves, permutation

JOINS = {
    "sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "any": "logical_or",
    "all": "logical_and",
}  # fmt: skip
"""Reduction -> the operator that joins two partial results."""

NESTING = ("sum", "prod", "max", "min", "any", "all", "mean", "logsumexp")
"""Reductions that may be done axis by axis."""

MOVES_ONLY = frozenset({"max", "min", "any", "all"})

RISING = (
    "exp", "log", "sqrt", "relu", "tanh", "sigmoid", "atan", "erf", "sinh", "softplus", "relu6",
)  # fmt: skip
"""Elementwise functions that never fall."""


def without(axes: tuple[int, ...], gone: int) -> tuple[int, ...]:
    """``axes`` but ``gone``, as they are counted once that axis is no more."""
    return tuple(a - (a > gone) for a in axes if a != gone)


@dataclass(frozen=True)
class SplitReduction(Rewrite):
    """Reduce one axis first and the others after it."""

    name = "split-reduction"
    rule = "f(x, {i} + A) = f(f(x, {i}), A) for f in sum, prod, max, min, any, all, mean, logsumexp"
    ops = NESTING
    axis: int = 0
    """The axis that is reduced first."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["SplitReduction"]:
        """Every axis of the operand; the build refuses those that are not reduced."""
        for axis in range(len(view.types[node.operands[0]].shape)):
            yield cls(node.results[0].name, axis)

    def build(self, edit: Edit, node: Node) -> Built:
        """Two reductions; the second one's axes move up if the first one's is gone."""
        axes, keep = axes_and_keep(edit, node)
        if self.axis not in axes or len(axes) < 2:
            return None
        first = edit.op(node.op, node.args[0], axes=(self.axis,), keepdims=keep)
        rest = tuple(a for a in axes if a != self.axis) if keep else without(axes, self.axis)
        return edit.op(node.op, first, axes=rest, keepdims=keep)


@dataclass(frozen=True)
class MergeReductions(Rewrite):
    """Reduce the axes of two nested reductions at once."""

    name = "merge-reductions"
    rule = "f(f(x, A), B) = f(x, A + B) for f in sum, prod, max, min, any, all, mean, logsumexp"
    ops = NESTING

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs equal ``keepdims``; the outer axes are counted back to the operand's."""
        inner = edit.view.producer(node.args[0], node.op)
        if inner is None:
            return None
        first, keep = axes_and_keep(edit, inner)
        second, also = axes_and_keep(edit, node)
        if keep != also:
            return None
        rank = len(edit.shape(inner.args[0]))
        left = [a for a in range(rank) if keep or a not in first]
        axes = tuple(sorted({*first, *(left[a] for a in second)}))
        return edit.op(node.op, inner.args[0], axes=axes, keepdims=keep)


@dataclass(frozen=True)
class TreeReduction(Rewrite):
    """Reduce an axis in two levels: fold it into a rectangle, reduce rows, then columns."""

    name = "tree-reduction"
    rule = "f(x[n], i) = f(f(reshape(x, [n / k, k]), k), n / k)"
    ops = NESTING
    axis: int = 0
    inner: int = 2
    """Extent of the inner level."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["TreeReduction"]:
        """Per reduced axis, the divisor nearest to the root of its extent from below."""
        for axis, extent in enumerate(view.types[node.operands[0]].shape):
            divisors = [d for d in range(2, int(extent**0.5) + 1) if extent % d == 0]
            if divisors:
                yield cls(node.results[0].name, axis, divisors[-1])

    def build(self, edit: Edit, node: Node) -> Built:
        """Fold, reduce the inner axis, reduce what is left."""
        axes, keep = axes_and_keep(edit, node)
        shape, a, k = edit.shape(node.args[0]), self.axis, self.inner
        if a not in axes or shape[a] % k or shape[a] <= k:
            return None
        folded = edit.op(
            "reshape", node.args[0], shape=(*shape[:a], shape[a] // k, k, *shape[a + 1 :])
        )
        rows = edit.op(node.op, folded, axes=(a + 1,), keepdims=False)
        return edit.op(node.op, rows, axes=axes, keepdims=keep)


@dataclass(frozen=True)
class HalveReduction(Rewrite):
    """Reduce the two halves of an axis on their own and join the results."""

    name = "halve-reduction"
    rule = "f(x) = f(x[:h]) + f(x[h:]) for sum, likewise *, max, min, or, and"
    ops = tuple(JOINS)

    def build(self, edit: Edit, node: Node) -> Built:
        """The longest reduced axis is cut in the middle."""
        axes, keep = axes_and_keep(edit, node)
        shape = edit.shape(node.args[0])
        if not axes or max(shape[a] for a in axes) < 2:
            return None
        axis = max(axes, key=lambda a: (shape[a], -a))
        low, high = halves(edit, node.args[0], axis)
        parts = [edit.op(node.op, part, axes=axes, keepdims=keep) for part in (low, high)]
        return edit.op(JOINS[node.op], *parts)


@dataclass(frozen=True)
class DropKeepdims(Rewrite):
    """Reduce the axes away and put trivial ones back."""

    name = "keepdims-by-reshape"
    rule = "f(x, A, keepdims) = expand_dims(f(x, A), A)"
    ops = (*NESTING, "variance")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Only what keeps its axes."""
        axes, keep = axes_and_keep(edit, node)
        if not keep:
            return None
        return edit.op(
            "expand_dims", edit.op(node.op, node.args[0], axes=axes, keepdims=False), axes=axes
        )


@dataclass(frozen=True)
class AddKeepdims(Rewrite):
    """Keep the reduced axes and squeeze them away afterwards."""

    name = "reduce-then-squeeze"
    rule = "f(x, A) = squeeze(f(x, A, keepdims), A)"
    ops = (*NESTING, "variance")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Only what loses its axes."""
        axes, keep = axes_and_keep(edit, node)
        if keep or not axes:
            return None
        return edit.op(
            "squeeze", edit.op(node.op, node.args[0], axes=axes, keepdims=True), axes=axes
        )


@dataclass(frozen=True)
class ReduceLast(Rewrite):
    """Bring the reduced axes to the end first, where their elements are neighbours."""

    name = "reduce-last-axes"
    rule = "f(x, A) = f(transpose(x, A last), last axes)"
    ops = (*NESTING, "variance")

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs reduced axes that are not the last ones, and that vanish."""
        axes, keep = axes_and_keep(edit, node)
        rank = len(edit.shape(node.args[0]))
        rest = tuple(a for a in range(rank) if a not in axes)
        perm = (*rest, *axes)
        if keep or perm == tuple(range(rank)):
            return None
        moved = edit.op("transpose", node.args[0], perm=perm)
        return edit.op(node.op, moved, axes=tuple(range(len(rest), rank)), keepdims=False)


@dataclass(frozen=True)
class ReduceTransposed(Rewrite):
    """Reduce what was there before a transposition."""

    name = "reduce-of-transpose"
    rule = "f(transpose(x, p), A) = transpose(f(x, p[A]))"
    ops = (*NESTING, "variance")

    def build(self, edit: Edit, node: Node) -> Built:
        """The axes that are left keep the order that the transposition gave them."""
        inner = edit.view.producer(node.args[0], "transpose")
        if inner is None:
            return None
        axes, keep = axes_and_keep(edit, node)
        perm = permutation(inner)
        reduced = edit.op(
            node.op, inner.args[0], axes=tuple(sorted(perm[a] for a in axes)), keepdims=keep
        )
        if keep:
            return edit.op("transpose", reduced, perm=perm)
        left = [p for a, p in enumerate(perm) if a not in axes]
        order = tuple(sorted(left).index(p) for p in left)
        if order == tuple(range(len(order))):
            return reduced
        return edit.op("transpose", reduced, perm=order)
