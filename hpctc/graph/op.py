"""What an operator is: one declaration that holds everything hpctc knows about it.

A file of ``hpctc/graph/ops/`` declares the operators of one family with :func:`declare`; the
registry (:data:`OPS`) is filled when ``hpctc.graph.ops`` is imported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpctc.core.records import Category
from hpctc.graph.ir import Attr, Interval, TensorType

Attrs = Mapping[str, Any]
"""Attribute name -> value, complete (defaults filled in)."""

Array = np.ndarray[Any, Any]

REALS = Interval(float("-inf"), float("inf"))


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


@dataclass(frozen=True)
class Sample:
    """A small legal application, used by every matrix test over the registry."""

    types: tuple[TensorType, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    domains: tuple[Interval | None, ...] = ()
    """Domain per input; missing or None: the operator's legal one, cut to a sensible size."""


@dataclass(frozen=True)
class Op:
    """An operator of the registry."""

    name: str
    category: Category
    doc: str
    """One line of mathematics: ``y[i] = exp(x[i])``."""
    arity: tuple[int, int]
    """Fewest and most operands."""
    infer: Callable[[Sequence[TensorType], Attrs], tuple[TensorType, ...]]
    """Operand types, attributes -> result types; raises :class:`GraphTypeError` with the fix."""
    meaning: Callable[[Sequence[Array], Attrs], tuple[Array, ...]]
    """Operand arrays, floats as float64 -> result arrays: the definition of the operator."""
    image: Callable[[Sequence[Interval], Sequence[TensorType], Attrs], Interval]
    """Intervals of the operands -> an interval that contains every result element."""
    flops: Callable[[Sequence[TensorType], Sequence[TensorType], Attrs], int]
    """Operand types, result types, attributes -> floating-point (or integer) operations."""
    samples: tuple[Sample, ...]
    attrs: tuple[AttrDef, ...] = ()
    legal: tuple[Interval, ...] = ()
    """Per operand, the interval it must lie in; the last repeats; empty: anything."""
    dtypes: tuple[str, ...] = ("float32", "float16")
    """Element types of the first operand for which the operator means something."""
    lowering: str = ""
    """Name of the emitter in ``hpctc.lower.relax``; empty: the operator's own name."""
    infix: str = ""
    """The symbol of the text form: ``+``, ``@``, ``<``."""

    def domain_of(self, position: int) -> Interval:
        """The interval in which operand ``position`` must lie."""
        if not self.legal:
            return REALS
        return self.legal[min(position, len(self.legal) - 1)]


OPS: dict[str, Op] = {}
"""Name -> operator; filled by importing :mod:`hpctc.graph.ops`."""


def declare(op: Op) -> Op:
    """Put an operator into the registry; a second one of the same name is a programming error."""
    if op.name in OPS:
        raise ValueError(f"operator {op.name!r} is declared twice")
    OPS[op.name] = op
    return op
