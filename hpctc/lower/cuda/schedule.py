"""Which schedules a function may get on a GPU, the best first, none of them measured.

dlight's rules write what an expert would: tiles in shared memory, vector loads, warp shuffles,
tensor cores for float16. They refuse some functions, and some of what they schedule cannot be
lowered: then a sample of MetaSchedule's design space, then one thread an element.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from tvm import s_tir, tirx
from tvm.s_tir import dlight

from hpctc.lower.cuda import sampling, single, threads
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


@dataclass(frozen=True)
class Scheduled:
    """One way to run a function on a GPU."""

    func: tirx.PrimFunc
    text: str
    """How it came about: ``dlight Matmul``, ``threads`` or a MetaSchedule trace."""


def candidates(func: tirx.PrimFunc, arch: str, samples: int, seed: int) -> Iterator[Scheduled]:
    """Schedules of ``func``, the best guess first; lazily, as the later ones cost more.

    ``samples`` valid points of MetaSchedule's space are drawn where dlight's do not do.
    """
    yield from _single(func)
    yield from _dlight(func, arch)
    if samples:
        for made, trace in sampling.sample(func, arch, samples, seed):
            yield Scheduled(made, trace)
    yield Scheduled(threads.schedule(func).mod["main"], f"threads{{block={threads.BLOCK}}}")


def _single(func: tirx.PrimFunc) -> Iterator[Scheduled]:
    try:
        made = single.schedule(func)
    except s_tir.ScheduleError as problem:
        log.debug("single: %s", problem)
        return
    if made is not None:
        yield Scheduled(made.mod["main"], f"single{{block={single.BLOCK}}}")


def _dlight(func: tirx.PrimFunc, arch: str) -> Iterator[Scheduled]:
    for rule in RULES:
        name = type(rule).__name__
        try:
            made = rule.apply(func, target(arch), False)
        except Exception as problem:  # noqa: BLE001 - rules fail in many ways on foreign shapes
            log.debug("dlight %s: %s", name, problem)
            continue
        if isinstance(made, list):
            made = made[0] if made else None
        if isinstance(made, s_tir.Schedule):
            yield Scheduled(made.mod["main"], f"dlight {name}")
