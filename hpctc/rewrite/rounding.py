"""Whole parts, signs and truth values by conversion to integers, comparison and selection."""

from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.identity import Identity


class TruncByInt(Identity):
    """Drop the fraction by a conversion to an integer and back, of what an integer has room for."""

    name = "trunc-by-int"
    rule = "trunc(x) = cast(cast(x, dtype='int32'), dtype='float32')"
    dtypes = ("float32",)
    exact = True


@dataclass(frozen=True)
class IntByTrunc(Rewrite):
    """Drop the fraction without a conversion."""

    name = "int-by-trunc"
    rule = "cast(cast(x, int32), float32) = trunc(x), likewise int8 and float16"
    ops = ("cast",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """From a float to an integer and back to the same float."""
        inner = edit.view.producer(node.args[0], "cast")
        if inner is None or edit.type(node.args[0]).dtype not in ("int32", "int8"):
            return None
        if edit.type(inner.args[0]) != node.results[0].type:
            return None
        return edit.op("trunc", inner.args[0])


class FloorByTrunc(Identity):
    """The floor is one less than what has no fraction, where that is larger."""

    name = "floor-by-trunc"
    rule = "floor(x) = trunc(x) - cast(x < trunc(x), dtype='float32')"
    dtypes = ("float32",)
    exact = True


class CeilByTrunc(Identity):
    """The ceiling is one more than what has no fraction, where that is smaller."""

    name = "ceil-by-trunc"
    rule = "ceil(x) = trunc(x) + cast(x > trunc(x), dtype='float32')"
    dtypes = ("float32",)
    exact = True


class SignByComparisons(Identity):
    """The sign counts two comparisons with zero."""

    name = "sign-by-comparisons"
    rule = "sign(x) = cast(x > 0, dtype='float32') - cast(x < 0, dtype='float32')"
    dtypes = ("float32",)
    exact = True


@dataclass(frozen=True)
class TruthAsWhere(Rewrite):
    """A truth value as a number selects between one and zero."""

    name = "cast-bool-as-where"
    rule = "cast(b, t) = where(b, 1, 0)"
    ops = ("cast",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """To float32 or int32: the types that two literals have by themselves."""
        x = node.args[0]
        one = {"float32": 1.0, "int32": 1}.get(node.results[0].type.dtype)
        if edit.type(x).dtype != "bool" or one is None:
            return None
        return edit.op("where", x, one, one - one)
