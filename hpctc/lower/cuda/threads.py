"""The schedules that always work: one thread an element, or one block a long sum."""

import math
from typing import Any

from tvm import s_tir, tirx
from tvm.s_tir.dlight.analysis import SBlockInfo, normalize_prim_func
from tvm.s_tir.dlight.base import try_inline

BLOCK = 256
"""Threads of a block, 1-D."""

LONG = 128
"""Terms from which on the threads of a block share a sum."""


def schedule(func: tirx.PrimFunc, shared: bool, threads: int = BLOCK) -> s_tir.Schedule:
    """Inline what can be inlined; give every element of every stage that is left a thread.

    With ``shared``, each long reduction gets a block instead, whose threads add up their shares:
    TVM knows how for sums, products, extremes and argmax.
    """
    made = s_tir.Schedule(func)
    blocks = normalize_prim_func(made)
    if blocks is None:
        raise s_tir.ScheduleError("the function is no sequence of blocks")
    outputs = {str(p.name) for p in func.params}
    merged: set[str] = set()
    for block in try_inline(made, blocks):
        if block.name in merged:
            continue
        if shared and block.is_reduction() and terms(block) >= LONG:
            _share(made, block, threads)
        else:
            merged |= _bind(made, block, outputs, threads)
    return made


def terms(block: SBlockInfo) -> int:
    """How many terms a reduction adds up into one element."""
    return math.prod(int(i.dom) for i in block.iters if i.kind == "R")


def elements(block: SBlockInfo) -> int:
    """How many elements a stage computes."""
    return math.prod(int(i.dom) for i in block.iters if i.kind == "S")


def _size(made: s_tir.Schedule, block: Any) -> int:
    return math.prod(int(v.dom.extent) for v in made.get(block).iter_vars)


def _loops(made: s_tir.Schedule, info: SBlockInfo) -> tuple[list[Any], list[Any]]:
    """The data-parallel loops around a block (at least one) and the others, in this order."""
    block, kinds = info.block_rv, info.dom_kind()
    loops = made.get_loops(block)
    across = [loop for loop, kind in zip(loops, kinds, strict=True) if kind == "S"]
    serial = [loop for loop, kind in zip(loops, kinds, strict=True) if kind != "S"]
    across = across or [made.add_unit_loop(block)]
    made.reorder(*across, *serial)
    return across, serial


def _share(made: s_tir.Schedule, info: SBlockInfo, threads: int) -> None:
    """A block of threads an element of the result."""
    across, serial = _loops(made, info)
    made.bind(made.fuse(*across), "blockIdx.x")
    _, thread = made.split(made.fuse(*serial), factors=[None, threads])
    made.bind(thread, "threadIdx.x")


def _bind(made: s_tir.Schedule, info: SBlockInfo, outputs: set[str], threads: int) -> set[str]:
    """Spread the data-parallel loops of a block over threads; keep its sums in registers.

    Returns the names of the stages that were merged into this one.
    """
    block, reduces = info.block_rv, info.is_reduction()
    copies = _registers(made, block, outputs) if reduces else []
    merged = {name for copy in copies for name in _merge_consumer(made, copy)}
    across, serial = _loops(made, info)
    whole = made.fuse(*across)
    count = int(made.get(whole).extent)
    grid, thread = made.split(whole, factors=[None, _threads(count, threads)])
    made.bind(grid, "blockIdx.x")
    made.bind(thread, "threadIdx.x")
    for copy in copies:
        made.reverse_compute_at(copy, thread)
    if reduces and serial:
        made.decompose_reduction(block, serial[0])
    return merged


def _merge_consumer(made: s_tir.Schedule, copy: Any) -> set[str]:
    """Let the one elementwise stage behind a sum take it from the register."""
    consumers = made.get_consumers(copy)
    if len(consumers) != 1 or _size(made, consumers[0]) != _size(made, copy):
        return set()
    name = str(made.get(consumers[0]).name_hint)
    try:
        made.reverse_compute_inline(consumers[0])
    except s_tir.ScheduleError:
        return set()
    return {name}


def _registers(made: s_tir.Schedule, block: Any, outputs: set[str]) -> list[Any]:
    """Let a reduction write to registers; the blocks that copy them to global memory."""
    copies = []
    for n, region in enumerate(made.get(block).writes):
        if str(region.source.name) in outputs or _is_read(made, block, region.source):
            copies.append(made.cache_write(block, n, "local"))
        else:
            # half of an argmax: nobody but the reduction itself looks at it
            made.set_scope(block, n, "local")
    return copies


def _is_read(made: s_tir.Schedule, block: Any, buffer: Any) -> bool:
    return any(
        region.source.same_as(buffer)
        for consumer in made.get_consumers(block)
        for region in made.get(consumer).reads
    )


def _threads(count: int, most: int) -> int:
    """Whole warps, as many as there is work for; a single element gets a single thread.

    For one element TVM would leave the copy from the register unguarded in the idle threads.
    """
    return 1 if count == 1 else min(most, 32 * math.ceil(count / 32))
