"""What an operator is: one declaration that holds everything hpctc knows about it.

A file of ``hpctc/graph/ops/`` declares the operators of one family with :func:`declare`; the
registry (:data:`OPS`) is filled when ``hpctc.graph.ops`` is imported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from hpctc.core.records import Category
from hpctc.graph.ir import Attr, Interval, TensorType

Attrs = Mapping[str, Any]
"""Attribute name -> value, complete (defaults filled in)."""

Array = np.ndarray[Any, Any]

Types = Sequence[TensorType]

REALS = Interval(float("-inf"), float("inf"))

FLOATS = ("float32", "float16")
NUMBERS = (*FLOATS, "int32", "int8")
ANY = (*NUMBERS, "bool")

Rounding = Literal["exact", "rounded", "summed", "averaged", "composite"]
"""How an operator's result differs from the real numbers when floats are finite.

``exact``: not at all (it moves, selects or compares). ``rounded``: every element by a few units in
its last place. ``summed``: it is a sum of ``terms`` products, ``averaged``: their mean; then the
operator is linear in each operand, and its meaning on the operands' squares is the sum (mean) of
the squared products. ``composite``: as if every element of the operands were off by a relative
error that grows with the root of ``terms``. See :mod:`hpctc.graph.reference`.
"""


Nudge = Callable[[Sequence[Array], Sequence[Array], Attrs, int], tuple[Array, ...]]
"""Operands, how far each element may be off, attributes, a direction (+1, -1) -> operands moved
within these bounds so that a jump in reach is taken."""


@dataclass(frozen=True)
class AttrDef:
    """One attribute of an operator: name, type, default, legal values."""

    name: str
    kind: str
    """``int``, ``float``, ``bool``, ``str``, ``ints`` or ``dtype``."""
    default: Attr | None = None
    """None: must be given."""
    legal: str = ""
    """The legal range in words, for messages: ``>= 1``, ``one of nearest, linear``."""
    check: Callable[[Any], bool] = lambda _: True
    length: int | None = None
    """For ``ints``: how many there are; a single int then stands for all of them."""


@dataclass(frozen=True)
class Sample:
    """A small legal application, used by every matrix test over the registry."""

    types: tuple[TensorType, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    domains: tuple[Interval | None, ...] = ()
    """Domain per input; missing or None: the operator's legal one, cut to a sensible size."""
    literals: Mapping[int, float | int] = field(default_factory=dict)
    """Position -> a literal operand that stands there instead of an input."""


@dataclass(frozen=True)
class Op:
    """An operator of the registry."""

    name: str
    category: Category
    doc: str
    """One line of mathematics: ``y[i] = exp(x[i])``."""
    arity: tuple[int, int]
    """Fewest and most operands."""
    infer: Callable[[Types, Attrs], tuple[TensorType, ...]]
    """Operand types, attributes -> result types; raises :class:`GraphTypeError` with the fix."""
    meaning: Callable[[Sequence[Array], Attrs], tuple[Array, ...]]
    """Operand arrays, floats as float64 -> result arrays: the definition of the operator."""
    image: Callable[[Sequence[Interval], Types, Attrs], Interval]
    """Intervals of the operands -> an interval that contains every result element."""
    flops: Callable[[Types, Types, Attrs], int]
    """Operand types, result types, attributes -> floating-point (or integer) operations."""
    samples: tuple[Sample, ...]
    attrs: tuple[AttrDef, ...] = ()
    params: tuple[str, ...] = ("x",)
    """The operands' names; an operator with any number of operands names the first."""
    legal: tuple[Interval, ...] = ()
    """Per operand, an interval in which it may lie whatever the others are; the last repeats;
    empty: anything."""
    legal_for: Callable[[Types, Attrs], tuple[Interval, ...]] | None = None
    """Like ``legal`` where it depends on shapes: an index lies inside its axis."""
    requires: Callable[[Sequence[Interval], Types, Attrs], str] | None = None
    """The exact condition where the boxes of ``legal`` are narrower than what is defined; returns
    what is wrong in words, or an empty text."""
    dtypes: tuple[str, ...] = FLOATS
    """Element types of the first operand for which the operator means something."""
    literals: tuple[int, ...] = ()
    """Positions at which a number may stand for an operand."""
    rounding: Rounding = "rounded"
    terms: Callable[[Types, Attrs], int] = lambda types, attrs: 1
    """How many terms are added up into one result element."""
    nudge: Nudge | None = None
    """For an operator that jumps: how to provoke the jump. None: the operator is continuous."""
    lowering: str = ""
    """Name of the emitter in ``hpctc.lower.relax``; empty: the operator's own name."""
    infix: str = ""
    """The symbol of the text form: ``+``, ``@``, ``<``."""

    @property
    def continuous(self) -> bool:
        """Whether a small change of the operands is a small change of the result."""
        return self.nudge is None

    def domain_of(self, position: int) -> Interval:
        """The interval in which operand ``position`` may lie, shapes aside."""
        if not self.legal:
            return REALS
        return self.legal[min(position, len(self.legal) - 1)]

    def domains(self, types: Types, attrs: Attrs) -> tuple[Interval, ...]:
        """Per operand, an interval in which it may lie whatever the others are."""
        if self.legal_for is not None:
            return self.legal_for(types, attrs)
        return tuple(self.domain_of(i) for i in range(len(types)))

    def param(self, position: int) -> str:
        """The name of operand ``position``."""
        if position < len(self.params) and self.arity[1] <= len(self.params):
            return self.params[position]
        return f"{self.params[0]}{position}"

    def objection(self, intervals: Sequence[Interval], types: Types, attrs: Attrs) -> str:
        """Why the operator is not defined on these intervals, in words; empty: it is."""
        if self.requires is not None:
            return self.requires(intervals, types, attrs)
        for i, (given, legal) in enumerate(zip(intervals, self.domains(types, attrs), strict=True)):
            if not given.within(legal):
                return (
                    f"{self.name} needs {self.param(i)} in {legal}, but here it ranges over {given}"
                )
        return ""


OPS: dict[str, Op] = {}
"""Name -> operator; filled by importing :mod:`hpctc.graph.ops`."""


def declare(op: Op) -> Op:
    """Put an operator into the registry; a second one of the same name is a programming error."""
    if op.name in OPS:
        raise ValueError(f"operator {op.name!r} is declared twice")
    OPS[op.name] = op
    return op
