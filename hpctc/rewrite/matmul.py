"""Matrix products: associate, distribute, transpose, cut along m, n, k and batch, fuse."""

from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, Refused, View
from hpctc.rewrite.shapes import halves, part, swap_last

LARGEST = 1 << 22
"""Elements that a rewrite may let an intermediate value have."""


def is_matrix(edit: Edit, *args: str | int | float) -> bool:
    """Whether all operands have two axes or more."""
    return all(len(edit.shape(a)) >= 2 for a in args)


@dataclass(frozen=True)
class AssociateMatmul(Rewrite):
    """Multiply the other pair of a chain of three first."""

    name = "associate-matmul"
    rule = "(A @ B) @ C = A @ (B @ C), and back"
    ops = ("matmul",)
    weight = 2.0
    side: str = "left"
    """Which operand is taken apart: left or right."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["AssociateMatmul"]:
        """Either operand may be a product."""
        for side, arg in zip(("left", "right"), node.args, strict=True):
            if view.producer(arg, "matmul"):
                yield cls(node.results[0].name, side)

    def build(self, edit: Edit, node: Node) -> Built:
        """Refuses where the new intermediate would be huge."""
        left, right = node.args
        inner = edit.view.producer(left if self.side == "left" else right, "matmul")
        if inner is None or not is_matrix(edit, *inner.args, left, right):
            return None
        a, b = inner.args
        if self.side == "left":
            value = edit.op("matmul", a, middle := edit.op("matmul", b, right))
        else:
            value = edit.op("matmul", middle := edit.op("matmul", left, a), b)
        return value if edit.type(middle).size <= LARGEST else None


@dataclass(frozen=True)
class DistributeMatmul(Rewrite):
    """Multiply the terms of a sum one by one."""

    name = "distribute-matmul"
    rule = "A @ (B + C) = A @ B + A @ C, (A + B) @ C = A @ C + B @ C, likewise -"
    ops = ("matmul",)
    weight = 2.0
    side: str = "right"
    """Which operand is a sum: left or right."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["DistributeMatmul"]:
        """Either operand may be a sum."""
        for side, arg in zip(("left", "right"), node.args, strict=True):
            if view.producer(arg, "add", "sub"):
                yield cls(node.results[0].name, side)

    def build(self, edit: Edit, node: Node) -> Built:
        """Both terms have the full shape."""
        left, right = node.args
        whole = left if self.side == "left" else right
        inner = edit.view.producer(whole, "add", "sub")
        if inner is None or any(edit.shape(t) != edit.shape(whole) for t in inner.args):
            return None
        products = [
            edit.op("matmul", *((t, right) if self.side == "left" else (left, t)))
            for t in inner.args
        ]
        return edit.op(inner.op, *products)


@dataclass(frozen=True)
class FactorMatmul(Rewrite):
    """Add first and multiply once."""

    name = "factor-matmul"
    rule = "A @ B + A @ C = A @ (B + C), A @ C + B @ C = (A + B) @ C, likewise -"
    ops = ("add", "sub")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The products share a factor; the others have one shape."""
        products = [edit.view.producer(a, "matmul") for a in node.args]
        if products[0] is None or products[1] is None:
            return None
        (a, b), (c, d) = products[0].args, products[1].args
        if a == c and edit.shape(b) == edit.shape(d):
            return edit.op("matmul", a, edit.op(node.op, b, d))
        if b == d and edit.shape(a) == edit.shape(c):
            return edit.op("matmul", edit.op(node.op, a, c), b)
        return None


@dataclass(frozen=True)
class TransposeMatmul(Rewrite):
    """Multiply the transposes in the other order and transpose the result."""

    name = "transpose-matmul"
    rule = "A @ B = (B^T @ A^T)^T"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Batch axes stay; both operands are matrices."""
        a, b = node.args
        if not is_matrix(edit, a, b):
            return None
        return swap_last(edit, edit.op("matmul", swap_last(edit, b), swap_last(edit, a)))


@dataclass(frozen=True)
class SplitK(Rewrite):
    """Cut the inner axis and add the partial products."""

    name = "split-k"
    rule = "A @ B = A[:, :h] @ B[:h, :] + A[:, h:] @ B[h:, :]"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two halves; needs an inner extent of 2 or more."""
        a, b = node.args
        if not is_matrix(edit, a, b) or edit.shape(a)[-1] < 2:
            return None
        left = halves(edit, a, len(edit.shape(a)) - 1)
        right = halves(edit, b, len(edit.shape(b)) - 2)
        products = [edit.op("matmul", p, q) for p, q in zip(left, right, strict=True)]
        return edit.op("add", *products)


@dataclass(frozen=True)
class SplitColumns(Rewrite):
    """Cut the columns of the right factor and join the products."""

    name = "split-columns"
    rule = "A @ B = concat(A @ B[:, :h], A @ B[:, h:])"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two halves; needs two columns or more."""
        a, b = node.args
        if not is_matrix(edit, a, b) or edit.shape(b)[-1] < 2:
            return None
        parts = [edit.op("matmul", a, p) for p in halves(edit, b, len(edit.shape(b)) - 1)]
        return edit.op("concat", *parts, axis=len(node.results[0].type.shape) - 1)


@dataclass(frozen=True)
class SplitRows(Rewrite):
    """Cut the rows of the left factor and join the products."""

    name = "split-rows"
    rule = "A @ B = concat(A[:h, :] @ B, A[h:, :] @ B)"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Two halves; needs two rows or more."""
        a, b = node.args
        if not is_matrix(edit, a, b) or edit.shape(a)[-2] < 2:
            return None
        parts = [edit.op("matmul", p, b) for p in halves(edit, a, len(edit.shape(a)) - 2)]
        return edit.op("concat", *parts, axis=len(node.results[0].type.shape) - 2)


@dataclass(frozen=True)
class UnrollBatch(Rewrite):
    """Multiply matrix by matrix and stack the products."""

    name = "unroll-batch"
    rule = "(A @ B)[i] = A[i] @ B[i], or A[i] @ B"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """One batch axis of at most 8 in the left factor, the same or none in the right."""
        a, b = node.args
        if len(edit.shape(a)) != 3 or edit.shape(a)[0] > 8:
            return None
        count = edit.shape(a)[0]
        if len(edit.shape(b)) != 2 and edit.shape(b)[0] != count:
            return None
        products = [
            edit.op("matmul", self._matrix(edit, a, i), self._matrix(edit, b, i))
            for i in range(count)
        ]
        return edit.op("stack", *products, axis=0)

    def _matrix(self, edit: Edit, x: str | int | float, i: int) -> str:
        if isinstance(x, str) and len(edit.shape(x)) == 2:
            return x
        return edit.op("squeeze", part(edit, x, 0, i, i + 1), axes=(0,))


@dataclass(frozen=True)
class FoldBatch(Rewrite):
    """One tall product instead of a batch of small ones with the same right factor."""

    name = "fold-batch"
    rule = "A[b, m, k] @ B[k, n] = reshape(reshape(A, [b m, k]) @ B, [b, m, n])"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The right factor has no batch axis."""
        a, b = node.args
        shape = edit.shape(a)
        if len(shape) < 3 or len(edit.shape(b)) != 2:
            return None
        rows = edit.type(a).size // shape[-1]
        tall = edit.op("matmul", edit.op("reshape", a, shape=(rows, shape[-1])), b)
        return edit.op("reshape", tall, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class ScaleAfterMatmul(Rewrite):
    """Scale the product instead of a factor."""

    name = "scale-after-matmul"
    rule = "(s * A) @ B = s * (A @ B), A @ (s * B) = s * (A @ B) for a literal s"
    ops = ("matmul", "dense")
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The first scaled factor."""
        for i, arg in enumerate(node.args):
            inner = edit.view.producer(arg, "mul")
            for s, x in (inner.args, inner.args[::-1]) if inner is not None else ():
                if not isinstance(s, str):
                    args = [*node.args[:i], x, *node.args[i + 1 :]]
                    return edit.op("mul", edit.op(node.op, *args), s)
        return None


@dataclass(frozen=True)
class ScaleBeforeMatmul(Rewrite):
    """Scale a factor instead of the product."""

    name = "scale-before-matmul"
    rule = "s * (A @ B) = (s * A) @ B for a literal s"
    ops = ("mul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The left factor takes the scale."""
        for s, x in (node.args, node.args[::-1]):
            inner = edit.view.producer(x, "matmul", "dense")
            if inner is not None and not isinstance(s, str):
                return edit.op(inner.op, edit.op("mul", inner.args[0], s), inner.args[1])
        return None


@dataclass(frozen=True)
class FuseParallel(Rewrite):
    """Two products with the same left factor in one, with the right factors side by side."""

    name = "fuse-parallel-matmuls"
    rule = "A @ B, A @ C = split(A @ concat(B, C))"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The last product before this one that reads the same left factor."""
        a, c = node.args
        if not isinstance(a, str) or not is_matrix(edit, c):
            return None
        for other in edit.view.users[a]:
            if other == node or other.op != "matmul" or other.args[0] != a:
                continue
            b = other.args[1]
            if c == other.results[0].name:
                continue
            if edit.shape(b)[:-1] != edit.shape(c)[:-1] or not _comes_before(edit, other, node):
                continue
            both = edit.op("concat", b, c, axis=len(edit.shape(b)) - 1)
            wide = edit.op("matmul", a, both)
            axis, cut, end = len(edit.shape(wide)) - 1, edit.shape(b)[-1], edit.shape(wide)[-1]
            return {
                other.results[0].name: part(edit, wide, axis, 0, cut),
                node.results[0].name: part(edit, wide, axis, cut, end),
            }
        return None


def _comes_before(edit: Edit, first: Node, second: Node) -> bool:
    for node in edit.view.graph.nodes:
        if node in (first, second):
            return node == first
    raise Refused("the nodes are not of this graph")
