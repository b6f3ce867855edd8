"""The types of values: what a sum is made in, and where C's conversions happen.

Sums are of float or int. Whatever else is loaded (half, bfloat16, int8) is converted where it is
loaded, as the CUDA says.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.forms import Doubt
from hpctc.transpile.contract.values import Coordinate, Load, Op, Pick, Sum, Value, is_zero
from hpctc.transpile.fold import COMPARISONS, constant
from hpctc.transpile.intrinsics import FLOAT_MATH

CASTS = frozenset({"float", "int", "unsigned", "_Float16", "int8_t", "uint8_t", "int16_t"})
"""Types that a value may be cast to."""

_SIGNED = 2**31
"""Numbers from here on are no ints."""

_RESULTS = {"bf16_to_float": "float", "float_to_bf16": "bf16", "__builtin_popcount": "int"}

FUNCTIONS = frozenset(
    {*(f"{n}f" for n in FLOAT_MATH), "max_float", "min_float", "saturate", *_RESULTS}
)
"""Functions of numbers that do nothing but give a value."""


@dataclass(frozen=True)
class Kinds:
    """The types of values, given those of arrays."""

    element: Callable[[str], str]

    def of(self, value: Value) -> str:
        """The name of a value's type."""
        match value:
            case Load(array, _):
                return self.element(array)
            case Coordinate():
                return "int"
            case Sum(_, term, _):
                return self.of(term)
            case Pick(_, yes, no):
                return self.of(no) if is_zero(yes) else self.of(yes)
            case Op():
                return self._computed(value)

    def _computed(self, value: Op) -> str:
        match value.template, value.args:
            case tree.Cast(kind, _), _:
                return types.name(kind)
            case tree.Call(tree.Name(name), _), _:
                return _RESULTS.get(name, "float")
            case tree.Number() as literal, _:
                return _literal(literal)
            case tree.Binary(op), _ if op in COMPARISONS:
                return "int"
            case tree.Binary("<<" | ">>"), (left, _):
                return types.name(types.promoted(tree.Named(self.of(left))))
            case tree.Select() | tree.Binary(), (*_, left, right):
                return self._common(left, right)
            case _, (one,):
                return types.name(types.promoted(tree.Named(self.of(one))))
            case _:
                raise Doubt

    def _common(self, left: Value, right: Value) -> str:
        return types.name(types.common(tree.Named(self.of(left)), tree.Named(self.of(right))))

    def converted(self, value: Value, kind: str) -> Value:
        """The value in a type."""
        if is_zero(value) or self.of(value) == kind:
            return value
        if "bf16" in (kind, self.of(value)):  # C sees it as an integer
            raise Doubt
        return Op(tree.Cast(tree.Named(kind), tree.Name("0")), (value,))

    def summed(self, term: Value) -> str:
        """The type of a sum's registers: every operation of the term must be in it."""
        kind = self.of(term)
        if kind not in ("float", "int"):
            raise Doubt
        self._within(term, kind)
        return kind

    def _within(self, value: Value, kind: str) -> None:
        match value:
            case Op(tree.Binary() | tree.Unary(), args):
                if self.of(value) != kind:
                    raise Doubt
                for arg in args:
                    self._within(arg, kind)
            case Pick(_, yes, no):
                self._within(yes, kind)
                self._within(no, kind)
            case _:
                pass


def _literal(literal: tree.Number) -> str:
    """The type of a literal: ``1``, ``0x80000000`` and ``1u``, ``1.0f``; no sum is of 64 bits."""
    text, value = literal.text.lower(), constant(literal)
    if value is None:
        return "float"
    unsigned = "u" in text or (value >= _SIGNED and text.startswith("0x"))
    if "l" in text or value >= (2 * _SIGNED if unsigned else _SIGNED):
        raise Doubt
    return "unsigned" if unsigned else "int"
