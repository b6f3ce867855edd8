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
    for lanes in partial_results(total, most):
        trial = schedule.copy()
        rv = _split(trial, trial.get_sblock(nest.block.name), len(heads), len(run), lanes)
        made = Nest(trial, rv)
        if all(made.stride(a, made.loops[-1]) is not None for a in made.block.loads):
            _split(schedule, schedule.get_sblock(nest.block.name), len(heads), len(run), lanes)
            return


def _split(schedule: s_tir.Schedule, rv: Any, heads: int, run: int, lanes: int) -> Any:
    """Make ``lanes`` partial results of the last ``run`` loops; returns the block that does."""
    loops = list(schedule.get_loops(rv))
    fused = schedule.fuse(*loops[-run:]) if run > 1 else loops[-1]
    _, lane = schedule.split(fused, [None, lanes])
    return schedule.rfactor(lane, heads)


def partial_results(total: int, most: int) -> list[int]:
    """Divisors of ``total`` up to ``most``, best first: multiples of a vector, then large ones."""
    divisors = [d for d in range(LANES, most + 1) if total % d == 0 and total // d >= ROUNDS]
    return sorted(divisors, key=lambda d: (d % LANES == 0, d), reverse=True)[:4]
