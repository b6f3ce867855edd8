"""The operators that threads reduce with, and how programs spell them."""

from dataclasses import dataclass

from hpctc.syntax import tree

IDEMPOTENT = frozenset({"max", "min", "&", "|"})
"""Operators for which it does not matter how often a value is joined in."""

JOINING = frozenset("+*&|^")
"""Operators that C spells between two values."""

EXTREMES = {
    f"{word}_{kind}": word
    for word in ("max", "min")
    for kind in ("int", "unsigned", "int64_t", "uint64_t", "float", "double")
} | {"fmaxf": "max", "fmax": "max", "fminf": "min", "fmin": "min"}
"""Functions of two values that give the larger or smaller: all prefer a number to a NaN."""


@dataclass(frozen=True)
class Operator:
    """``+``, ``max``, ...; and how the source spells it, which decides what a NaN does."""

    symbol: str
    spelled: str = ""
    """The helper that joins two values, or ``>``, ``<`` for ``a > b ? a : b``; else empty."""

    @property
    def idempotent(self) -> bool:
        """Whether joining a value in once more changes nothing."""
        return self.symbol in IDEMPOTENT


def extreme(condition: tree.Expr, yes: tree.Expr, no: tree.Expr) -> Operator | None:
    """The operator of ``a > b ? a : b`` and its kin."""
    match condition:
        case tree.Binary(">" | ">=", left, right) | tree.Binary("<" | "<=", right, left):
            if (left, right) == (yes, no):
                return Operator("max", ">")
            if (right, left) == (yes, no):
                return Operator("min", "<")
        case _:
            pass
    return None


__all__ = ["EXTREMES", "IDEMPOTENT", "JOINING", "Operator", "extreme"]
