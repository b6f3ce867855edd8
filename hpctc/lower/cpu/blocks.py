"""Blocks of a function, seen with a scheduler's eyes: axes, accesses, strides, work."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tvm_ffi
from tvm import ir, s_tir, sym, tirx

from hpctc.lower.c.maths import HELPERS, LIBRARY

SPATIAL, REDUCE = 0, 2
"""``IterVar.iter_type`` of a data-parallel and of a commutative-reduction axis."""

Expr = Any
"""A TIR expression; TVM's classes carry no types that mypy can see."""

CHEAP_CALLS = frozenset({"if_then_else", "likely", "reinterpret", "fabs", "floor", "ceil", "trunc"})
"""Calls that cost about as much as an addition."""


SCALAR = frozenset(LIBRARY) - frozenset(HELPERS) - CHEAP_CALLS
"""Functions that stay calls of the C library, one element at a time."""

VECTOR_NS, LIBRARY_NS = 0.9, 15.0
"""What a call costs per element, in nanoseconds: a helper in a SIMD loop, or the C library."""


@dataclass(frozen=True)
class Access:
    """A load or store: a buffer and its index expressions over the block's axes."""

    buffer: Any
    indices: tuple[Expr, ...]
    axes: tuple[tuple[Any, int], ...] = ()
    """Variables of the indices and their extents, as far as known: what divisions cancel by."""

    @cached_property
    def offset(self) -> Expr:
        """The element that is accessed, counted from the buffer's first, simplified."""
        total: Expr = tirx.IntImm("int32", 0)
        for index, extent in zip(self.indices, self.buffer.shape, strict=True):
            total = total * int(extent) + index
        analyzer = sym.Analyzer()
        for variable, extent in self.axes:
            analyzer.bind(variable, ir.Range(0, extent))
        return analyzer.simplify(total)

    def stride(self, axis: Expr) -> int | None:
        """How many elements the address moves per step of ``axis``; None: not linear in it."""
        if not uses(self.offset, axis):
            return 0
        linear = sym.detect_linear_equation(self.offset, [axis])
        if len(linear) != 2 or not isinstance(linear[0], tirx.IntImm):
            return None
        return int(linear[0])

    def reads(self, axis: Expr) -> bool:
        """Whether the address depends on ``axis``."""
        return uses(self.offset, axis)


@dataclass(frozen=True)
class Block:
    """One statement block of a function and what it does per iteration."""

    node: Any
    """The ``s_tir.SBlock``."""

    @property
    def name(self) -> str:
        """The block's name, unique in its function."""
        return str(self.node.name_hint)

    @cached_property
    def axes(self) -> dict[str, tuple[Any, int, bool]]:
        """Axis name -> (variable, extent, is it reduced), in order."""
        return {
            str(i.var.name): (i.var, int(i.dom.extent), int(i.iter_type) == REDUCE)
            for i in self.node.iter_vars
        }

    @property
    def spatial(self) -> list[tuple[Any, int]]:
        """The data-parallel axes: variable and extent."""
        return [(v, n) for v, n, reduced in self.axes.values() if not reduced]

    @property
    def reduced(self) -> list[tuple[Any, int]]:
        """The reduction axes: variable and extent."""
        return [(v, n) for v, n, reduced in self.axes.values() if reduced]

    @cached_property
    def stores(self) -> list[Access]:
        """What the block writes, the init statement left out."""
        return [
            self._access(s.buffer, s.indices) for s in collect(self.node.body, tirx.BufferStore)
        ]

    @cached_property
    def loads(self) -> list[Access]:
        """What the block reads, its own accumulator left out."""
        own = [s.buffer for s in self.stores]
        found = [self._access(x.source, x.indices) for x in collect(self.node.body, ir.TensorLoad)]
        return [a for a in found if not any(a.buffer.same_as(b) for b in own)]

    def _access(self, buffer: Any, indices: Any) -> Access:
        bounds = tuple((v, n) for v, n, _ in self.axes.values())
        return Access(buffer, tuple(indices), bounds)

    @cached_property
    def is_map(self) -> bool:
        """Whether it is one plain store per point of its data-parallel axes."""
        return (
            isinstance(self.node.body, tirx.BufferStore)
            and self.node.init is None
            and not self.reduced
        )

    @property
    def points(self) -> int:
        """How often the body runs."""
        total = 1
        for _, extent, _ in self.axes.values():
            total *= extent
        return total

    @cached_property
    def functions(self) -> list[str]:
        """The mathematical functions that are called per point."""
        names = [callee(call) for call in collect(self.node.body, ir.Call)]
        return [name for name in names if name not in CHEAP_CALLS]

    @cached_property
    def branches(self) -> bool:
        """Whether a condition guards a load (padding, masks)."""
        return any(callee(call) == "if_then_else" for call in collect(self.node.body, ir.Call))

    @property
    def nanoseconds(self) -> float:
        """A guess of the serial time, vectorised: enough to tell small work from large."""
        per_point = 0.12 + 0.08 * len(self.loads)
        per_point += sum(LIBRARY_NS if f in SCALAR else VECTOR_NS for f in self.functions)
        if any(a.stride(self.inner) not in (0, 1) for a in self.loads if self.axes):
            per_point += 0.6
        return self.points * per_point

    @property
    def inner(self) -> Any:
        """The innermost axis variable."""
        return next(reversed(self.axes.values()))[0]


def collect(root: Any, kind: type) -> list[Any]:
    """All nodes of ``kind`` below ``root``, in order of appearance."""
    found: list[Any] = []
    seen: Callable[[Any], None] = found.append
    tvm_ffi.structural_walk(root, (kind, seen), order="pre")
    return found


def callee(call: Any) -> str:
    """The bare name of what a call calls: ``exp`` for ``tirx.exp``."""
    return str(getattr(call.op, "name", "")).rpartition(".")[2]


def uses(expression: Expr, variable: Expr) -> bool:
    """Whether ``variable`` occurs in ``expression``."""
    return any(v.same_as(variable) for v in collect(expression, ir.Var))


def blocks_of(schedule: s_tir.Schedule) -> list[tuple[Any, Block]]:
    """Handle and view of every block under the root, in program order."""
    root = schedule.get_sblock("root")
    return [(rv, Block(schedule.get(rv))) for rv in schedule.get_child_blocks(root)]
