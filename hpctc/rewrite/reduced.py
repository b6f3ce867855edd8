"""What is reduced: linear and monotone operators move through, reductions by one another."""

from dataclasses import dataclass
from typing import ClassVar

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.reduction import RISING
from hpctc.rewrite.shapes import axes_and_keep, axis_of, shifted


@dataclass(frozen=True)
class MeanAsSum(Rewrite):
    """The mean is the sum over the count."""

    name = "mean-as-sum"
    rule = "mean(x) = sum(x) / n"
    ops = ("mean",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Divide by how many elements are reduced into one."""
        total = edit.op("sum", node.args[0], **dict(node.attrs))
        return edit.op("div", total, edit.type(node.args[0]).size // edit.type(total).size)


@dataclass(frozen=True)
class SumAsMean(Rewrite):
    """The sum is the mean times the count."""

    name = "sum-as-mean"
    rule = "sum(x) = mean(x) * n"
    ops = ("sum",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Multiply by how many elements are reduced into one."""
        middle = edit.op("mean", node.args[0], **dict(node.attrs))
        return edit.op("mul", middle, edit.type(node.args[0]).size // edit.type(middle).size)


@dataclass(frozen=True)
class SumOfSum(Rewrite):
    """Sum the terms of a sum one by one."""

    name = "sum-of-terms"
    rule = "sum(a + b) = sum(a) + sum(b), likewise mean and -"
    ops = ("sum", "mean")

    def build(self, edit: Edit, node: Node) -> Built:
        """Both terms have the full shape: a broadcast one would be counted too seldom."""
        inner = edit.view.producer(node.args[0], "add", "sub")
        if inner is None or any(edit.shape(a) != edit.shape(node.args[0]) for a in inner.args):
            return None
        parts = [edit.op(node.op, a, **dict(node.attrs)) for a in inner.args]
        return edit.op(inner.op, *parts)


@dataclass(frozen=True)
class SumsAsOne(Rewrite):
    """Add first and reduce once."""

    name = "join-sums"
    rule = "sum(a, A) + sum(b, A) = sum(a + b, A)"
    ops = ("add",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Operands and attributes of both sums agree."""
        sums = [edit.view.producer(a, "sum") for a in node.args]
        left, right = sums
        if left is None or right is None or left.attrs != right.attrs:
            return None
        a, b = left.args[0], right.args[0]
        if edit.shape(a) != edit.shape(b):
            return None
        return edit.op("sum", edit.op("add", a, b), **dict(left.attrs))


@dataclass(frozen=True)
class ScaleOutOfSum(Rewrite):
    """Take a factor that is the same for all terms out of the sum."""

    name = "factor-out-of-sum"
    rule = "sum(c * x) = c * sum(x) where c is constant along the axes, likewise mean"
    ops = ("sum", "mean")

    def build(self, edit: Edit, node: Node) -> Built:
        """A literal, or a factor of extent 1 along the axes, which are kept."""
        inner = edit.view.producer(node.args[0], "mul")
        if inner is None:
            return None
        axes, keep = axes_and_keep(edit, node)
        shape = edit.shape(node.args[0])
        for c, x in (inner.args, inner.args[::-1]):
            if edit.shape(x) != shape:
                continue
            own = edit.shape(c)
            aligned = (1,) * (len(shape) - len(own)) + own
            if not own or (keep and all(aligned[a] == 1 for a in axes)):
                return edit.op("mul", c, edit.op(node.op, x, **dict(node.attrs)))
        return None


@dataclass(frozen=True)
class ExtremeOfRising(Rewrite):
    """Take the extreme before a function that never falls, not after it."""

    name = "extreme-of-rising"
    rule = "max(f(x)) = f(max(x)) for rising f, likewise min"
    ops: ClassVar[tuple[str, ...]] = ("max", "min")

    def build(self, edit: Edit, node: Node) -> Built:
        """One application of the function for each result instead of each element."""
        inner = edit.view.producer(node.args[0], *RISING)
        if inner is None:
            return None
        return edit.op(inner.op, edit.op(node.op, inner.args[0], **dict(node.attrs)))


@dataclass(frozen=True)
class RisingOfExtreme(Rewrite):
    """Apply a function that never falls before the extreme is taken, not after it."""

    name = "rising-of-extreme"
    rule = "f(max(x)) = max(f(x)) for rising f, likewise min"
    ops = RISING
    weight = 0.5

    def build(self, edit: Edit, node: Node) -> Built:
        """One application for every element."""
        inner = edit.view.producer(node.args[0], "max", "min")
        if inner is None:
            return None
        return edit.op(inner.op, edit.op(node.op, inner.args[0]), **dict(inner.attrs))


@dataclass(frozen=True)
class ExtremeByNegation(Rewrite):
    """The maximum is the negated minimum of the negatives."""

    name = "extreme-by-negation"
    rule = "max(x) = -min(-x), min(x) = -max(-x)"
    ops = ("max", "min")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The other extreme."""
        other = "min" if node.op == "max" else "max"
        negated = edit.op("neg", node.args[0])
        return edit.op("neg", edit.op(other, negated, **dict(node.attrs)))


@dataclass(frozen=True)
class ArgByNegation(Rewrite):
    """The position of the largest is that of the smallest negative."""

    name = "argmax-by-negation"
    rule = "argmax(x) = argmin(-x), argmin(x) = argmax(-x)"
    ops = ("argmax", "argmin")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The other search; ties still go to the first."""
        other = "argmin" if node.op == "argmax" else "argmax"
        return edit.op(other, edit.op("neg", node.args[0]), **dict(node.attrs))


@dataclass(frozen=True)
class QuantifierByNegation(Rewrite):
    """One is true unless all are false (De Morgan)."""

    name = "quantifier-by-negation"
    rule = "any(x) = ~all(~x), all(x) = ~any(~x)"
    ops = ("any", "all")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The other quantifier."""
        other = "all" if node.op == "any" else "any"
        negated = edit.op("logical_not", node.args[0])
        return edit.op("logical_not", edit.op(other, negated, **dict(node.attrs)))


@dataclass(frozen=True)
class QuantifierByCounting(Rewrite):
    """One is true if the count of those that are is not zero."""

    name = "any-by-counting"
    rule = "any(x) = sum(cast(x, int32)) > 0"
    ops = ("any",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Count, compare."""
        count = edit.op("sum", edit.op("cast", node.args[0], dtype="int32"), **dict(node.attrs))
        return edit.op("greater", count, 0)


@dataclass(frozen=True)
class VarianceByMean(Rewrite):
    """The variance by its definition."""

    name = "variance-by-mean"
    rule = "variance(x) = mean((x - mean(x)) ** 2)"
    ops = ("variance",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Two passes, as numerically sound as the original."""
        x = node.args[0]
        axes, _ = axes_and_keep(edit, node)
        centred = edit.op("sub", x, edit.op("mean", x, axes=axes, keepdims=True))
        return edit.op("mean", edit.op("square", centred), **dict(node.attrs))


@dataclass(frozen=True)
class LogSumExpStable(Rewrite):
    """The logarithm of a sum of exponentials, shifted by the largest."""

    name = "logsumexp-shifted"
    rule = "logsumexp(x) = m + log(sum(exp(x - m))), m = max(x)"
    ops = ("logsumexp",)

    def build(self, edit: Edit, node: Node) -> Built:
        """The shift keeps its axes for the subtraction."""
        x = node.args[0]
        axes, keep = axes_and_keep(edit, node)
        total = edit.op("sum", edit.op("exp", shifted(edit, x, axes)), axes=axes, keepdims=keep)
        largest = edit.op("max", x, axes=axes, keepdims=keep)
        return edit.op("add", largest, edit.op("log", total))


@dataclass(frozen=True)
class LogSumExpPlain(Rewrite):
    """The logarithm of a sum of exponentials, where none of them overflows."""

    name = "logsumexp-plain"
    rule = "logsumexp(x) = log(sum(exp(x)))"
    ops = ("logsumexp",)

    def build(self, edit: Edit, node: Node) -> Built:
        """No shift."""
        return edit.op("log", edit.op("sum", edit.op("exp", node.args[0]), **dict(node.attrs)))


@dataclass(frozen=True)
class CumsumByDoubling(Rewrite):
    """The running sum in log2(n) shifted additions (Hillis and Steele, 1986)."""

    name = "cumsum-by-doubling"
    rule = "y_0 = x, y_{k+1}[i] = y_k[i] + y_k[i - 2^k], cumsum(x) = y_ceil(log2 n)"
    ops = ("cumsum",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Shift by padding in front and cutting off behind."""
        y = node.args[0]
        shape = edit.shape(y)
        axis = axis_of(edit, node)
        if not 2 <= shape[axis] <= 256:
            return None
        none = (0,) * len(shape)
        step = 1
        while step < shape[axis]:
            ahead = tuple(step if a == axis else 0 for a in range(len(shape)))
            shifted = edit.op("pad", y, before=ahead, after=none)
            y = edit.op("add", y, edit.op("slice", shifted, begin=none, end=shape))
            step *= 2
        assert isinstance(y, str)
        return y
