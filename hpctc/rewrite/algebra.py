"""Elementwise arithmetic: commuting, associating, distributing, and one operator by others."""

from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, View
from hpctc.rewrite.identity import COMMUTATIVE, Identity

FLOATS = ("float32", "float16")
NUMBERS = (*FLOATS, "int32", "int8")

ASSOCIATIVE = (
    "add", "mul", "maximum", "minimum", "logical_and", "logical_or", "logical_xor"
)  # fmt: skip


@dataclass(frozen=True)
class Commute(Rewrite):
    """Swap the operands of a commutative operator."""

    name = "commute"
    rule = "f(a, b) = f(b, a)"
    ops = COMMUTATIVE
    exact = True
    weight = 0.5

    def build(self, edit: Edit, node: Node) -> Built:
        """The same operator, operands swapped."""
        a, b = node.args
        return None if a == b else edit.op(node.op, b, a)


@dataclass(frozen=True)
class Associate(Rewrite):
    """Move the brackets of an associative operator to the other side."""

    name = "associate"
    rule = "f(f(a, b), c) = f(a, f(b, c))"
    ops = ASSOCIATIVE
    side: str = "left"
    """Which operand is taken apart: left or right."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["Associate"]:
        """Either operand may be an application of the same operator."""
        for side, arg in zip(("left", "right"), node.args, strict=True):
            if view.producer(arg, node.op):
                yield cls(node.results[0].name, side)

    def build(self, edit: Edit, node: Node) -> Built:
        """``f(a, f(b, c))``, or ``f(f(a, b), c)`` when the right operand is taken apart."""
        left, right = node.args
        inner = edit.view.producer(left if self.side == "left" else right, node.op)
        if inner is None:
            return None
        if self.side == "left":
            a, b = inner.args
            return edit.op(node.op, a, edit.op(node.op, b, right))
        b, c = inner.args
        return edit.op(node.op, edit.op(node.op, left, b), c)


class Distribute(Identity):
    """Multiply out a sum."""

    name = "distribute"
    rule = "a * (b + c) = a * b + a * c"
    dtypes = NUMBERS


class DistributeSub(Identity):
    """Multiply out a difference."""

    name = "distribute-sub"
    rule = "a * (b - c) = a * b - a * c"
    dtypes = NUMBERS


class Factor(Identity):
    """Take a common factor out of a sum."""

    name = "factor"
    rule = "a * b + a * c = a * (b + c)"
    dtypes = NUMBERS


class DivideSum(Identity):
    """Divide the terms of a sum one by one."""

    name = "divide-sum"
    rule = "(a + b) / c = a / c + b / c"


class DivideProduct(Identity):
    """Divide one factor of a product."""

    name = "divide-product"
    rule = "(a * b) / c = a * (b / c)"


class SubAsAdd(Identity):
    """Subtract by adding the negative."""

    name = "sub-as-add"
    rule = "a - b = a + neg(b)"
    dtypes = NUMBERS
    exact = True


class AddAsSub(Identity):
    """Add by subtracting the negative."""

    name = "add-as-sub"
    rule = "a + b = a - neg(b)"
    dtypes = NUMBERS
    exact = True
    weight = 0.5


class AddNegAsSub(Identity):
    """Subtract instead of adding a negative."""

    name = "add-neg-as-sub"
    rule = "a + neg(b) = a - b"
    dtypes = NUMBERS
    exact = True


class NegateDifference(Identity):
    """Swap a difference and negate it."""

    name = "negate-difference"
    rule = "a - b = neg(b - a)"
    dtypes = NUMBERS
    exact = True


class NegAsMul(Identity):
    """Negate by multiplying."""

    name = "neg-as-mul"
    rule = "neg(x) = x * -1"
    dtypes = NUMBERS
    exact = True


class NegAsSub(Identity):
    """Negate by subtracting from zero."""

    name = "neg-as-sub"
    rule = "neg(x) = 0 - x"
    dtypes = NUMBERS


class NegThroughMul(Identity):
    """Move a sign out of a product."""

    name = "neg-through-mul"
    rule = "neg(a) * b = neg(a * b)"
    dtypes = NUMBERS
    exact = True


class DivAsMul(Identity):
    """Divide by multiplying with the reciprocal."""

    name = "div-as-mul"
    rule = "a / b = a * reciprocal(b)"


class MulAsDiv(Identity):
    """Divide instead of multiplying with a reciprocal."""

    name = "mul-as-div"
    rule = "a * reciprocal(b) = a / b"


class ReciprocalAsDiv(Identity):
    """A reciprocal is a quotient."""

    name = "reciprocal-as-div"
    rule = "reciprocal(x) = 1 / x"


class SquareAsMul(Identity):
    """A square is a product."""

    name = "square-as-mul"
    rule = "square(x) = x * x"
    dtypes = NUMBERS


class MulAsSquare(Identity):
    """A product of equals is a square."""

    name = "mul-as-square"
    rule = "x * x = square(x)"
    dtypes = NUMBERS


class SquareAsPow(Identity):
    """A square is a power."""

    name = "square-as-pow"
    rule = "square(x) = x ** 2"


class PowAsSquare(Identity):
    """The second power is a square."""

    name = "pow-as-square"
    rule = "x ** 2 = square(x)"


class DifferenceOfSquares(Identity):
    """The difference of two squares is a product."""

    name = "difference-of-squares"
    rule = "square(a) - square(b) = (a - b) * (a + b)"


class SquareOfSum(Identity):
    """The binomial theorem for the second power."""

    name = "square-of-sum"
    rule = "square(a + b) = square(a) + 2 * a * b + square(b)"


class DoubleAsMul(Identity):
    """Twice a value is a product."""

    name = "double-as-mul"
    rule = "x + x = 2 * x"
    dtypes = NUMBERS


class AbsAsMaximum(Identity):
    """The magnitude is the larger of a value and its negative."""

    name = "abs-as-maximum"
    rule = "abs(x) = maximum(x, neg(x))"
    dtypes = NUMBERS
    exact = True


class AbsAsSqrt(Identity):
    """The magnitude is the root of the square."""

    name = "abs-as-sqrt"
    rule = "abs(x) = sqrt(square(x))"


class MaximumAsNegatedMinimum(Identity):
    """The maximum is the negated minimum of the negatives."""

    name = "maximum-as-minimum"
    rule = "maximum(a, b) = neg(minimum(neg(a), neg(b)))"
    dtypes = NUMBERS
    exact = True


class MinimumAsNegatedMaximum(Identity):
    """The minimum is the negated maximum of the negatives."""

    name = "minimum-as-maximum"
    rule = "minimum(a, b) = neg(maximum(neg(a), neg(b)))"
    dtypes = NUMBERS
    exact = True


class AddThroughMaximum(Identity):
    """A common term leaves a maximum."""

    name = "add-out-of-maximum"
    rule = "maximum(a + c, b + c) = maximum(a, b) + c"


class ModByFloorDiv(Identity):
    """The remainder by the quotient."""

    name = "mod-by-floor-div"
    rule = "mod(a, b) = a - b * floor_div(a, b)"
    dtypes = ("int32", "int8")
    exact = True
