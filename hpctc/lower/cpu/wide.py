"""Long reductions along memory: many partial results side by side, joined at the end.

One SIMD accumulator waits for its own last addition; several vectors of them do not (rfactor, as
Halide and TVM call it). A very long reduction is cut into chunks first: threads share them, and a
sum of sums rounds far less than one long sum (Higham, 1993). What is split must divide evenly, else
the plain SIMD reduction stays.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from tvm import s_tir, tirx

from hpctc.lower.cpu.blocks import Block, blocks_of
from hpctc.lower.cpu.loops import Nest, extent_of

ROUNDS = 4
"""Fewer steps per partial result are not worth the joining."""

LANES = 16
"""Partial results come in multiples of this where possible: a vector register of float32."""


CHUNK = 65_536
"""Elements that one chunk should have; a reduction of twice as many is cut."""

CHUNKS = 8
"""Fewer chunks than this would leave threads without work."""


def widen(schedule: s_tir.Schedule, most: int) -> None:
    """Split every long reduction along memory into at most ``most`` partial ones."""
    for rv, _ in blocks_of(schedule):
        if not schedule.get_loops(rv):
            schedule.add_unit_loop(rv)  # rfactor fails beside a block without a loop
    joins: set[str] = set()
    for rv, block in blocks_of(schedule):
        if _simple(block) and (part := _split_at(schedule, rv, chunks, _chunked)) is not None:
            _widen(schedule, part, most, together=True)
            joins |= {block.name, part}
    for _, block in blocks_of(schedule):
        if _simple(block) and block.name not in joins:
            _widen(schedule, block.name, most)


def _widen(schedule: s_tir.Schedule, name: str, most: int, together: bool = False) -> None:
    """Partial results for neighbours; ``together``: joined at once, chunk by chunk."""
    heads = len(Block(schedule.get(rv := schedule.get_sblock(name))).spatial)
    part = _split_at(schedule, rv, lambda total: partial_results(total, most), _laned)
    if together and part is not None:
        loop = schedule.get_loops(schedule.get_sblock(name))[heads - 1]
        schedule.compute_at(schedule.get_sblock(part), loop)


def _simple(block: Block) -> bool:
    """Whether the block reduces into one place by one statement."""
    one = isinstance(block.node.body, tirx.BufferStore) and len(block.stores) == 1
    return one and bool(block.reduced)


def _split_at(
    schedule: s_tir.Schedule,
    rv: Any,
    choices: Callable[[int], list[int]],
    split: Callable[[s_tir.Schedule, Any, int], Any],
) -> str | None:
    """Make partial results of a reduction whose last loops walk along memory, if they stay so.

    Returns the name of the block that makes them; None: nothing was split.
    """
    nest = Nest(schedule, rv)
    heads = [x for x in nest.loops if not nest.reduces(x)]
    inner = nest.loops[-1]
    if not nest.reduces(inner) or not any(nest.stride(a, inner) == 1 for a in nest.block.loads):
        return None
    run = nest.run(inner, nest.loops[len(heads) : -1])
    total = prod(extent_of(schedule, x) or 1 for x in run)

    def apply(to: s_tir.Schedule, parts: int) -> Any:
        loops = list(to.get_loops(to.get_sblock(nest.block.name)))
        fused = to.fuse(*loops[-len(run) :]) if len(run) > 1 else loops[-1]
        return to.rfactor(split(to, fused, parts), len(heads))

    for parts in choices(total):
        trial = schedule.copy()
        made = Nest(trial, apply(trial, parts))
        if all(made.stride(a, made.loops[-1]) is not None for a in made.block.loads):
            return str(schedule.get(apply(schedule, parts)).name_hint)
    return None


def _laned(schedule: s_tir.Schedule, loop: Any, lanes: int) -> Any:
    """The loop over neighbours in memory, ``lanes`` of them."""
    return schedule.split(loop, [None, lanes])[1]


def _chunked(schedule: s_tir.Schedule, loop: Any, parts: int) -> Any:
    """The loop over ``parts`` runs of memory."""
    return schedule.split(loop, [parts, None])[0]


def chunks(total: int) -> list[int]:
    """Into how many chunks a reduction is cut, if it divides; empty: it is not."""
    if total < 2 * CHUNK:
        return []
    wanted = max(CHUNKS, total // CHUNK)
    fits = [
        n
        for n in range(max(CHUNKS, wanted // 4), 4 * wanted)
        if total % n == 0 and partial_results(total // n, 64)
    ]
    return sorted(fits, key=lambda n: ((total // n) % LANES != 0, abs(n - wanted)))[:1]


def partial_results(total: int, most: int) -> list[int]:
    """Divisors of ``total`` up to ``most``, best first: multiples of a vector, then large ones."""
    divisors = [d for d in range(LANES, most + 1) if total % d == 0 and total // d >= ROUNDS]
    return sorted(divisors, key=lambda d: (d % LANES == 0, d), reverse=True)[:4]
