"""The schedule that always works: one thread an element, reductions serial in a register."""

import math
from typing import Any

from tvm import s_tir, tirx
from tvm.s_tir.dlight.analysis import SBlockInfo, normalize_prim_func
from tvm.s_tir.dlight.base import try_inline

BLOCK = 256
"""Threads of a block, 1-D."""


def schedule(func: tirx.PrimFunc) -> s_tir.Schedule:
    """Inline what can be inlined; give every element of every stage that is left a thread."""
    made = s_tir.Schedule(func)
    blocks = normalize_prim_func(made)
    if blocks is None:
        raise s_tir.ScheduleError("the function is no sequence of blocks")
    for block in try_inline(made, blocks):
        _bind(made, block, {str(p.name) for p in func.params})
    return made


def _bind(made: s_tir.Schedule, info: SBlockInfo, outputs: set[str]) -> None:
    """Spread the data-parallel loops of a block over threads; keep its sums in registers."""
    block, kinds = info.block_rv, info.dom_kind()
    reduces = info.is_reduction()
    copies = _registers(made, block, outputs) if reduces else []
    loops = made.get_loops(block)
    across = [loop for loop, kind in zip(loops, kinds, strict=True) if kind == "S"]
    serial = [loop for loop, kind in zip(loops, kinds, strict=True) if kind != "S"]
    across = across or [made.add_unit_loop(block)]
    made.reorder(*across, *serial)
    whole = made.fuse(*across)
    count = int(made.get(whole).extent)
    grid, thread = made.split(whole, factors=[None, _threads(count)])
    made.bind(grid, "blockIdx.x")
    made.bind(thread, "threadIdx.x")
    for copy in copies:
        made.reverse_compute_at(copy, thread)
    if reduces and serial:
        made.decompose_reduction(block, serial[0])


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


def _threads(count: int) -> int:
    """Whole warps, as many as there is work for; a single element gets a single thread.

    For one element TVM would leave the copy from the register unguarded in the idle threads.
    """
    return 1 if count == 1 else min(BLOCK, 32 * math.ceil(count / 32))
