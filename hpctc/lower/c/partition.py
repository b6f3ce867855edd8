"""Loops that choose by their own counter apart: ``i < 20 ? a[i] : b[i - 20]`` becomes two loops.

No element asks any more, and every load is one that is wanted. That matters to more than speed: of
a short loop gcc 12 knows the masks of its conditional loads, makes one full load of what it should
mask, and reads beyond the end of the array.

A border around what is copied, ``i >= 1 && i < 57 && inside ? a[i - 1] : 0``, becomes three loops
under a question about the rest: a padded image is made in less than half of the time (index set
splitting: Wolfe, High Performance Compilers for Parallel Computing, 1996).
"""

from collections.abc import Callable
from typing import Any

from tvm import ir, sym, tirx

from hpctc.lower.c.lanes import SIMD
from hpctc.lower.c.tree import (
    PARALLEL,
    conjunction,
    conjuncts,
    constant,
    find,
    loop_like,
    rebuild,
    sequence,
    simplified,
    statements,
    substitute,
    uses,
)

LEAST = 16
"""A loop of fewer steps is not worth a copy for where the rest of the condition fails."""

SHORT = 4
"""A part of fewer steps is not worth a SIMD pragma."""


def partition(stmt: Any) -> Any:
    """Split every innermost loop whose one statement stores a choice by its counter."""
    if isinstance(stmt, tirx.For) and isinstance(stmt.body, tirx.BufferStore):
        return sequence(_pieces(stmt))
    if isinstance(stmt, tirx.SeqStmt):
        return sequence([piece for part in stmt.seq for piece in statements(partition(part))])
    return rebuild(stmt, partition)


def _pieces(loop: Any) -> list[Any]:
    """The loop as one for each run of equal arms; itself where there is nothing to choose."""
    extent = constant(loop.extent)
    arms = _choice(loop.body.value)
    if extent is None or arms is None or int(loop.kind) == PARALLEL or constant(loop.min) != 0:
        return [loop]
    condition, yes, no = arms
    limits = span(condition, loop.loop_var, extent)
    if limits is None:
        return [loop]
    outside, low, high = limits
    if not outside:
        if (low, high) == (0, extent):
            return [loop]
        return _runs(loop, [(no, 0, low), (yes, low, high), (no, high, extent)])
    if extent < LEAST:
        return [loop]
    inside = _runs(loop, [(no, 0, low), (yes, low, high), (no, high, extent)])
    away = _runs(loop, [(no, 0, extent)])
    return [tirx.IfThenElse(conjunction(outside), sequence(inside), sequence(away))]


def _runs(loop: Any, runs: list[tuple[Any, int, int]]) -> list[Any]:
    """One part for each run (value, from, to) that is not empty, taken apart in its turn."""
    parts = [_part(loop, value, begin, end - begin) for value, begin, end in runs if begin < end]
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
    notes = {k: v for k, v in loop.annotations.items() if k != SIMD or count >= SHORT}
    size = tirx.IntImm(var.ty.dtype, count)
    return loop_like(loop, body, loop_var=fresh, extent=size, annotations=notes)


def _choice(value: Any) -> tuple[Any, Any, Any] | None:
    """Condition and arms of a value that is a choice."""
    if isinstance(value, tirx.Select):
        return value.condition, value.true_value, value.false_value
    if isinstance(value, ir.Call) and value.op.name.endswith("if_then_else"):
        return value.args[0], value.args[1], value.args[2]
    return None


def span(condition: Any, var: Any, extent: int) -> tuple[list[Any], int, int] | None:
    """Where in ``range(extent)`` a condition on ``var`` holds: first asking others, then from, to.

    The parts of the condition that do not depend on ``var`` come back as they are. None: it is no
    interval of ``var``, an end of that is not a number, or it reads memory.
    """
    outside: list[Any] = []
    low, high = 0, extent
    for part in conjuncts(condition):
        if find(part, ir.TensorLoad):
            return None
        if not uses(part, var):
            outside.append(part)
            continue
        limits = _limits(part, var)
        if limits is None:
            return None
        low, high = max(low, limits[0]), min(high, limits[1])
    low = min(low, extent)
    return outside, low, max(low, high)


SLACK: dict[Any, Callable[[Any], Any]] = {
    tirx.LT: lambda c: c.b - c.a - 1,
    tirx.LE: lambda c: c.b - c.a,
    tirx.GT: lambda c: c.a - c.b - 1,
    tirx.GE: lambda c: c.a - c.b,
}
"""What is not negative exactly where a comparison of integers holds."""

FAR = 1 << 40
"""Beyond every loop."""


def _limits(part: Any, var: Any) -> tuple[int, int] | None:
    """The first value of ``var`` for which a comparison holds, and the one behind the last."""
    if type(part) not in SLACK or str(part.a.ty.dtype) not in {"int32", "int64"}:
        return None
    linear = sym.detect_linear_equation(SLACK[type(part)](part), [var])
    if len(linear) != 2:
        return None
    analyzer = sym.Analyzer()
    slope, rest = (constant(analyzer.simplify(e)) for e in linear)
    if slope is None or rest is None or slope == 0:
        return None
    return (-(rest // slope), FAR) if slope > 0 else (-FAR, rest // -slope + 1)
