"""Accumulators in registers: memory that a loop only updates in place becomes a local variable."""

from collections.abc import Collection
from typing import Any

import tvm_ffi
from tvm import ir, tirx

from hpctc.lower.c.tree import (
    PARALLEL,
    constant,
    find,
    rebuild,
    sequence,
    statements,
    uses,
)

Index = Any
"""The index expressions of one element."""


def promote(stmt: Any, arguments: Collection[Any]) -> Any:
    """Give every element that a serial loop nest updates in place a scalar of its own.

    ``y[i] = 0; for (k) y[i] += x[k];`` becomes ``acc = 0; for (k) acc += x[k]; y[i] = acc;``. An
    element qualifies if the nest reads and writes its buffer at that one place only, and if it is
    written in any case (so that writing it back writes nothing that was not written before).
    Local buffers of one element are scalars already; ``arguments`` are not local.
    """
    parts = statements(stmt)
    if len(parts) == 1 and not isinstance(stmt, tirx.For):
        return rebuild(stmt, lambda inner: promote(inner, arguments))
    done: list[Any] = []
    for part in parts:
        if isinstance(part, tirx.For):
            done = statements(_loop(part, done, arguments))
        else:
            done.append(rebuild(part, lambda inner: promote(inner, arguments)))
    return sequence(done)


def _loop(loop: Any, before: list[Any], arguments: Collection[Any]) -> Any:
    """``before`` and the loop, with what the loop accumulates in scalars."""
    after = []
    for buffer, index in accumulated(loop, arguments):
        first = start(before, buffer, index)
        if first is None and not certain(loop, buffer):
            continue
        scalar = tirx.decl_buffer((1,), buffer.dtype, "acc", scope="local")
        zero = [tirx.IntImm("int32", 0)]
        initial = tirx.BufferLoad(buffer, index) if first is None else before[first].value
        opening = [tirx.AllocBuffer(scalar), tirx.BufferStore(scalar, initial, zero)]
        if first is None:
            before = [*before, *opening]
        else:
            before = [*before[:first], *opening, *before[first + 1 :]]
        loop = redirect(loop, buffer, scalar)
        after.append(tirx.BufferStore(buffer, tirx.BufferLoad(scalar, zero), index))
    return sequence([*before, rebuild(loop, lambda inner: promote(inner, arguments)), *after])


def accumulated(loop: Any, arguments: Collection[Any]) -> list[tuple[Any, Index]]:
    """The buffers, with their index, that a serial loop updates at one place only."""
    if any(int(f.kind) == PARALLEL for f in find(loop, tirx.For)):
        return []
    inner = [f.loop_var for f in find(loop, tirx.For)]
    inner += [b.var for b in find(loop, tirx.Bind)]
    local = [a.buffer for a in find(loop, tirx.AllocBuffer)]
    loads = [(load.source, load.indices) for load in find(loop, ir.TensorLoad)]
    found: list[tuple[Any, Index]] = []
    for store in find(loop, tirx.BufferStore):
        buffer, index = store.buffer, store.indices
        known = buffer in [b for b, _ in found] or buffer in local
        if known or (is_single(buffer) and buffer not in arguments):
            continue
        stores = [(s.buffer, s.indices) for s in find(loop, tirx.BufferStore)]
        here = [i for b, i in [*loads, *stores] if b.same_as(buffer)]
        one_place = all(tvm_ffi.structural_equal(i, index) for i in here)
        moving = any(uses(index, var) for var in inner) or find(index, ir.TensorLoad)
        if one_place and not moving and any(b.same_as(buffer) for b, _ in loads):
            found.append((buffer, index))
    return found


def is_single(buffer: Any) -> bool:
    """Whether a buffer has one element."""
    return all(constant(e) == 1 for e in buffer.shape)


def start(before: list[Any], buffer: Any, index: Index) -> int | None:
    """Where, just before the loop, the element gets its first value."""
    for place in range(len(before) - 1, -1, -1):
        part = before[place]
        if not isinstance(part, tirx.BufferStore | tirx.AllocBuffer | tirx.Bind):
            return None
        if isinstance(part, tirx.BufferStore) and part.buffer.same_as(buffer):
            return place if tvm_ffi.structural_equal(part.indices, index) else None
        if any(load.source.same_as(buffer) for load in find(part, ir.TensorLoad)):
            return None
    return None


def certain(stmt: Any, buffer: Any) -> bool:
    """Whether a statement writes a buffer whenever it runs."""
    if isinstance(stmt, tirx.BufferStore):
        return bool(stmt.buffer.same_as(buffer))
    if isinstance(stmt, tirx.For):
        return bool(constant(stmt.extent)) and certain(stmt.body, buffer)
    if isinstance(stmt, tirx.SeqStmt):
        return any(certain(part, buffer) for part in stmt.seq)
    return False


def redirect(stmt: Any, buffer: Any, scalar: Any) -> Any:
    """``stmt`` with every access of ``buffer`` going to ``scalar``."""
    zero = [tirx.IntImm("int32", 0)]

    def load(node: Any) -> Any:
        return tirx.BufferLoad(scalar, zero) if node.source.same_as(buffer) else node

    def store(node: Any) -> Any:
        if not node.buffer.same_as(buffer):
            return node
        return tirx.BufferStore(scalar, node.value, zero)

    return tvm_ffi.structural_map(stmt, [(ir.TensorLoad, load), (tirx.BufferStore, store)])
