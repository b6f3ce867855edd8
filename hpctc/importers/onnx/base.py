"""What an emitter is handed, and the table of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from hpctc.graph.op import Array
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Scribe, Value


@dataclass(frozen=True, slots=True)
class Site:
    """One node: the pen, its operands and attributes."""

    scribe: Scribe
    values: Sequence[Value | None]
    """Operands; None: left out."""
    known: Sequence[Array | None]
    """The operands' values where they do not depend on an argument of the model."""
    attrs: Mapping[str, Any]
    results: int
    """How many results the node has."""

    def value(self, position: int) -> Value:
        """An operand that must be there."""
        found = self.values[position] if position < len(self.values) else None
        if found is None:
            raise NoSaying(f"operand {position} is missing", "check the model with onnx.checker")
        return found

    def optional(self, position: int) -> Value | None:
        """An operand that may be left out."""
        return self.values[position] if position < len(self.values) else None

    def constant(self, position: int, attribute: str = "") -> Array | None:
        """An operand that must not depend on arguments; older models have it as an attribute."""
        if attribute in self.attrs:
            return np.asarray(self.attrs[attribute])
        if self.optional(position) is None:
            return None
        found = self.known[position]
        if found is None:
            raise NoSaying(
                f"operand {position} is computed by the model",
                "shapes, axes and bounds must be constants; fold the model with onnxsim",
            )
        return found

    def ints(self, position: int, attribute: str = "") -> list[int] | None:
        """Whole numbers that must not depend on arguments."""
        found = self.constant(position, attribute)
        return None if found is None else [int(n) for n in np.atleast_1d(found)]

    def number(self, position: int, attribute: str, default: float | None) -> float | None:
        """A single number, likewise."""
        found = self.constant(position, attribute)
        return default if found is None else float(np.reshape(found, ()))


Emitter = Callable[[Site], Value | tuple[Value, ...]]
E = TypeVar("E", bound=Emitter)

EMITTERS: dict[str, Emitter] = {}
"""ONNX's name of an operator -> its emitter."""


def emits(*names: str) -> Callable[[E], E]:
    """Enter a function as the emitter of these operators."""

    def enter(emitter: E) -> E:
        for name in names:
            if name in EMITTERS:
                raise ValueError(f"{name} has two emitters")
            EMITTERS[name] = emitter
        return emitter

    return enter
