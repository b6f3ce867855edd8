"""Where the term of a sum is surely 0: there the sum may end.

Staging fills what lies beyond an array with zeros, and rounds go on over them. For a product one
side beyond its bound is enough; ``popcount(x ^ w)`` and ``fabsf(x - w)`` are 0 where both are.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.values import Bound, Op, Pick, Value, is_zero, walk
from hpctc.transpile.fold import constant

_MOST = 2**31
"""From 0 to here C's ints, signed and unsigned, are the same."""

_OPERATIONS: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

_KEEP_ZERO = frozenset({"fabsf", "sqrtf", "max_float", "min_float", "__builtin_popcount"})
"""Functions that are 0 where all that they are given is."""


def needed(term: Value) -> list[Bound]:
    """Bounds outside of which a term is 0."""
    bounds = [bound for part in walk(term) if isinstance(part, Pick) for bound in part.test]
    return [bound for bound in dict.fromkeys(bounds) if _outside(term, bound) == 0]


def _outside(value: Value, bound: Bound) -> int | None:
    """The whole number that a value is wherever a bound does not hold; None: not surely one."""
    match value:
        case Pick(test, yes, no):
            if any(_implies(one, bound) for one in test):
                return _outside(no, bound)
            either = _outside(yes, bound)
            return either if either == _outside(no, bound) else None
        case Op(tree.Cast(), (inner,)):
            return 0 if _outside(inner, bound) == 0 else None
        case Op(template, args):
            return _computed(template, [_outside(arg, bound) for arg in args], value)
        case _:
            return None


def _computed(template: Any, args: list[int | None], value: Value) -> int | None:
    """An operation on numbers that are known, or are not."""
    match template, args:
        case tree.Number(), []:
            return 0 if is_zero(value) else constant(template)
        case tree.Binary("*" | "&", _, _), [left, right] if 0 in (left, right):
            return 0
        case tree.Binary("<<" | ">>", _, _), [left, right]:
            return 0 if left == 0 and right is not None and 0 <= right < 32 else None
        case tree.Binary(op, _, _), [int(left), int(right)] if op in _OPERATIONS:
            made = int(_OPERATIONS[op](left, right))
            return made if 0 <= made < _MOST else None
        case tree.Select(), [int(chosen), yes, no]:
            return yes if chosen else no
        case tree.Unary("-", _), [0]:
            return 0
        case tree.Call(tree.Name(name), _), _ if name in _KEEP_ZERO:
            return 0 if all(arg == 0 for arg in args) else None
        case _:
            return None


def _implies(one: Bound, other: Bound) -> bool:
    """Whether a bound holds only where the other one does."""
    if one == other:
        return True
    upper = one.form == other.form and other.low is None
    return upper and one.high is not None and other.high is not None and one.high <= other.high


__all__ = ["needed"]
