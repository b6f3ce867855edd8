"""Long reductions along memory: many partial results side by side, joined at the end.

One SIMD accumulator waits for its own last addition; several vectors of them do not (rfactor, as
Halide and TVM call it). What is split must divide evenly, else the plain SIMD reduction stays.
"""

from math import prod
from typing import Any

from tvm import s_tir, tirx

from hpctc.lower.cpu.blocks import blocks_of
from hpctc.lower.cpu.loops import Nest, extent_of

ROUNDS = 4
"""Fewer steps per partial result are not worth the joining."""

LANES = 16
"""Partial results come in multiples of this where possible: a vector register of float32."""


def widen(schedule: s_tir.Schedule, most: int) -> None:
    """Split every long reduction along memory into at most ``most`` partial ones."""
    for rv, block in blocks_of(schedule):
        simple = isinstance(block.node.body, tirx.BufferStore) and len(block.stores) == 1
        if simple and block.reduced:
            _widen(schedule, rv, most)


def _widen(schedule: s_tir.Schedule, rv: Any, most: int) -> None:
    nest = Nest(schedule, rv)
    heads = [x for x in nest.loops if not nest.reduces(x)]
    inner = nest.loops[-1]
    if not nest.reduces(inner) or not any(nest.stride(a, inner) == 1 for a in nest.block.loads):
        return
    run = nest.run(inner, nest.loops[len(heads) : -1])
    total = prod(extent_of(schedule, x) or 1 for x in run)
    lanes = partial_results(total, most)
    if lanes is None:
        return
    fused = schedule.fuse(*run) if len(run) > 1 else inner
    _, lane = schedule.split(fused, [None, lanes])
    schedule.rfactor(lane, len(heads))


def partial_results(total: int, most: int) -> int | None:
    """A divisor of ``total`` up to ``most``, a multiple of a vector if there is one; else None."""
    divisors = [d for d in range(LANES, most + 1) if total % d == 0 and total // d >= ROUNDS]
    return max(divisors, key=lambda d: (d % LANES == 0, d), default=None)
