"""Schedules without a search: inline, keep rows in cache, one SIMD loop, parallel if it pays.

Nothing is measured here. A function is cut into *nests*: a nest ends in one block that writes each
point once (the *sink*) and holds the blocks that only it needs, computed inside the sink's outer
loops where that repeats no work, so that a row of a softmax stays in the first-level cache.
"""

from typing import Any

from tvm import ir, s_tir, tirx

from hpctc.lower.cpu.blocks import Block, blocks_of
from hpctc.lower.cpu.loops import name_of, parallelize, split_init, vectorize
from hpctc.lower.cpu.rows import fuse_rows
from hpctc.lower.cpu.wide import widen

PARALLEL_NS = 20_000.0
"""Serial work below which a parallel region costs more than it gives, in nanoseconds."""

REPEATED = 3
"""Readings by maps for which a point of several loads is not computed again (rows of a resize)."""


def apply(func: tirx.PrimFunc, threads: int, tile: int, rows: bool) -> tirx.PrimFunc:
    """Schedule ``func``; ``tile`` elements make a register row, ``rows`` allows nesting."""
    schedule = s_tir.Schedule(func)
    inline(schedule)
    stage_reductions(schedule)
    widen(schedule, tile)
    if rows:
        fuse_rows(schedule, tile)
    for rv, _ in blocks_of(schedule):
        vectorize(schedule, rv)
    parallelize(schedule, threads, PARALLEL_NS)
    for rv, block in blocks_of(schedule):
        if block.node.init is not None:
            split_init(schedule, rv)
    return schedule.mod["main"]


def inline(schedule: s_tir.Schedule) -> None:
    """Fold every map into its readers, unless that would repeat expensive work."""
    refused: set[str] = set()
    while True:
        for rv, block in blocks_of(schedule):
            if block.name not in refused and _may_inline(schedule, rv, block):
                try:
                    schedule.compute_inline(rv)
                except s_tir.ScheduleError:
                    refused.add(block.name)
                    continue
                break
        else:
            return


def _may_inline(schedule: s_tir.Schedule, rv: Any, block: Block) -> bool:
    """A map is inlined if each of its points is read once, or is cheap and free of branches."""
    readers = [Block(schedule.get(c)) for c in schedule.get_consumers(rv)]
    if not readers or not block.is_map:
        return False
    target = block.stores[0].buffer
    reads = sum(r.points * sum(a.buffer.same_as(target) for a in r.loads) for r in readers)
    if reads <= 1.01 * block.points:
        return True
    if any(r.reduced and len(r.loads) > 1 for r in readers):
        return _is_permutation(block)
    repeated = reads >= REPEATED * block.points and len(block.loads) > 1
    if repeated and all(r.is_map for r in readers):
        return False
    return not block.functions and not (block.branches and any(r.reduced for r in readers))


def _is_permutation(block: Block) -> bool:
    """Whether the block only moves elements, so that reading its source costs the same."""
    value = block.node.body.value
    return isinstance(value, ir.TensorLoad) and all(isinstance(i, ir.Var) for i in value.indices)


def stage_reductions(schedule: s_tir.Schedule) -> None:
    """Let reductions into an output accumulate in a buffer of their own, then copy it out."""
    outputs = {name_of(schedule, rv) for rv in schedule.get_output_blocks("root")}
    for rv, block in blocks_of(schedule):
        if block.reduced and block.spatial and block.name in outputs:
            for position in range(len(block.node.writes)):
                schedule.cache_write(rv, position, "global")
