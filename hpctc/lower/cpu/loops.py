"""Loops around scheduled blocks: their strides, which runs along memory, who shares them."""

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from tvm import ir, s_tir, tirx

from hpctc.lower.cpu.blocks import REDUCE, Access, Block, blocks_of, collect, uses
from hpctc.lower.cpu.build import substitute

SIMD = "hpctc.simd"
"""Loop annotation: print this loop as ``#pragma omp simd``."""

SHORT = 4
"""A loop of fewer steps is not worth a SIMD pragma."""

MOVED = 13
"""Fewer elements that only move gcc writes out, in half of the time of a SIMD loop."""

LONG = 16
"""A reduction of fewer steps is done one after another, many results side by side."""

WINDOW = 64
"""A reduction of at most so many steps is unrolled inside a loop over results."""

TRANSPOSE = 16_384
"""Elements from which a transposition no longer fits the first-level cache."""

BLOCK = 16
"""Rows and columns of a block of a transposition: one cache line of float32."""


def name_of(schedule: s_tir.Schedule, rv: Any) -> str:
    """The name of the block behind a handle."""
    return str(schedule.get(rv).name_hint)


def extent_of(schedule: s_tir.Schedule, loop: Any) -> int | None:
    """The trip count of a loop; None where it is not a constant."""
    extent = schedule.get(loop).extent
    return int(extent) if isinstance(extent, tirx.IntImm) else None


def trips(schedule: s_tir.Schedule, rv: Any) -> int:
    """How often a block's body runs under its present loops; huge where a bound is unknown."""
    extents = [extent_of(schedule, loop) for loop in schedule.get_loops(rv)]
    return prod(1 << 20 if e is None else e for e in extents)


class Nest:
    """One block under its loops, with strides of its accesses per loop."""

    def __init__(self, schedule: s_tir.Schedule, rv: Any) -> None:
        """Look at the block behind ``rv`` as it stands now; stale after the next primitive."""
        self.schedule = schedule
        self.rv = rv
        self.block = Block(schedule.get(rv))
        self.loops = list(schedule.get_loops(rv))
        realizes = collect(schedule.mod["main"].body, s_tir.SBlockRealize)
        realize = next(r for r in realizes if r.block.same_as(self.block.node))
        self._values = list(realize.iter_values)
        self._bounds = tuple(
            (schedule.get(x).loop_var, n)
            for x in self.loops
            if (n := extent_of(schedule, x)) is not None
        )
        self._placed: dict[int, Access] = {}

    def own(self) -> list[Any]:
        """The inner loops that hold nothing but this block, outermost first."""
        found: list[Any] = []
        for loop in reversed(self.loops):
            if not isinstance(self.schedule.get(loop).body, tirx.For | s_tir.SBlockRealize):
                break
            found.insert(0, loop)
        return found

    def stride(self, access: Access, loop: Any) -> int | None:
        """Elements by which an access moves per step of ``loop``; None: not linear."""
        placed = self._placed.get(id(access))
        if placed is None:
            variables = [i.var for i in self.block.node.iter_vars]
            pairs = list(zip(variables, self._values, strict=True))
            indices = tuple(substitute(i, pairs) for i in access.indices)
            placed = self._placed[id(access)] = Access(access.buffer, indices, self._bounds)
        return placed.stride(self.schedule.get(loop).loop_var)

    def reduces(self, loop: Any) -> bool:
        """Whether ``loop`` drives a reduction axis."""
        variable = self.schedule.get(loop).loop_var
        return any(
            int(i.iter_type) == REDUCE and uses(value, variable)
            for i, value in zip(self.block.node.iter_vars, self._values, strict=True)
        )

    def run(self, inner: Any, outer: Sequence[Any]) -> list[Any]:
        """``inner`` and as many of the loops around it as walk on in one straight line."""
        found, total = [inner], extent_of(self.schedule, inner)
        for loop in reversed(outer):
            extent = extent_of(self.schedule, loop)
            if total is None or extent is None or not self._continues(loop, inner, total):
                break
            found.insert(0, loop)
            total *= extent
        return found

    def _continues(self, outer: Any, inner: Any, total: int) -> bool:
        """Whether a step of ``outer`` is ``total`` steps of ``inner`` for every access."""
        if self.reduces(outer) != self.reduces(inner):
            return False
        for access in [*self.block.stores, *self.block.loads]:
            far, near = self.stride(access, outer), self.stride(access, inner)
            if far is None or near is None or far != near * total:
                return False
        return True


def vectorize(schedule: s_tir.Schedule, rv: Any) -> None:
    """Put the loop along memory innermost, merge it with its neighbours, mark it for SIMD."""
    nest = Nest(schedule, rv)
    own = nest.own()
    if not own and nest.loops and nest.block.is_map:
        _over_windows(nest)
        return
    chosen = _along(nest, own)
    if chosen is None:
        return
    others = [x for x in own if not x.same_as(chosen)]
    if not own[-1].same_as(chosen):
        schedule.reorder(*others, chosen)
    simple = isinstance(nest.block.node.body, tirx.BufferStore) or not nest.reduces(chosen)
    run = Nest(schedule, rv).run(chosen, others)
    if len(run) > 1:
        chosen = schedule.fuse(*run)
    elif (across := _against(nest, others, chosen)) is not None:
        chosen = _tile(schedule, across, chosen)
    extent = extent_of(schedule, chosen)
    least = MOVED if _moves(nest.block) else SHORT
    if simple and (extent is None or extent >= least):
        schedule.annotate(chosen, SIMD, 1)


def _moves(block: Block) -> bool:
    """Whether the block copies elements as they are."""
    return block.is_map and isinstance(block.node.body.value, ir.TensorLoad)


def _over_windows(nest: Nest) -> None:
    """Mark the loop around a few small reductions: results side by side, each window unrolled."""
    schedule, loop = nest.schedule, nest.loops[-1]
    around = schedule.get(loop)
    inner: list[Any] = []
    for rv, _ in blocks_of(schedule):
        loops = list(schedule.get_loops(rv))
        at = next((i for i, x in enumerate(loops) if schedule.get(x).same_as(around)), None)
        if at is not None:
            inner += loops[at + 1 :]
    steps = prod(extent_of(schedule, x) or LONG * LONG for x in inner)
    marked = any(schedule.get(x).annotations.get(SIMD) for x in inner)
    along = any(nest.stride(a, loop) == 1 for a in nest.block.stores)
    if along and not marked and steps <= WINDOW and (extent_of(schedule, loop) or 0) >= SHORT:
        schedule.annotate(loop, SIMD, 1)
        for window in inner:
            schedule.unroll(window)


def _along(nest: Nest, own: list[Any]) -> Any | None:
    """The loop that should be innermost: along the reads of a long reduction, else the store."""
    extents = {id(x): extent_of(nest.schedule, x) or LONG for x in own}
    real = [x for x in own if extents[id(x)] != 1]
    inner = [
        x
        for x in reversed(real)
        if nest.reduces(x) and any(nest.stride(a, x) == 1 for a in nest.block.loads)
    ]
    stores = [x for x in reversed(real) if any(nest.stride(a, x) == 1 for a in nest.block.stores)]
    if inner:
        at = next(i for i, x in enumerate(own) if x.same_as(inner[0]))
        steps = prod(extents[id(x)] for x in nest.run(own[at], own[:at]))
        if steps >= LONG or not stores or extents[id(stores[0])] < SHORT:
            return inner[0]
    return stores[0] if stores else None


def _against(nest: Nest, others: Sequence[Any], chosen: Any) -> Any | None:
    """The loop along which a transposing map reads, if its matrix is too large for the cache."""
    loads = nest.block.loads
    if not nest.block.is_map or nest.block.points < TRANSPOSE:
        return None
    strides = [nest.stride(a, chosen) for a in loads]
    if any(s is None for s in strides) or all(s in (0, 1) for s in strides):
        return None
    for loop in reversed(others):
        long = all((extent_of(nest.schedule, x) or 0) >= 2 * BLOCK for x in (loop, chosen))
        if long and any(nest.stride(a, loop) == 1 for a in loads):
            return loop
    return None


def _tile(schedule: s_tir.Schedule, across: Any, along: Any) -> Any:
    """Cut both loops into blocks that stay in cache; returns the innermost one."""
    row, row_in = schedule.split(across, [None, BLOCK])
    column, column_in = schedule.split(along, [None, BLOCK])
    schedule.reorder(row, column, row_in, column_in)
    return column_in


def parallelize(
    schedule: s_tir.Schedule, threads: int, threshold: float, skip: Iterable[str] = ()
) -> None:
    """Run the outermost loop of every nest on all threads where the work is worth it."""
    done = set(skip)
    for rv, block in blocks_of(schedule):
        loops = list(schedule.get_loops(rv))
        if not loops or block.name in done:
            continue
        head = schedule.get(loops[0])
        shared = [
            (r, b)
            for r, b in blocks_of(schedule)
            if (own := schedule.get_loops(r)) and schedule.get(own[0]).same_as(head)
        ]
        done |= {b.name for _, b in shared}
        if threads > 1 and sum(b.nanoseconds for _, b in shared) >= threshold:
            _parallel_nest(schedule, rv, threads)


def _parallel_nest(schedule: s_tir.Schedule, rv: Any, threads: int) -> None:
    nest = Nest(schedule, rv)
    heads: list[Any] = []
    for loop in nest.loops:
        if nest.reduces(loop) or schedule.get(loop).annotations.get(SIMD):
            break
        heads.append(loop)
        if not isinstance(schedule.get(loop).body, tirx.For):
            break
    if not heads:
        first = nest.loops[0]
        if not nest.reduces(first):
            schedule.parallel(_chunked(schedule, first, threads))
        return
    while len(heads) > 1 and (extent_of(schedule, heads[0]) or 0) < 4 * threads:
        heads[:2] = [schedule.fuse(heads[0], heads[1])]
    schedule.parallel(heads[0])


def _chunked(schedule: s_tir.Schedule, loop: Any, threads: int) -> Any:
    """The outer part of a straight loop cut into equal runs; the loop itself if it is prime."""
    extent = extent_of(schedule, loop) or 1
    for chunks in range(4 * threads, threads - 1, -1):
        if extent % chunks == 0:
            schedule.unannotate(loop, SIMD)
            outer, inner = schedule.split(loop, [chunks, None])
            schedule.annotate(inner, SIMD, 1)
            return outer
    return loop


def split_init(schedule: s_tir.Schedule, rv: Any) -> None:
    """Move the initial value of an accumulator in front of its reduction loops."""
    nest = Nest(schedule, rv)
    for loop in nest.loops:
        if nest.reduces(loop):
            schedule.decompose_reduction(rv, loop)
            return
