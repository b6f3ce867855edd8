"""Small repairs that make lowered TIR read as if a person had declared its variables."""

from collections.abc import Mapping
from typing import Any

import tvm_ffi
from tvm import ir, tirx

from hpctc.lower.c.tree import (
    NOTHING,
    SERIAL,
    UNROLLED,
    VECTORIZED,
    constant,
    find,
    loop_like,
    rebuild,
    sequence,
    statements,
    substitute,
)

Narrow = dict[Any, Any]
"""64-bit variable -> the 32-bit one in its place."""


AUTO_UNROLL = "pragma_auto_unroll_max_step"
"""MetaSchedule's attribute: unroll what is inside up to so many statements."""

MOST_STEPS = 64
"""Beyond this gcc's own judgement is better than the attribute."""


def drop_dead(stmt: Any) -> Any:
    """Remove local buffers that nobody reads, with what is written to them."""
    read = {load.source for load in find(stmt, ir.TensorLoad)}
    dead = {a.buffer for a in find(stmt, tirx.AllocBuffer) if a.buffer not in read}
    return drop_dead(_without(stmt, dead)) if dead else stmt


def _without(stmt: Any, dead: set[Any]) -> Any:
    if isinstance(stmt, tirx.AllocBuffer | tirx.BufferStore):
        return NOTHING if stmt.buffer in dead else stmt
    return rebuild(stmt, lambda inner: _without(inner, dead))


def sink(stmt: Any) -> Any:
    """Declare local buffers where they are used first: in the statement before it, or inside it.

    TVM declares all of them at the top of the block that they live in.
    """
    stmt = rebuild(stmt, sink)
    parts = statements(stmt)
    waiting = [p for p in parts if isinstance(p, tirx.AllocBuffer)]
    if not waiting or len(parts) == len(waiting):
        return stmt
    made: list[Any] = []
    for part in parts:
        if isinstance(part, tirx.AllocBuffer):
            continue
        used = {s.buffer for s in find(part, tirx.BufferStore)}
        used |= {load.source for load in find(part, ir.TensorLoad)}
        made += [w for w in waiting if w.buffer in used]
        waiting = [w for w in waiting if w.buffer not in used]
        made.append(part)
    return sequence(made)


def narrow(stmt: Any) -> Any:
    """Choices between 32-bit indices that TVM makes in 64 bits, in 32 bits."""
    return _narrow(stmt, {})


def _narrow(stmt: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(stmt, tirx.SeqStmt):
        inner: Narrow = dict(known)
        made = []
        for part in stmt.seq:
            value = halved(_shrunk(part.value, inner)) if isinstance(part, tirx.Bind) else None
            if value is not None:
                inner[part.var] = tirx.Var(part.var.name, "int32")
                made.append(tirx.Bind(inner[part.var], value))
            else:
                made.append(_narrow(part, inner))
        return tirx.SeqStmt(made)
    if isinstance(stmt, tirx.For | tirx.IfThenElse | tirx.While | tirx.AttrStmt):
        return rebuild(stmt, lambda part: _narrow(part, known))
    return _shrunk(stmt, known)


def _shrunk(root: Any, known: Mapping[Any, Any]) -> Any:
    """``root`` over the 32-bit variables, without casts there and back."""
    wide = {old: tirx.Cast("int64", new) for old, new in known.items()}

    def unwrap(cast: Any) -> Any:
        inner = cast.value
        if isinstance(inner, tirx.Cast) and inner.ty.dtype == "int64":
            return inner.value if inner.value.ty.dtype == cast.ty.dtype else cast
        return cast

    return tvm_ffi.structural_map(substitute(root, wide), (tirx.Cast, unwrap))


def halved(expr: Any) -> Any | None:
    """A 64-bit choice between 32-bit values as a 32-bit one; None if it is something else."""
    if str(expr.ty.dtype) != "int64":
        return None
    if isinstance(expr, tirx.Cast) and str(expr.value.ty.dtype) == "int32":
        return expr.value
    if isinstance(expr, tirx.IntImm) and abs(int(expr.value)) < 1 << 31:
        return tirx.IntImm("int32", int(expr.value))
    if isinstance(expr, tirx.Select):
        yes, no = halved(expr.true_value), halved(expr.false_value)
        return None if yes is None or no is None else tirx.Select(expr.condition, yes, no)
    if isinstance(expr, ir.Call) and expr.op.name.endswith("if_then_else"):
        yes, no = halved(expr.args[1]), halved(expr.args[2])
        return None if yes is None or no is None else tirx.if_then_else(expr.args[0], yes, no)
    return None


def unroll(stmt: Any, budget: int = 0) -> Any:
    """Mark the inner loops of a constant length that MetaSchedule wants unrolled."""
    if isinstance(stmt, tirx.AttrStmt):
        if str(stmt.attr_key) == AUTO_UNROLL:
            budget = max(budget, min(constant(stmt.value) or 0, MOST_STEPS))
        return unroll(stmt.body, budget)
    if not isinstance(stmt, tirx.For):
        return rebuild(stmt, lambda inner: unroll(inner, budget))
    loop = loop_like(stmt, unroll(stmt.body, budget))
    plain = int(stmt.kind) == SERIAL and not stmt.annotations
    if plain and 1 < steps(loop) <= budget:
        return loop_like(loop, loop.body, kind=UNROLLED)
    return loop


def steps(stmt: Any) -> int:
    """How many statements a loop nest runs, vectors counted once; huge if that is not known."""
    if isinstance(stmt, tirx.SeqStmt):
        return sum(steps(part) for part in stmt.seq)
    if isinstance(stmt, tirx.IfThenElse):
        return steps(stmt.then_case) + (steps(stmt.else_case) if stmt.else_case is not None else 0)
    if isinstance(stmt, tirx.For):
        extent = 1 if int(stmt.kind) == VECTORIZED else constant(stmt.extent)
        return steps(stmt.body) * extent if extent is not None else 1 << 30
    return 1
