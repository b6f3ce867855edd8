"""Products of matrices by other operators, and other operators by them."""

from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.matmul import LARGEST, is_matrix
from hpctc.rewrite.shapes import added, part, swap_last


@dataclass(frozen=True)
class MatmulAsSum(Rewrite):
    """The product by its definition: multiply everything, then sum."""

    name = "matmul-as-sum"
    rule = "(A @ B)[i, j] = sum_k A[i, k, 1] * B[1, k, j]"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Refuses where the products in between would be huge."""
        a, b = node.args
        if not is_matrix(edit, a, b):
            return None
        rank = len(edit.shape(b))
        left = edit.op("expand_dims", a, axes=(len(edit.shape(a)),))
        right = edit.op("expand_dims", b, axes=(rank - 2,))
        products = edit.op("mul", left, right)
        if edit.type(products).size > LARGEST:
            return None
        return edit.op("sum", products, axes=(len(edit.shape(products)) - 2,))


@dataclass(frozen=True)
class SumAsMatmul(Rewrite):
    """A sum of products over the last axis, as a product of matrices."""

    name = "sum-of-products-as-matmul"
    rule = "sum(A * B, last) = squeeze(A[..., 1, k] @ B[..., k, 1])"
    ops = ("sum",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Both factors have the full shape; only the last axis is summed and vanishes."""
        inner = edit.view.producer(node.args[0], "mul")
        rank = len(edit.shape(node.args[0]))
        attrs = dict(node.attrs)
        if inner is None or attrs["keepdims"] or attrs["axes"] not in ((rank - 1,), (-1,)):
            return None
        a, b = inner.args
        if edit.shape(a) != edit.shape(b):
            return None
        row = edit.op("expand_dims", a, axes=(rank - 1,))
        column = edit.op("expand_dims", b, axes=(rank,))
        return edit.op("squeeze", edit.op("matmul", row, column), axes=(rank - 1, rank))


@dataclass(frozen=True)
class OuterProducts(Rewrite):
    """A product of matrices is a sum of outer products of columns and rows."""

    name = "matmul-as-outer-products"
    rule = "A @ B = sum_k A[:, k] * B[k, :]"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """An inner extent of at most 8."""
        a, b = node.args
        if not is_matrix(edit, a, b) or not 2 <= edit.shape(a)[-1] <= 8:
            return None
        columns, rows = len(edit.shape(a)) - 1, len(edit.shape(b)) - 2
        products = (
            edit.op("mul", part(edit, a, columns, k, k + 1), part(edit, b, rows, k, k + 1))
            for k in range(edit.shape(a)[-1])
        )
        return added(edit, products)


@dataclass(frozen=True)
class DenseAsMatmul(Rewrite):
    """A dense layer is a product with the transposed weights."""

    name = "dense-as-matmul"
    rule = "dense(x, w) = x @ w^T"
    ops = ("dense",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Any number of leading axes in x."""
        x, w = node.args
        return edit.op("matmul", x, swap_last(edit, w))


@dataclass(frozen=True)
class MatmulAsDense(Rewrite):
    """A product with a matrix is a dense layer with its transpose."""

    name = "matmul-as-dense"
    rule = "x @ B = dense(x, B^T)"
    ops = ("matmul",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The right factor has no batch axis."""
        x, b = node.args
        if len(edit.shape(b)) != 2:
            return None
        return edit.op("dense", x, swap_last(edit, b))


@dataclass(frozen=True)
class MatmulAsConv(Rewrite):
    """A dense layer is a convolution with a kernel of one point."""

    name = "dense-as-conv"
    rule = "dense(x, w) = conv2d(x[n, k, 1, 1], w[o, k, 1, 1])"
    ops = ("dense",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """X has two axes."""
        x, w = node.args
        if len(edit.shape(x)) != 2:
            return None
        image, kernel = (edit.op("expand_dims", v, axes=(2, 3)) for v in (x, w))
        return edit.op(
            "reshape", edit.op("conv2d", image, kernel), shape=node.results[0].type.shape
        )
