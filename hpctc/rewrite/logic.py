"""Comparisons, Boolean algebra and selection."""

from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.identity import Identity

BOOL = ("bool",)
ANY = ("float32", "float16", "int32", "int8", "bool")


class LessAsGreater(Identity):
    """Turn a comparison round."""

    name = "less-as-greater"
    rule = "a < b = b > a"
    dtypes = BOOL
    exact = True


class GreaterAsLess(Identity):
    """Turn a comparison round."""

    name = "greater-as-less"
    rule = "a > b = b < a"
    dtypes = BOOL
    exact = True


class LessEqualAsNotGreater(Identity):
    """At most is not greater."""

    name = "less-equal-as-not-greater"
    rule = "a <= b = logical_not(a > b)"
    dtypes = BOOL
    exact = True


class GreaterEqualAsNotLess(Identity):
    """At least is not less."""

    name = "greater-equal-as-not-less"
    rule = "a >= b = logical_not(a < b)"
    dtypes = BOOL
    exact = True


class GreaterAsNotLessEqual(Identity):
    """Greater is not at most."""

    name = "greater-as-not-less-equal"
    rule = "a > b = logical_not(a <= b)"
    dtypes = BOOL
    exact = True


class NotEqualAsNot(Identity):
    """Different is not equal."""

    name = "not-equal-as-not"
    rule = "a != b = logical_not(a == b)"
    dtypes = BOOL
    exact = True


class DeMorganAnd(Identity):
    """Not both is one not or the other not (De Morgan)."""

    name = "de-morgan-and"
    rule = "a & b = ~(~a | ~b)"
    dtypes = BOOL
    exact = True


class DeMorganOr(Identity):
    """Neither is not the one and not the other (De Morgan)."""

    name = "de-morgan-or"
    rule = "a | b = ~(~a & ~b)"
    dtypes = BOOL
    exact = True


class XorByAndOr(Identity):
    """Exactly one is one of both but not both."""

    name = "xor-by-and-or"
    rule = "a ^ b = (a | b) & ~(a & b)"
    dtypes = BOOL
    exact = True


class XorAsNotEqual(Identity):
    """Exclusive or is inequality."""

    name = "xor-as-not-equal"
    rule = "a ^ b = (a & ~b) | (~a & b)"
    dtypes = BOOL
    exact = True


class AndDistributes(Identity):
    """And distributes over or."""

    name = "and-distributes"
    rule = "a & (b | c) = (a & b) | (a & c)"
    dtypes = BOOL
    exact = True


class WhereSwapped(Identity):
    """Negate the condition and swap the branches."""

    name = "where-swapped"
    rule = "where(c, a, b) = where(~c, b, a)"
    dtypes = ANY
    exact = True


class WhereAsOr(Identity):
    """Selection between truth values is Boolean algebra."""

    name = "where-as-or"
    rule = "where(c, a, b) = (c & a) | (~c & b)"
    dtypes = BOOL
    exact = True


class WhereThroughAdd(Identity):
    """Select the term that differs."""

    name = "where-of-sums"
    rule = "where(c, a + d, b + d) = where(c, a, b) + d"
    dtypes = ("float32", "float16", "int32", "int8")
    exact = True


class MaximumAsWhere(Identity):
    """The maximum selects the larger."""

    name = "maximum-as-where"
    rule = "maximum(a, b) = where(a > b, a, b)"
    dtypes = ("float32", "int32", "int8")
    exact = True


class MinimumAsWhere(Identity):
    """The minimum selects the smaller."""

    name = "minimum-as-where"
    rule = "minimum(a, b) = where(a < b, a, b)"
    dtypes = ("float32", "int32", "int8")
    exact = True


class AbsAsWhere(Identity):
    """The magnitude selects."""

    name = "abs-as-where"
    rule = "abs(x) = where(x < 0, neg(x), x)"
    dtypes = ("float32", "int32", "int8")
    exact = True


@dataclass(frozen=True)
class WhereAsBlend(Rewrite):
    """Select by arithmetic: the condition as a number weighs the branches."""

    name = "where-as-blend"
    rule = "where(c, a, b) = m * a + (1 - m) * b, m = cast(c)"
    ops = ("where",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Cast, weigh, add."""
        dtype = node.results[0].type.dtype
        if dtype not in ("float32", "float16", "int32", "int8"):
            return None
        condition, a, b = node.args
        mask = edit.op("cast", condition, dtype=dtype)
        return edit.op("add", edit.op("mul", mask, a), edit.op("mul", edit.op("sub", 1, mask), b))


@dataclass(frozen=True)
class CompareAsDifference(Rewrite):
    """Compare integers by the sign of their difference."""

    name = "compare-as-difference"
    rule = "f(a, b) = f(a - b, 0) for integers and f in <, <=, >, >=, ==, !="
    ops = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The difference against zero; the difference must fit the dtype."""
        a, b = node.args
        if b == 0 or edit.type(a if isinstance(a, str) else b).dtype not in ("int32", "int8"):
            return None
        return edit.op(node.op, edit.op("sub", a, b), 0)


@dataclass(frozen=True)
class CastThroughWider(Rewrite):
    """Cast a truth value by way of an integer."""

    name = "cast-bool-in-two-steps"
    rule = "cast(b, t) = cast(cast(b, int32), t)"
    ops = ("cast",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Only truth values; to another type than the step between."""
        (x,) = node.args
        if edit.type(x).dtype != "bool" or node.results[0].type.dtype in ("int32", "bool"):
            return None
        return edit.op("cast", edit.op("cast", x, dtype="int32"), **dict(node.attrs))


@dataclass(frozen=True)
class CastAsWhere(Rewrite):
    """Any truth value is a selection between one and zero of its own making."""

    name = "bool-through-int"
    rule = "f(a, b) = cast(f(a, b), int32) != 0 for logical f"
    ops = ("logical_and", "logical_or", "logical_xor", "logical_not", "any", "all")
    exact = True
    weight = 0.5

    def build(self, edit: Edit, node: Node) -> Built:
        """Through int32 and back; not of what is such a comparison's operand already."""
        return edit.op("not_equal", edit.op("cast", node.results[0].name, dtype="int32"), 0)


@dataclass(frozen=True)
class BooleanAsArithmetic(Rewrite):
    """Boolean algebra on the numbers zero and one."""

    name = "boolean-as-arithmetic"
    rule = "a & b = a * b, a | b = max(a, b), a ^ b = |a - b| on int32 zeros and ones"
    ops = ("logical_and", "logical_or", "logical_xor")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Cast both, combine, compare with zero."""
        a, b = (edit.op("cast", x, dtype="int32") for x in node.args)
        how = {"logical_and": "mul", "logical_or": "maximum", "logical_xor": "sub"}[node.op]
        return edit.op("not_equal", edit.op(how, a, b), 0)
