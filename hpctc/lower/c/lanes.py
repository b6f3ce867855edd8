"""Which vectorised loops become GCC vector types: those that hold accumulators in registers.

gcc keeps ``float acc[8][16]`` in memory when a ``#pragma omp simd`` loop updates it, and in
registers when it is ``f32x16 acc[8]``. So local arrays that vectorised loops accumulate into become
arrays of vectors, if every access allows it; all other vectorised loops are left to ``omp simd``,
which reads better and vectorises also what vector types have no operator for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tvm import ir, sym, tirx

from hpctc.lower.c.tree import (
    SERIAL,
    UNROLLED,
    VECTORIZED,
    constant,
    find,
    loop_like,
    rebuild,
    statements,
    substitute,
    uses,
)
from hpctc.lower.c.types import ITEMSIZE, dtype_of

LANES = "hpctc.lanes"
"""Annotation of a vectorised loop: how many elements of it fill one vector."""

SIMD = "hpctc.simd"
"""Annotation of a serial loop that is to be ``#pragma omp simd``."""

VECTOR_BYTES = 64
"""The widest vector type that is used; gcc splits it where the machine's are narrower."""

REGISTER_BYTES = 16 << 10
"""Larger local arrays are no register tile."""

OPERATORS = (tirx.Add, tirx.Sub, tirx.Mul, tirx.Div, tirx.Min, tirx.Max)
"""What vector types can do."""

Registers = dict[Any, int]
"""Local array -> lanes of the vectors it is made of."""


def cut(stmt: Any) -> Any:
    """Split the vectorised loops that touch accumulators into vectors of at most 64 bytes."""
    tiles = accumulators(stmt)
    return _cut(stmt, tiles) if tiles else stmt


def accumulators(stmt: Any) -> set[Any]:
    """Small local arrays that a vectorised loop updates in place."""
    local = [a.buffer for a in find(stmt, tirx.AllocBuffer) if nbytes(a.buffer) >= 64]
    small = {b for b in local if nbytes(b) <= REGISTER_BYTES}
    found = set()
    for loop in find(stmt, tirx.For):
        if int(loop.kind) == VECTORIZED:
            stores = [s for s in find(loop.body, tirx.BufferStore) if s.buffer in small]
            found |= {s.buffer for s in stores if s.buffer in loaded(s.value)}
    return found


def _cut(stmt: Any, tiles: set[Any]) -> Any:
    if not isinstance(stmt, tirx.For) or int(stmt.kind) != VECTORIZED:
        return rebuild(stmt, lambda inner: _cut(inner, tiles))
    here = {s.buffer for s in find(stmt.body, tirx.BufferStore)} | loaded(stmt.body)
    extent, first = constant(stmt.extent), constant(stmt.min)
    touched = here & tiles
    if not touched or extent is None or first != 0:
        return stmt
    lanes = VECTOR_BYTES // max(ITEMSIZE[dtype_of(b)] for b in touched)
    while extent % lanes:
        lanes //= 2
    if lanes < 4:
        return stmt
    if lanes == extent:
        return loop_like(stmt, stmt.body, annotations={LANES: lanes})
    var = stmt.loop_var
    part, lane = (tirx.Var(f"{var.name}{suffix}", var.ty.dtype) for suffix in ("_v", ""))
    body = substitute(stmt.body, {var: part * lanes + lane})
    inner = loop_like(stmt, body, loop_var=lane, extent=lanes, annotations={LANES: lanes})
    return tirx.For(part, 0, extent // lanes, UNROLLED, inner)


def nbytes(buffer: Any) -> int:
    """Size of a buffer; 0 if it is not known."""
    size = ITEMSIZE[dtype_of(buffer)]
    for extent in buffer.shape:
        size *= constant(extent) or 0
    return size


def loaded(root: Any) -> set[Any]:
    """The buffers that are read under ``root``."""
    return {load.source for load in find(root, ir.TensorLoad)}


def settle(stmt: Any) -> tuple[Any, Registers]:
    """Decide between vector types and ``omp simd`` for every vectorised loop."""
    analyzer = sym.Analyzer()
    for loop in find(stmt, tirx.For):
        analyzer.bind(loop.loop_var, ir.Range.from_min_extent(loop.min, loop.extent), True)
    registers: Registers = {}
    for buffer in sorted(accumulators(stmt), key=lambda b: str(b.name)):
        lanes = {lanes_of(loop) for *_, loop in accesses(stmt, buffer)}
        width, last = (lanes.pop() if len(lanes) == 1 else 0), constant(buffer.shape[-1])
        if width and last and last % width == 0:
            registers[buffer] = width
    while bad := {b for b in registers if not _fits(stmt, b, registers, analyzer)}:
        registers = {b: n for b, n in registers.items() if b not in bad}
    return _settle(stmt, registers, analyzer), registers


def _fits(stmt: Any, buffer: Any, registers: Registers, analyzer: Any) -> bool:
    """Whether every access of a buffer is a whole vector, written by vector loops only."""
    for index, written, loop in accesses(stmt, buffer):
        start = straight(index, loop.loop_var, analyzer)
        if start is None or constant(analyzer.simplify(start % registers[buffer])) != 0:
            return False
        if written and not is_vector(loop, registers, analyzer):
            return False
    return True


def _settle(stmt: Any, registers: Registers, analyzer: Any) -> Any:
    if not isinstance(stmt, tirx.For) or int(stmt.kind) != VECTORIZED:
        return rebuild(stmt, lambda inner: _settle(inner, registers, analyzer))
    if is_vector(stmt, registers, analyzer):
        return stmt
    notes = {k: v for k, v in stmt.annotations.items() if k != LANES}
    return loop_like(stmt, stmt.body, kind=SERIAL, annotations={**notes, SIMD: 1})


def accesses(stmt: Any, buffer: Any, loop: Any = None) -> Iterator[tuple[Any, bool, Any]]:
    """Every access of a buffer: its index, whether it writes, the vectorised loop around it."""
    if isinstance(stmt, tirx.SeqStmt | tirx.For):
        inside = isinstance(stmt, tirx.For) and int(stmt.kind) == VECTORIZED
        for part in stmt.seq if isinstance(stmt, tirx.SeqStmt) else [stmt.body]:
            yield from accesses(part, buffer, stmt if inside else loop)
        return
    for store in find(stmt, tirx.BufferStore):
        if store.buffer.same_as(buffer):
            yield store.indices, True, loop
    for load in find(stmt, ir.TensorLoad):
        if load.source.same_as(buffer):
            yield load.indices, False, loop


def lanes_of(loop: Any) -> int:
    """The lanes that :func:`cut` gave a loop; 0: none."""
    return 0 if loop is None else int(loop.annotations.get(LANES, 0))


def straight(index: Any, var: Any, analyzer: Any) -> Any | None:
    """Where the vector starts if the last index is ``start + var``, the others free of ``var``."""
    if len(index) == 0 or any(uses(i, var) for i in index[:-1]) or not uses(index[-1], var):
        return None
    start = analyzer.simplify(index[-1] - var)
    return None if uses(start, var) else start


def is_vector(loop: Any, registers: Mapping[Any, int], analyzer: Any) -> bool:
    """Whether a loop is plain vector arithmetic that touches accumulators."""
    lanes = lanes_of(loop)
    stores = statements(loop.body)
    if not lanes or not all(isinstance(s, tirx.BufferStore) for s in stores):
        return False
    touched = {s.buffer for s in stores} | loaded(loop.body)
    if not touched & set(registers):
        return False
    if any(straight(s.indices, loop.loop_var, analyzer) is None for s in stores):
        return False
    partial = constant(loop.extent) != lanes
    writes = any(s.buffer in registers for s in stores)
    if partial and writes and not fills(loop, registers):
        return False
    return all(_arithmetic(s.value, dtype_of(s.buffer), loop.loop_var, analyzer) for s in stores)


def fills(loop: Any, registers: Mapping[Any, int]) -> bool:
    """Whether a loop touches accumulators only: then it may run over all lanes, whatever its end.

    The lanes past the end belong to no element; nothing but such loops ever reads them.
    """
    stores = statements(loop.body)
    reads = [x for x in find(loop.body, ir.TensorLoad) if uses(x.indices, loop.loop_var)]
    return all(s.buffer in registers for s in stores) and all(x.source in registers for x in reads)


def _arithmetic(expr: Any, dtype: str, var: Any, analyzer: Any) -> bool:
    """Whether vector types can compute an expression in vectors of ``dtype``."""
    if dtype_of(expr) != dtype:
        return False
    if not uses(expr, var):
        return True
    if isinstance(expr, ir.TensorLoad):
        return straight(expr.indices, var, analyzer) is not None
    if isinstance(expr, OPERATORS):
        return all(_arithmetic(e, dtype, var, analyzer) for e in (expr.a, expr.b))
    if isinstance(expr, tirx.Cast):
        return _arithmetic(expr.value, dtype_of(expr.value), var, analyzer)
    return False
