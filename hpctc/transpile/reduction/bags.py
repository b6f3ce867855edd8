"""What a thread may hold while threads reduce: a number, or some values joined by one operator.

A :class:`Bag` is a multiset of atoms: the values with which the threads came to the exchange, and
constants. Two bits of its masks a count: an atom is in it not at all, once, or more often. That is
all that recognising a reduction needs, and it makes joining two bags three operations on ints.
"""

from dataclasses import dataclass, field

from hpctc.syntax import tree
from hpctc.transpile.fold import constant
from hpctc.transpile.reduction.operators import Operator

_IDENTITY = {"+": 0.0, "|": 0.0, "^": 0.0, "*": 1.0, "&": -1.0}

_NAMED = {
    "INFINITY": float("inf"), "FLT_MAX": 3.4028234663852886e38, "DBL_MAX": 1.7976931348623157e308,
    "INT_MAX": 2.0**31 - 1, "INT_MIN": -(2.0**31),
}  # fmt: skip


@dataclass(frozen=True)
class Family:
    """One value of every thread, as it stands before the exchange."""

    source: tree.Expr
    kind: str
    """Canonical name of its C type."""
    first: int
    """The bit of thread 0; thread t has bit ``first + t``."""


@dataclass(frozen=True, slots=True)
class Bag:
    """Atoms joined by an operator; of a single atom the operator is None."""

    op: Operator | None
    some: int
    """Bits of the atoms that are in it."""
    more: int
    """Bits of the atoms that are in it more than once."""
    kind: str
    """Type of the value; empty for a constant, which takes that of its partner."""


@dataclass
class Atoms:
    """Gives out bits."""

    threads: int
    families: list[Family] = field(default_factory=list)
    constants: dict[int, tree.Expr] = field(default_factory=dict)
    """Bit number -> what stands for."""
    size: int = 0

    def family(self, source: tree.Expr, kind: str) -> list[Bag]:
        """A value of every thread, as atoms; the same source has the same atoms."""
        made = next((f for f in self.families if f.source == source), None)
        if made is None:
            made = Family(source, kind, self.size)
            self.size += self.threads
            self.families.append(made)
        return [Bag(None, 1 << (made.first + t), 0, kind) for t in range(self.threads)]

    def constant(self, value: tree.Expr) -> Bag:
        """A constant as an atom."""
        bit = next((b for b, e in self.constants.items() if e == value), None)
        if bit is None:
            bit = self.size
            self.size += 1
            self.constants[bit] = value
        return Bag(None, 1 << bit, 0, "")

    def joined(self, op: Operator, left: Bag, right: Bag) -> Bag | None:
        """``left op right``; None where they are not of one operator and type."""
        if left.op not in (None, op) or right.op not in (None, op):
            return None
        if left.kind and right.kind and left.kind != right.kind:
            return None
        if self._nothing(op, left):
            return right
        if self._nothing(op, right):
            return left
        more = left.more | right.more | (left.some & right.some)
        return Bag(op, left.some | right.some, more, left.kind or right.kind)

    def _nothing(self, op: Operator, bag: Bag) -> bool:
        """Whether a bag is just the operator's identity."""
        value = self.constants.get(bag.some.bit_length() - 1)
        if bag.kind or bag.some.bit_count() != 1 or value is None:
            return False
        return op.symbol in _IDENTITY and worth(value) == _IDENTITY[op.symbol]


def worth(node: tree.Expr) -> float | None:
    """The number that a literal stands for; None where it is no literal."""
    match node:
        case tree.Unary("-", operand):
            value = worth(operand)
            return None if value is None else -value
        case tree.Unary("~", operand):
            value = worth(operand)
            return None if value is None else float(~int(value))
        case tree.Name(name):
            return _NAMED.get(name)
        case tree.Number(text):
            whole = constant(node)
            if whole is not None:
                return float(whole)
            try:
                return float(text.rstrip("fFlL"))
            except ValueError:
                return None
        case _:
            return None


__all__ = ["Atoms", "Bag", "Family", "worth"]
