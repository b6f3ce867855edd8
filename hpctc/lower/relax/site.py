"""Where an operator is lowered: its operands as TE tensors, its attributes and its result types.

An emitter takes a :class:`Site` and says what every result is, as tensor expressions. The table
:data:`EMITTERS` is filled by the modules of this package, one line an operator; ``Op.lowering``
of the registry names the line, by default it is the operator's own name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvm import te, tirx

from hpctc.graph.ir import TensorType

Expr = Any
"""A scalar TIR expression; TVM's Python classes carry no types that mypy could use."""

Tensor = Any
"""A ``te.Tensor``, or a scalar constant where the operand is a literal."""

Index = Sequence[Expr]


@dataclass(frozen=True)
class Site:
    """One application of an operator, inside the TE function that computes it."""

    op: str
    """The operator's name; it becomes the name of the computed tensor and of the kernel."""
    args: tuple[Tensor, ...]
    operands: tuple[TensorType, ...]
    """Types of ``args``; a literal has shape ``()`` and the dtype of its fellow operand."""
    attrs: Mapping[str, Any]
    results: tuple[TensorType, ...]

    @property
    def x(self) -> Tensor:
        """The first operand."""
        return self.args[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first result."""
        return self.results[0].shape

    @property
    def dtype(self) -> str:
        """Element type of the first result."""
        return self.results[0].dtype

    def compute(
        self, element: Callable[..., Expr], name: str = "", shape: Sequence[int] | None = None
    ) -> Tensor:
        """The tensor whose element at ``i`` is ``element(*i)``: by default the first result."""
        return te.compute(
            self.shape if shape is None else tuple(shape), element, name=name or self.op
        )


Emitter = Callable[[Site], Tensor | Sequence[Tensor]]

EMITTERS: dict[str, Emitter] = {}
"""Name of a lowering -> what computes it."""

FUNCTIONS: dict[str, Callable[[Site], tirx.PrimFunc]] = {}
"""Name of a lowering that tensor expressions cannot say -> its TIR, built from the types."""


def emits(*names: str) -> Callable[[Emitter], Emitter]:
    """Enter the decorated emitter into the table under ``names``."""

    def enter(emitter: Emitter) -> Emitter:
        for name in names:
            if name in EMITTERS:
                raise ValueError(f"lowering {name!r} is declared twice")
            EMITTERS[name] = emitter
        return emitter

    return enter


def dtype_of(value: Expr) -> str:
    """The element type of an expression, as numpy names it."""
    return str(value.ty.dtype)


def like(value: Expr, number: float) -> Expr:
    """``number`` as a constant of ``value``'s element type."""
    return tirx.const(number, dtype_of(value))


def wide(dtype: str) -> str:
    """The type in which values of ``dtype`` are accumulated."""
    return {"float16": "float32", "int8": "int32", "bool": "int32"}.get(dtype, dtype)


def at(value: Tensor, shape: Sequence[int], index: Index, extents: Sequence[int]) -> Expr:
    """Element of ``value`` that numpy's broadcasting puts at ``index`` of a result of ``extents``.

    A literal is itself. Only an axis that is repeated is read at 0: relax takes an operator for
    elementwise, and fuses it, if it reads exactly where it writes.
    """
    if not isinstance(value, te.Tensor):
        return value
    lead = len(index) - len(shape)
    zero = tirx.const(0, "int64")
    return value(
        *(
            zero if n == 1 and m != 1 else i
            for n, m, i in zip(shape, extents[lead:], index[lead:], strict=True)
        )
    )


def counted(extent: int) -> Tensor:
    """0, 1, 2, ... as a tensor: in a reduction TVM 0.27 takes a cast index for one of 64 bits."""
    return te.compute((extent,), lambda i: i.astype("int32"), name="number")


def normal(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    return axis + rank if axis < 0 else axis


def replaced(index: Index, axis: int, value: Expr) -> tuple[Expr, ...]:
    """``index`` with its entry at ``axis`` exchanged."""
    return (*index[:axis], value, *index[axis + 1 :])
