"""Small hands for building TIR directly: loops, loads, substitution, opaque blocks."""

from collections.abc import Callable, Sequence
from typing import Any

import tvm_ffi
from tvm import ir, s_tir, tirx

Expr = Any
Stmt = Any
Body = Callable[[Any], Stmt]

SERIAL, PARALLEL, VECTORIZED, UNROLLED = range(4)
"""``tirx.ForKind``, by value."""


def loop(name: str, extent: Expr, body: Body, kind: int = SERIAL, mark: str = "") -> Stmt:
    """``for name in range(extent): body(name)``, annotated with ``mark`` if one is given."""
    variable = tirx.Var(name, "int32")
    made = body(variable)
    notes = {mark: tirx.IntImm("int32", 1)} if mark else {}
    return tirx.For(variable, 0, extent, kind, made, None, notes)


def nest(names: Sequence[str], extents: Sequence[Expr], body: Callable[[list[Any]], Stmt]) -> Stmt:
    """Serial loops around ``body``, which gets their variables; extents of 1 make no loop."""

    def level(position: int, found: list[Any]) -> Stmt:
        if position == len(extents):
            return body(found)
        if is_one(extents[position]):
            return level(position + 1, [*found, zero()])
        return loop(names[position], extents[position], lambda v: level(position + 1, [*found, v]))

    return level(0, [])


def is_one(extent: Expr) -> bool:
    """Whether an extent is the constant 1."""
    return isinstance(extent, int | tirx.IntImm) and int(extent) == 1


def zero() -> Expr:
    """The index 0."""
    return tirx.IntImm("int32", 0)


def sequence(statements: Sequence[Stmt]) -> Stmt:
    """Statements one after another."""
    return statements[0] if len(statements) == 1 else tirx.SeqStmt(list(statements))


def substitute(root: Any, values: Sequence[tuple[Any, Expr]]) -> Any:
    """``root`` with variables replaced by expressions."""

    def replace(variable: Any) -> Any:
        for old, new in values:
            if variable.same_as(old):
                return new
        return variable

    return tvm_ffi.structural_map(root, (ir.Var, replace))


def replace_loads(root: Any, buffer: Any, make: Callable[[Sequence[Expr]], Expr]) -> Any:
    """``root`` with every load of ``buffer`` replaced by what ``make`` builds of its indices."""

    def replace(load: Any) -> Any:
        return make(list(load.indices)) if load.source.same_as(buffer) else load

    return tvm_ffi.structural_map(root, (ir.TensorLoad, replace))


def scoped(name: str, buffers: Sequence[Any], body: Stmt) -> Stmt:
    """A block without axes that owns ``buffers``: they live inside the loops around it."""
    block = s_tir.SBlock([], [], [], name, body, None, list(buffers))
    reads, writes = s_tir.analysis.get_sblock_read_write_region(block, {})
    return s_tir.SBlockRealize(
        [], True, s_tir.SBlock([], reads, writes, name, body, None, list(buffers))
    )
