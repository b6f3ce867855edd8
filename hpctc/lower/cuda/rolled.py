"""Loops that nvcc unrolls as well as TVM does stay loops in the text.

Schedules ask TVM to unroll and to vectorise the innermost product of a contraction, which it
writes as hundreds of lines of ``a.x * b.x``. ``#pragma unroll`` over scalars in registers gives
the same instructions and can be read; vector loads and stores stay as they are, but for those of
bools: TVM 0.27 reads two of them, two bytes, as a ``ushort2`` of four.
"""

from typing import Any

import tvm_ffi
from tvm import s_tir, tirx

EXPLICIT = "pragma_unroll_explicit"


def rolled(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """The scheduled function with explicit unrolling off, its sums and its bools scalar."""
    return tvm_ffi.structural_map(func, (tirx.For, _rolled))


def _rolled(loop: Any) -> Any:
    annotations = {str(k): v for k, v in loop.annotations.items()}
    kind = loop.kind
    if kind == tirx.ForKind.VECTORIZED and (_reduces(loop.body) or _holds_bools(loop.body)):
        kind = tirx.ForKind.UNROLLED
    if EXPLICIT in annotations:
        annotations[EXPLICIT] = 0
    elif kind == loop.kind:
        return loop
    return tirx.For(
        loop.loop_var,
        loop.min,
        loop.extent,
        kind,
        loop.body,
        loop.thread_binding,
        annotations,
        loop.step,
        loop.span,
    )


def _reduces(stmt: Any) -> bool:
    """Whether a block below adds up."""
    found: list[Any] = []

    def look(block: Any) -> None:
        found.extend(v for v in block.iter_vars if v.iter_type == tirx.IterVar.CommReduce)

    tvm_ffi.structural_walk(stmt, (s_tir.SBlock, look))
    return bool(found)


def _holds_bools(stmt: Any) -> bool:
    """Whether a block below reads or writes bools in memory."""
    found: list[Any] = []

    def look(block: Any) -> None:
        regions = (*block.reads, *block.writes)
        found.extend(r for r in regions if str(r.source.ty.dtype) == "bool")

    tvm_ffi.structural_walk(stmt, (s_tir.SBlock, look))
    return bool(found)
