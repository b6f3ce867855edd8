"""Rows in cache: compute the producers of a block inside its loops where that repeats no work."""

from typing import Any

from tvm import s_tir

from hpctc.lower.cpu.blocks import Block, blocks_of
from hpctc.lower.cpu.loops import name_of, trips


def fuse_rows(schedule: s_tir.Schedule, tile: int) -> None:
    """Move producers into the loops of the sinks that read them, as deep as repeats no work."""
    placed: set[str] = set()
    for rv, block in reversed(blocks_of(schedule)):
        if block.name in placed or not block.is_map or block.points == 1:
            continue
        producers = _private_producers(schedule, rv)
        if producers:
            limit = _arrange(schedule, rv, [Block(schedule.get(p)) for p in producers], tile)
            placed |= _pull(schedule, rv, producers, limit)


def _private_producers(schedule: s_tir.Schedule, sink: Any) -> list[Any]:
    """Blocks read, directly or not, by ``sink`` and by nobody outside; nearest first."""
    outputs = {name_of(schedule, rv) for rv in schedule.get_output_blocks("root")}
    names, found = {name_of(schedule, sink)}, []
    for rv, block in reversed(blocks_of(schedule)):
        readers = {name_of(schedule, c) for c in schedule.get_consumers(rv)}
        if readers and readers <= names and block.name not in outputs:
            found.append(rv)
            names.add(block.name)
    return found


def _arrange(schedule: s_tir.Schedule, sink: Any, producers: list[Block], tile: int) -> int:
    """Order the sink's loops, rows first; cut a register row from the last where sums run across.

    Returns the number of leading loops under which producers may be computed.
    """
    block = Block(schedule.get(sink))
    loops = list(schedule.get_loops(sink))
    if len(loops) != len(block.spatial) or not loops:
        return len(loops)
    reductions = [b for b in producers if b.reduced]
    row = _row_axes(block, reductions)
    is_row = [any(axis.same_as(v) for v in row) for axis, _ in block.spatial]
    heads = [x for x, r in zip(loops[:-1], is_row[:-1], strict=True) if r]
    middles = [x for x, r in zip(loops[:-1], is_row[:-1], strict=True) if not r]
    if is_row[-1] and any(_runs_across(b) for b in reductions):
        extent = block.spatial[-1][1]
        outer, inner = schedule.split(loops[-1], [None, _register_row(extent, tile)])
        schedule.reorder(*heads, outer, *middles, inner)
        return len(loops)
    if heads and middles:
        schedule.reorder(*heads, *middles, loops[-1])
    return len(loops)


def _register_row(extent: int, tile: int) -> int:
    """The largest divisor of ``extent`` up to ``tile``; all of a short or stubborn extent."""
    best = max(d for d in range(1, min(tile, extent) + 1) if extent % d == 0)
    return best if best * 4 >= min(tile, extent) else extent


def _row_axes(block: Block, reductions: list[Block]) -> list[Any]:
    """Axes of the sink on which every reduction it reads depends: a row is one setting of them."""
    results = [s.buffer for b in reductions for s in b.stores]
    loads = [a for a in block.loads if any(a.buffer.same_as(r) for r in results)]
    return [v for v, _ in block.spatial if loads and all(a.reads(v) for a in loads)]


def _runs_across(reduction: Block) -> bool:
    """Whether neighbours in memory belong to different results (the sum of columns)."""
    if not reduction.spatial:
        return False
    last = reduction.spatial[-1][0]
    along = [v for v, n in reduction.reduced if n > 1]
    return any(a.stride(last) == 1 for a in reduction.loads) and not any(
        a.stride(v) == 1 for a in reduction.loads for v in along
    )


def _pull(schedule: s_tir.Schedule, sink: Any, producers: list[Any], limit: int) -> set[str]:
    """Compute each producer under the deepest loop of ``sink`` that repeats none of its work.

    ``producers`` stand nearest first; returns the names of those that were moved.
    """
    moved: set[str] = set()
    goal = name_of(schedule, sink)
    for name in [name_of(schedule, p) for p in producers]:
        work = trips(schedule, schedule.get_sblock(name))
        for depth in range(limit, 0, -1):
            trial = schedule.copy()
            try:
                _compute_at(trial, goal, name, depth)
            except (s_tir.ScheduleError, IndexError):
                continue
            if trips(trial, trial.get_sblock(name)) <= 1.05 * work:
                _compute_at(schedule, goal, name, depth)
                moved.add(name)
                break
    return moved


def _compute_at(schedule: s_tir.Schedule, sink: str, name: str, depth: int) -> None:
    loop = schedule.get_loops(schedule.get_sblock(sink))[depth - 1]
    schedule.compute_at(schedule.get_sblock(name), loop)
