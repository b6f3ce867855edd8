"""What an emitter is, and the table of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hpctc.graph.op import FLOATS
from hpctc.importers.scribe import Scribe, Value

Emitter = Callable[..., Value | tuple[Value, ...]]
"""A site, then ATen's own arguments with values for tensors -> the result, or all results."""

E = TypeVar("E", bound=Emitter)

EMITTERS: dict[str, Emitter] = {}
"""``aten.add.Tensor`` -> its emitter."""


@dataclass(frozen=True, slots=True)
class Site:
    """One application: the pen, and what torch says comes out."""

    scribe: Scribe
    shape: tuple[int, ...]
    """Of the first result."""
    dtype: str
    """Of the first result, by our names."""

    def cast(self, value: Value | float | int) -> Value | float | int:
        """An operand in the result's element type; numbers adapt by themselves."""
        return value if isinstance(value, int | float) else self.scribe.cast(value, self.dtype)

    def common(self, *values: Value | float | int) -> tuple[Value | float | int, ...]:
        """Operands in one element type, as a comparison promotes them: float before integer."""
        dtypes = [self.scribe.type(v).dtype for v in values if not isinstance(v, int | float)]
        fractions = any(isinstance(v, float) for v in values)
        dtype = next((d for d in dtypes if d in FLOATS), "float32" if fractions else "int32")
        if not fractions and set(dtypes) == {"bool"} and len(dtypes) == len(values):
            dtype = "bool"
        return tuple(
            v if isinstance(v, int | float) else self.scribe.cast(v, dtype) for v in values
        )


def emits(*names: str) -> Callable[[E], E]:
    """Enter a function as the emitter of these overloads: ``emits("add.Tensor")``."""

    def enter(emitter: E) -> E:
        for name in names:
            if f"aten.{name}" in EMITTERS:
                raise ValueError(f"aten.{name} has two emitters")
            EMITTERS[f"aten.{name}"] = emitter
        return emitter

    return enter
