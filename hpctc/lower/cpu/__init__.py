"""CPU schedules: rules and register-tile templates first, measured search on demand.

Comes in: one unscheduled TIR function of a :class:`hpctc.lower.plan.Plan`. Goes out: the same
function with loops ordered, tiled, marked for SIMD and for threads, and the text that makes that
again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from tvm import tirx
from tvm.s_tir import ScheduleError

from hpctc.lower.cpu.contract import Refusal
from hpctc.lower.cpu.effort import Effort
from hpctc.lower.cpu.host import host
from hpctc.lower.cpu.space import shapes
from hpctc.lower.cpu.strategy import Plain, Rules, Strategy, Tile, strategy
from hpctc.lower.cpu.template import contraction_of

__all__ = ["Effort", "Scheduled", "rebuild", "schedule"]

log = logging.getLogger(__name__)

REFUSALS = (ScheduleError, ValueError, TypeError, IndexError, RuntimeError)
"""What a strategy raises where it does not fit; anything else is a mistake of ours."""


@dataclass(frozen=True)
class Scheduled:
    """A scheduled function and the text from which :func:`rebuild` makes it again."""

    func: tirx.PrimFunc
    text: str


def schedule(
    func: tirx.PrimFunc, how: Effort, database: None = None, threads: int = 2
) -> Scheduled:
    """Schedule one function; never fails: the last resort is the function as it is."""
    for choice in defaults(func, threads):
        try:
            return Scheduled(choice.apply(func), str(choice))
        except REFUSALS as problem:
            log.info("%s does not fit: %s", choice, str(problem).strip().splitlines()[-1:])
    return Scheduled(func, str(Plain()))


def rebuild(func: tirx.PrimFunc, text: str) -> Scheduled:
    """Make a schedule again from its text; an unknown text is a ``UsageError``."""
    return Scheduled(strategy(text).apply(func), text)


def defaults(func: tirx.PrimFunc, threads: int) -> Iterator[Strategy]:
    """What is tried without measuring, best first."""
    try:
        yield Tile.of(shapes(contraction_of(func), host(), threads)[0])
    except Refusal as why:
        log.debug("no register tile: %s", why)
    yield Rules(threads=threads)
    yield Rules(threads=threads, rows=False)
