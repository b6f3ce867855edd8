"""A reduction to one number: one block, whose threads share the work of every stage."""

import math
from typing import Any

from tvm import s_tir, tirx
from tvm.s_tir.dlight.analysis import SBlockInfo, normalize_prim_func
from tvm.s_tir.dlight.base import try_inline

BLOCK = 256
"""Threads of the one block."""


def schedule(func: tirx.PrimFunc) -> s_tir.Schedule | None:
    """All stages in one block; None if that is not for this function.

    It is for reductions to one number each, with at most one elementwise stage behind them.
    """
    made = s_tir.Schedule(func)
    blocks = normalize_prim_func(made)
    if blocks is None:
        return None
    *first, last = try_inline(made, blocks)
    if not all(b.is_reduction() for b in first) or not all(_is_one(b) for b in [*first, last]):
        return None
    if last.is_reduction():
        return _alone(made, last) if not first else None
    _staged(made, first, last)
    return made


def _is_one(block: SBlockInfo) -> bool:
    return math.prod(int(i.dom) for i in block.iters if i.kind != "R") == 1


def _alone(made: s_tir.Schedule, block: SBlockInfo) -> s_tir.Schedule:
    """A single reduction that writes the result itself."""
    grid = made.add_unit_loop(made.get_loops(block.block_rv)[0])
    made.bind(grid, "blockIdx.x")
    _share(made, block)
    return made


def _staged(made: s_tir.Schedule, reductions: list[SBlockInfo], last: SBlockInfo) -> None:
    """Several reductions whose results meet in a last stage, handed on in shared memory."""
    inner = made.add_unit_loop(last.block_rv)
    grid = made.add_unit_loop(inner)
    made.bind(grid, "blockIdx.x")
    _, thread = made.split(inner, factors=[None, BLOCK])
    made.bind(thread, "threadIdx.x")
    for block in reversed(reductions):
        made.compute_at(block.block_rv, grid, preserve_unit_loops=True)
        made.set_scope(block.block_rv, 0, "shared")
        _share(made, block)


def _share(made: s_tir.Schedule, block: SBlockInfo) -> None:
    """Give a block's reduction axes, its innermost loops, to the threads."""
    count = sum(i.kind == "R" for i in block.iters)
    loops: list[Any] = made.get_loops(block.block_rv)[-count:]
    whole = made.fuse(*loops) if len(loops) > 1 else loops[0]
    _, thread = made.split(whole, factors=[None, BLOCK])
    made.bind(thread, "threadIdx.x")
