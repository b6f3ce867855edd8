"""CPU schedules: rules and register-tile templates first, measured search on demand.

Comes in: one unscheduled TIR function of a :class:`hpctc.lower.plan.Plan`. Goes out: the same
function with loops ordered, tiled, marked for SIMD and for threads, and the text that makes that
again.
"""

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tvm import tirx

from hpctc.lower.cpu.database import Database, Tuned, keys
from hpctc.lower.cpu.host import host
from hpctc.lower.cpu.refusal import REFUSALS, Refusal
from hpctc.lower.cpu.space import shapes
from hpctc.lower.cpu.strategy import Plain, Rules, Strategy, Tile, read
from hpctc.lower.cpu.template import contraction_of
from hpctc.lower.effort import Effort

__all__ = ["Database", "Effort", "Scheduled", "rebuild", "schedule"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scheduled:
    """A scheduled function and the text from which :func:`rebuild` makes it again."""

    func: tirx.PrimFunc
    text: str


def schedule(
    func: tirx.PrimFunc,
    how: Effort,
    database: Database | None = None,
    threads: int = 2,
    builds: Path | None = None,
) -> Scheduled:
    """Schedule one function; never fails: the last resort is the function as it is.

    Effort ``none`` measures nothing and is a function of its arguments and the host's vector unit.
    Other efforts ask ``database`` first and write to it; candidates are built in ``builds``
    (default: a temporary folder).
    """
    first = _first(func, threads)
    if how.trials == 0:
        return first
    if builds is None:
        with tempfile.TemporaryDirectory(prefix="hpctc-tune-") as folder:
            return _measured(func, how, database, threads, first, Path(folder))
    return _measured(func, how, database, threads, first, builds)


def rebuild(func: tirx.PrimFunc, text: str) -> Scheduled:
    """Make a schedule again from its text; text of no known strategy is a user error."""
    return Scheduled(read(text).apply(func), text)


def _first(func: tirx.PrimFunc, threads: int) -> Scheduled:
    """The best unmeasured strategy that fits."""
    for choice in _defaults(func, threads):
        try:
            return Scheduled(choice.apply(func), str(choice))
        except REFUSALS as problem:
            log.info("%s does not fit: %s", choice, str(problem).strip().splitlines()[-1:])
    return Scheduled(func, str(Plain()))


def _defaults(func: tirx.PrimFunc, threads: int) -> Iterator[Strategy]:
    """What is tried without measuring, best first."""
    try:
        yield Tile.of(shapes(contraction_of(func), host(), threads)[0])
    except Refusal as why:
        log.debug("no register tile: %s", why)
    yield Rules(threads=threads)
    yield Rules(threads=threads, rows=False)


def _measured(
    func: tirx.PrimFunc,
    how: Effort,
    database: Database | None,
    threads: int,
    first: Scheduled,
    builds: Path,
) -> Scheduled:
    """What the database knows, or else what a search finds."""
    # MetaSchedule comes with these; effort none does not wait for it.
    from hpctc.lower.cpu.ship import Shipyard
    from hpctc.lower.cpu.tune import tune

    signature = host().signature
    hints: list[Strategy] = []
    if database is not None:
        if known := database.find(func, signature, threads, how.trials):
            return rebuild(func, known.schedule)
        hints = [read(t) for t in database.relatives(func, signature, threads)[:2]]
    try:
        best = tune(func, read(first.text), how, Shipyard(builds), threads, hints)
    except RuntimeError as problem:
        log.warning("not tuned: %s", problem)
        return first
    if database is not None:
        exact, family = keys(func)
        database.add(
            Tuned.make(
                function=exact,
                family=family,
                host=signature,
                threads=threads,
                schedule=str(best.strategy),
                ns=best.ns,
                trials=how.trials,
            )
        )
    return Scheduled(best.func, str(best.strategy))
