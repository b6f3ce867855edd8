"""Fused loops apart again: ``ij / 4`` and ``ij % 4`` become loops over ``i`` and ``j``.

Schedules fuse loops so that one parallel loop has enough iterations; OpenMP says the same with
``collapse(2)``, and the indices stay readable.
"""

from typing import Any

from tvm import ir, sym, tirx

from hpctc.lower.c.lanes import SIMD
from hpctc.lower.c.names import unfused
from hpctc.lower.c.tree import (
    VECTORIZED,
    constant,
    find,
    loop_like,
    rebuild,
    simplified,
    substitute,
)


def unfuse(stmt: Any) -> Any:
    """Split every loop whose variable is only taken apart by division and remainder."""
    return _unfuse(stmt, sym.Analyzer())


def _unfuse(stmt: Any, analyzer: Any) -> Any:
    if not isinstance(stmt, tirx.For):
        return rebuild(stmt, lambda inner: _unfuse(inner, analyzer))
    parts = split(stmt, analyzer)
    if parts is None:
        analyzer.bind(stmt.loop_var, ir.Range.from_min_extent(stmt.min, stmt.extent), True)
        return loop_like(stmt, _unfuse(stmt.body, analyzer))
    return _unfuse(parts, analyzer)


def split(loop: Any, analyzer: Any) -> Any | None:
    """The loop as two loops; None if that does not make its body simpler."""
    var, extent = loop.loop_var, constant(loop.extent)
    if int(loop.kind) == VECTORIZED or SIMD in loop.annotations or constant(loop.min) != 0:
        return None
    inner_extent = least_modulus(loop.body, var)
    if extent is None or inner_extent is None or inner_extent >= extent or extent % inner_extent:
        return None
    names = unfused(var.name)
    outer, inner = (tirx.Var(name, var.ty.dtype) for name in names)
    for part, count in ((outer, extent // inner_extent), (inner, inner_extent)):
        analyzer.bind(part, ir.Range.from_min_extent(tirx.IntImm(var.ty.dtype, 0), count), True)
    body = simplified(substitute(loop.body, {var: outer * inner_extent + inner}), analyzer)
    if len(find(body, (tirx.FloorDiv, tirx.FloorMod))) >= len(
        find(loop.body, (tirx.FloorDiv, tirx.FloorMod))
    ):
        return None
    within = loop_like(loop, body, loop_var=inner, extent=inner_extent)
    return loop_like(loop, within, loop_var=outer, extent=extent // inner_extent)


def least_modulus(body: Any, var: Any) -> int | None:
    """The smallest ``c`` in ``var % c``."""
    found = [
        divisor
        for node in find(body, tirx.FloorMod)
        if node.a.same_as(var) and (divisor := constant(node.b))
    ]
    return min(found, default=None)
