"""Loops that choose by their own counter apart: ``i < 20 ? a[i] : b[i - 20]`` becomes two loops.

No element asks any more, and every load is one that is wanted. That matters to more than speed: of
a short loop gcc 12 knows the masks of its conditional loads, makes one full load of what it should
mask, and reads beyond the end of the array.
"""

from typing import Any

from tvm import ir, sym, tirx

from hpctc.lower.c.tree import (
    PARALLEL,
    constant,
    loop_like,
    rebuild,
    sequence,
    simplified,
    statements,
    substitute,
)


def partition(stmt: Any) -> Any:
    """Split every innermost loop whose one statement stores a choice by its counter."""
    if isinstance(stmt, tirx.For) and isinstance(stmt.body, tirx.BufferStore):
        return sequence(_pieces(stmt))
    if isinstance(stmt, tirx.SeqStmt):
        return sequence([piece for part in stmt.seq for piece in statements(partition(part))])
    return rebuild(stmt, partition)


def _pieces(loop: Any) -> list[Any]:
    """The loop as one for each arm; itself where there is nothing to choose."""
    store, extent = loop.body, constant(loop.extent)
    arms = _choice(store.value)
    if extent is None or arms is None or int(loop.kind) == PARALLEL or constant(loop.min) != 0:
        return [loop]
    condition, yes, no = arms
    cut = _cut(condition, loop.loop_var)
    if cut is None or not 0 < cut < extent:
        return [loop]
    parts = [_part(loop, yes, 0, cut), _part(loop, no, cut, extent - cut)]
    return [p for part in parts for p in (_pieces(part) if isinstance(part, tirx.For) else [part])]


def _part(loop: Any, value: Any, begin: int, count: int) -> Any:
    """The iterations from ``begin`` on, counted from 0, with one arm for the choice."""
    var, analyzer = loop.loop_var, sym.Analyzer()
    store = tirx.BufferStore(loop.body.buffer, value, loop.body.indices)
    if count == 1:
        only = tirx.IntImm(var.ty.dtype, begin)
        return simplified(substitute(store, {var: only}), analyzer)
    fresh = tirx.Var(var.name, var.ty.dtype)
    analyzer.bind(fresh, ir.Range.from_min_extent(tirx.IntImm(var.ty.dtype, 0), count))
    body = simplified(substitute(store, {var: fresh + begin if begin else fresh}), analyzer)
    return loop_like(loop, body, loop_var=fresh, extent=tirx.IntImm(var.ty.dtype, count))


def _choice(value: Any) -> tuple[Any, Any, Any] | None:
    """Condition and arms of a value that is a choice."""
    if isinstance(value, tirx.Select):
        return value.condition, value.true_value, value.false_value
    if isinstance(value, ir.Call) and value.op.name.endswith("if_then_else"):
        return value.args[0], value.args[1], value.args[2]
    return None


def _cut(condition: Any, var: Any) -> int | None:
    """The ``c`` of ``var < c``, or of ``var + 5 < c + 5``."""
    if not isinstance(condition, tirx.LT):
        return None
    left, bound, begin = condition.a, constant(condition.b), 0
    if isinstance(left, tirx.Add) and (shift := constant(left.b)) is not None:
        left, begin = left.a, shift
    return bound - begin if bound is not None and left.same_as(var) else None
