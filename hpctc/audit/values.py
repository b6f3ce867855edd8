"""C's integer and float expressions, evaluated with numpy over all values of their variables.

Variables stand for arrays that broadcast against each other, one axis a variable: so an index is
computed for every thread of every block, and every turn of its loops, at once.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hpctc.syntax import tree

Array = np.ndarray[Any, Any]


class Unknown(Exception):
    """An expression that depends on data, or on something that is not modelled."""


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "<<": operator.lshift,
    ">>": operator.rshift, "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": np.minimum, "max": np.maximum, "fminf": np.minimum, "fmaxf": np.maximum,
    "floorf": np.floor, "ceilf": np.ceil, "roundf": np.round, "truncf": np.trunc,
    "floor": np.floor, "ceil": np.ceil, "fabsf": np.abs, "abs": np.abs, "sqrtf": np.sqrt,
}  # fmt: skip
_INTEGERS = frozenset(
    {"int", "int32_t", "int64_t", "long", "long long", "unsigned", "unsigned int", "uint32_t",
     "size_t", "uint64_t", "signed char", "int8_t", "short", "int16_t"}
)  # fmt: skip


def evaluate(node: tree.Expr, known: Mapping[str, Array]) -> Array:
    """The value of an expression; :class:`Unknown` where it is not a matter of ``known``."""
    with np.errstate(all="ignore"):
        return _value(node, known)


def _value(node: tree.Expr, known: Mapping[str, Array]) -> Array:
    match node:
        case tree.Name(name) if name in known:
            return known[name]
        case tree.Number(text):
            return _literal(text)
        case tree.Binary(op, left, right):
            return _binary(op, _value(left, known), _value(right, known))
        case tree.Unary("-", operand):
            return np.asarray(-_value(operand, known))
        case tree.Unary("+", operand):
            return _value(operand, known)
        case tree.Unary("!", operand):
            return np.asarray(_value(operand, known) == 0)
        case tree.Select(condition, yes, no):
            chosen = _value(condition, known) != 0
            return np.where(chosen, _value(yes, known), _value(no, known))
        case tree.Cast(kind, operand) | tree.Construct(kind, (operand,)):
            return _cast(kind, _value(operand, known))
        case tree.Call(tree.Name(name), args) if name in _FUNCTIONS:
            return np.asarray(_FUNCTIONS[name](*(_value(a, known) for a in args)))
        case _:
            raise Unknown(type(node).__name__)


def _literal(text: str) -> Array:
    lower = text.lower()
    hexadecimal = lower.startswith("0x")
    if not hexadecimal and ("." in lower or "e" in lower):
        single = lower.endswith("f")
        return np.asarray(float(lower.rstrip("fl")), np.float32 if single else np.float64)
    try:
        return np.asarray(int(lower.rstrip("ul"), 0), np.int64)
    except ValueError:
        raise Unknown(text) from None


def _binary(op: str, left: Array, right: Array) -> Array:
    if op in _COMPARE:
        return np.asarray(_COMPARE[op](left, right))
    if op == "&&":
        return np.asarray((left != 0) & (right != 0))
    if op == "||":
        return np.asarray((left != 0) | (right != 0))
    left, right = _arithmetic(left), _arithmetic(right)
    if op in ("/", "%"):
        return _quotient(op, left, right)
    if op not in _PLAIN:
        raise Unknown(op)
    if op not in ("+", "-", "*") and "f" in (left.dtype.kind, right.dtype.kind):
        raise Unknown(op)
    return np.asarray(_PLAIN[op](left, right))


def _arithmetic(array: Array) -> Array:
    return array.astype(np.int64) if array.dtype.kind == "b" else array


def _quotient(op: str, left: Array, right: Array) -> Array:
    """C's division, which rounds to zero; by zero it is never looked at."""
    if "f" in (left.dtype.kind, right.dtype.kind):
        return np.asarray(left / right if op == "/" else np.fmod(left, right))
    if op == "%":
        return np.asarray(np.fmod(left, np.where(right == 0, 1, right)))
    if left.size and right.size and left.min() >= 0 and right.min() > 0:
        return np.asarray(left // right)
    sign = np.sign(left) * np.sign(right)
    return np.asarray(sign * (np.abs(left) // np.maximum(np.abs(right), 1)))


def _cast(kind: tree.Type, value: Array) -> Array:
    while isinstance(kind, tree.Qualified):
        kind = kind.of
    if not isinstance(kind, tree.Named):
        raise Unknown("cast")
    if kind.name == "float":
        return value.astype(np.float32)
    if kind.name == "double":
        return value.astype(np.float64)
    if kind.name == "bool":
        return np.asarray(value != 0)
    if kind.name in _INTEGERS:
        return value.astype(np.int64)
    raise Unknown(kind.name)
