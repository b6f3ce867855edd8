"""Which schedules a function may get on a GPU, the best first, none of them measured.

dlight's rules write what an expert would: tiles in shared memory, vector loads, warp shuffles,
tensor cores for float16. They refuse some functions, and some of what they schedule cannot be
lowered: then a sample of MetaSchedule's design space, then one thread an element.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tvm import s_tir, tirx
from tvm.s_tir import dlight
from tvm.s_tir.dlight.analysis import normalize_prim_func

from hpctc.lower.cuda import guards, sampling, single, threads
from hpctc.lower.cuda.how import Cuda
from hpctc.lower.cuda.source import target

log = logging.getLogger(__name__)

RULES = (
    dlight.gpu.Matmul(),
    dlight.gpu.GEMV(),
    dlight.gpu.Reduction(),
    dlight.gpu.GeneralReduction(),
    dlight.gpu.Transpose(),
)
"""Tried in this order; each answers with a schedule or refuses."""

ROWS = (dlight.gpu.Reduction, dlight.gpu.GeneralReduction)
"""The rules that give a block of threads to every sum."""

WITHOUT_TENSOR_CORES = "sm_60"
"""What dlight is told where it shall not use them."""

WARP = 32
"""Terms below which a sum of its own is no work for a block: a 3 x 3 window has 9."""


@dataclass(frozen=True)
class Scheduled:
    """One way to run a function on a GPU."""

    func: tirx.PrimFunc
    text: str
    """How it came about: ``dlight Matmul``, ``threads`` or a MetaSchedule trace."""


def candidates(func: tirx.PrimFunc, how: Cuda) -> Iterator[Scheduled]:
    """Schedules of ``func``, the best guess first; lazily, as the later ones cost more."""
    if not how.plain:
        yield from _single(func)
        yield from _dlight(func, how)
    if how.samples:
        for drawn, trace in sampling.sample(func, how.arch, how.samples, how.seed):
            yield Scheduled(drawn, trace)
    for shared in (True, False):
        made = threads.schedule(func, shared, how.block)
        words = f"threads{{block={how.block},shared={str(shared).lower()}}}"
        yield Scheduled(made.mod["main"], words)


def _single(func: tirx.PrimFunc) -> Iterator[Scheduled]:
    try:
        made = single.schedule(func)
    except s_tir.ScheduleError as problem:
        log.debug("single: %s", problem)
        return
    if made is not None:
        yield Scheduled(made.mod["main"], f"single{{block={single.BLOCK}}}")


def _dlight(func: tirx.PrimFunc, how: Cuda) -> Iterator[Scheduled]:
    gpu = target(how.arch if how.tensor_cores else WITHOUT_TENSOR_CORES)
    window = _is_window(func)
    for rule in RULES:
        name = type(rule).__name__
        if window and isinstance(rule, ROWS):
            continue
        made = _applied(rule, func, gpu)
        if made is not None and guards.exposed(made):
            made = _applied(rule, guards.copied(func), gpu)
        if made is not None:
            yield Scheduled(made, f"dlight {name}")


def _applied(rule: Any, func: tirx.PrimFunc, gpu: Any) -> tirx.PrimFunc | None:
    """What a rule makes of a function; None where it refuses."""
    try:
        made = rule.apply(func, gpu, False)
    except Exception as problem:  # noqa: BLE001 - rules fail in many ways on foreign shapes
        log.debug("dlight %s: %s", type(rule).__name__, problem)
        return None
    if isinstance(made, list):
        made = made[0] if made else None
    return made.mod["main"] if isinstance(made, s_tir.Schedule) else None


def _is_window(func: tirx.PrimFunc) -> bool:
    """Whether every result is one short sum: pools, depthwise products."""
    blocks = normalize_prim_func(s_tir.Schedule(func)) or []
    sums = [b for b in blocks if b.is_reduction()]
    return (
        len(sums) == 1
        and threads.terms(sums[0]) < WARP
        and threads.elements(sums[0]) == threads.elements(blocks[-1])
    )
