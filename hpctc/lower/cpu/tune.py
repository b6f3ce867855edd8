"""The measured choice: the rules' schedule defends its place against candidates, one at a time.

The first candidates are what the database knows of functions of the same family, then other
register tiles or other settings of the rules, then, where there are trials left, MetaSchedule.
Every candidate runs alternately with the best one so far, in a child.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from pathlib import Path

from tvm import tirx

from hpctc.lower.cpu.host import host
from hpctc.lower.cpu.meta import Search, search
from hpctc.lower.cpu.refusal import REFUSALS, Refusal
from hpctc.lower.cpu.ship import Shipyard, signature
from hpctc.lower.cpu.space import shapes
from hpctc.lower.cpu.strategy import Plain, Rules, Strategy, Tile, Trace
from hpctc.lower.cpu.template import contraction_of
from hpctc.lower.cpu.tile import Shape
from hpctc.lower.effort import Effort
from hpctc.native.race import Failure, Program, Samples, Setup, compare

log = logging.getLogger(__name__)

BETTER = 0.97
"""A candidate replaces the best one if its paired time ratio is below this: noise is not a win."""

SEARCH_MIN = 16
"""MetaSchedule learns nothing from fewer trials."""

SECONDS_A_TRIAL = 3.0
"""What a trial of MetaSchedule takes on two cores, gcc included."""


@dataclass(frozen=True)
class Best:
    """The winner of a search and its time per call."""

    strategy: Strategy
    func: tirx.PrimFunc
    ns: float | None
    """Nanoseconds a call; None where only the winner could be run in time."""
    measured: int


class Contest:
    """Holds the best schedule so far and lets candidates try to beat it."""

    def __init__(self, func: tirx.PrimFunc, first: Strategy, yard: Shipyard, how: Setup) -> None:
        """Build the unscheduled function and the defender; raises RuntimeError if that fails."""
        self.func = func
        self.yard = yard
        self.how = how
        self.known = signature(func)
        self.measured = 0
        plain = yard.build(func)
        if isinstance(plain, str):
            raise RuntimeError(f"the unscheduled function does not compile: {plain}")
        self.plain = plain
        self.seen: set[str | Path] = {str(Plain()), str(first), plain.library}
        self.best: tuple[Strategy, tirx.PrimFunc, Program] = (Plain(), func, plain)
        self.ns: float | None = None
        self._seat(first)

    def _seat(self, first: Strategy) -> None:
        """Let ``first`` defend unless the unscheduled function is faster or disagrees."""
        func = first.apply(self.func)
        program = self.yard.build(func)
        if isinstance(program, str):
            return
        if program.library in self.seen:
            self.best = (first, func, self.plain)
            return
        self.seen.add(program.library)
        self.measured += 1
        taken = self._race(self.plain, program)
        if isinstance(taken, Failure) and not taken.late:
            log.warning("%s is out: %s", first, taken.reason)
        elif isinstance(taken, Failure) or taken.ratio(1) * BETTER <= 1:
            self.best = (first, func, program)
            self.ns = None if isinstance(taken, Failure) else taken.median(1)

    def meet(self, candidate: Strategy) -> bool:
        """Measure a candidate against the best; whether it is the new best."""
        if str(candidate) in self.seen:
            return False
        self.seen.add(str(candidate))
        try:
            func = candidate.apply(self.func)
            program = self.yard.build(func)
        except REFUSALS as problem:
            log.debug("%s does not fit: %s", candidate, problem)
            return False
        if isinstance(program, str):
            log.debug("%s does not compile: %s", candidate, program)
            return False
        if program.library in self.seen:  # another text, the same C
            return False
        self.seen.add(program.library)
        self.measured += 1
        taken = self._race(self.best[2], program)
        if isinstance(taken, Failure):
            log.info("%s is out: %s", candidate, taken.reason)
            return False
        self.ns = taken.median(0)
        if taken.ratio(1) >= BETTER:
            return False
        log.info("%s takes the lead, %.3g of the time", candidate, taken.ratio(1))
        self.best = (candidate, func, program)
        self.ns = taken.median(1)
        return True

    def _race(self, *programs: Program) -> Samples | Failure:
        return compare(programs, self.known.inputs, self.known.outputs, self.how)

    def result(self) -> Best:
        """The best schedule, verified once more against the unscheduled function."""
        strategy, func, program = self.best
        once = replace(self.how, samples=3, seconds=0.0, limit=4 * self.how.limit)
        taken = compare([self.plain, program], self.known.inputs, self.known.outputs, once)
        if isinstance(taken, Failure) and taken.late:
            log.warning("%s is not verified: the unscheduled function %s", strategy, taken.reason)
        elif isinstance(taken, Failure):
            log.warning("%s is out: %s", strategy, taken.reason)
            return Best(Plain(), self.func, None, self.measured)
        elif self.ns is None:
            self.ns = taken.median(1)
        return Best(strategy, func, self.ns, self.measured)


def tune(
    func: tirx.PrimFunc,
    first: Strategy,
    effort: Effort,
    yard: Shipyard,
    threads: int,
    hints: Iterable[Strategy] = (),
) -> Best:
    """Search within ``effort``, starting from ``first`` and the ``hints``."""
    setup = Setup(threads=threads, seconds=0.4)
    contest = Contest(func, first, yard, setup)
    end = time.monotonic() + effort.seconds
    candidates = chain(hints, neighbours(func, threads))
    for candidate in candidates:
        if contest.measured > effort.trials or time.monotonic() > end:
            return contest.result()
        contest.meet(candidate)
    affordable = round((end - time.monotonic()) / SECONDS_A_TRIAL)
    left = min(effort.trials - contest.measured, affordable)
    if left >= SEARCH_MIN:
        trace = search(func, Search(left, threads, yard, setup))
        if trace is not None:
            contest.meet(Trace(trace))
    return contest.result()


def neighbours(func: tirx.PrimFunc, threads: int) -> Iterator[Strategy]:
    """Other points of the template's space, then other settings of the rules."""
    try:
        space: list[Shape] = shapes(contraction_of(func), host(), threads)
    except Refusal:
        space = []
    tiles = (Tile.of(shape) for shape in _spread(space))
    yield from islice(tiles, 6)
    for count in dict.fromkeys((threads, 1)):
        for tile in (64, 256, 16):
            yield Rules(threads=count, tile=tile)
        yield Rules(threads=count, rows=False)
    yield from tiles


def _spread(space: Iterable[Shape]) -> Iterator[Shape]:
    """Good guesses that differ: the best of every kind of tile, then the second best, and so on."""
    kinds: dict[tuple[object, ...], list[Shape]] = {}
    for shape in space:
        kinds.setdefault((shape.axis, shape.vectors, shape.pack), []).append(shape)
    for rank in zip_longest(*kinds.values()):
        yield from (shape for shape in rank if shape is not None)
