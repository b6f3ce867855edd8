"""A candidate beside the rungs of the ladder: called in turns, watched in every call.

All sides are loaded, each in a child of its own on the same cores, and called in the order
A B C C B A, each round on inputs that none has seen. The outputs of these very calls are compared:
where the candidate's differ from the first rung's, the float64 meaning decides.

One process of a program is a little faster than the next: its pages lie elsewhere, its threads got
to their cores in another order. However often one process is called, that cannot be seen. So all
sides are started anew several times, and it is the starts that are the independent measurements
(Georges et al., *Statistically Rigorous Java Performance Evaluation*, 2007; Kalibera and Jones,
*Rigorous Benchmarking in Reasonable Time*, 2013).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from hpctc.core.records import Scene, VerdictClass
from hpctc.evaluate.cases import Case, rolled, shifts
from hpctc.evaluate.compare import difference, surely_near
from hpctc.evaluate.series import Series
from hpctc.evaluate.verify import compared
from hpctc.native.call import Array
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.process import Called, Ended

FEWEST_ROUNDS = 10
"""Of the first start: what stops working after some calls is to be found."""
MOST_ROUNDS = 400
SHORTEST = 4
"""Rounds of a later start, while there is time; then one A B C C B A."""
STARTS = (8, 40)
"""How often all sides are started: at the least, whatever the time, and at the most."""
WARM_UP = 2
"""Rounds before those that count; the rungs show in them that they are right."""
REWARM = 1
"""Of a later start: what is right was shown; pages are there and threads are awake after one."""
COLD_ROUNDS = 6


class Side(Protocol):
    """Who is called: a library in the jail, or a framework beside it."""

    @property
    def outputs(self) -> Arena:
        """What the last call left."""

    def call(self, values: Sequence[Array], turn: int, cold: bool = False) -> Called | Ended:
        """One call on these inputs; ``cold``: no cache holds an array when it begins."""

    def restart(self) -> None:
        """End the process and start another one; a side that takes too long for that stays."""


@dataclass(frozen=True)
class Outcome:
    """What a match gave: times, or why they are not to be used."""

    series: Series
    cold: Series = field(default_factory=Series)
    verdict: VerdictClass = "correct"
    problem: str = ""
    scene: Scene | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Rungs that were not right or ended, and why."""


class _Stopped(Exception):
    """A match ends early; what is known of it."""

    def __init__(self, verdict: VerdictClass, problem: str) -> None:
        self.verdict = verdict
        self.problem = problem


@dataclass
class Match:
    """Candidate against rungs until the ratios are known well enough."""

    candidate: Side
    rungs: Mapping[str, Side]
    """The first one is the yardstick of outputs; without it nothing is known."""
    decide: Callable[[Sequence[Array]], Case]
    """What is right on given inputs; slow, so it is asked only where outputs differ."""
    tolerance: float
    cores: int
    case: str = "seed 1, uniform"
    """Where the inputs come from that are rolled anew for every round."""
    cold_rounds: int = COLD_ROUNDS
    starts: tuple[int, int] = STARTS
    """How often all sides are started, at the least and at the most."""

    def play(self, base: Sequence[Array], seconds: float) -> Outcome:
        """Rounds that count until tight, out of time, or wrong; then some with cold caches."""
        self._base = base
        self._sides = dict(self.rungs)
        self._dropped: dict[str, str] = {}
        warm, cold = Series(), Series()
        self._deadline = time.monotonic() + seconds
        try:
            for start in range(self.starts[1]):
                self._start(start, warm, seconds)
                over = time.monotonic() > self._deadline or len(warm.candidate) >= MOST_ROUNDS
                if start + 1 >= self.starts[0] and (over or warm.is_tight()):
                    break
            for turn in range(self.cold_rounds if seconds else 0):
                cold.add(*self._round(next(self._inputs), turn, cold=True))
        except _Stopped as stopped:
            scene = Scene(
                tier="timed calls",
                calls=tuple(self._calls),
                threads=self.cores,
                tolerance=self.tolerance,
            )
            blamed = scene if stopped.verdict != "correct" else None
            return Outcome(warm, cold, stopped.verdict, stopped.problem, blamed, self._dropped)
        for name in self._dropped:  # what a rung did before it failed is no column
            warm.rungs.pop(name, None)
        return Outcome(warm, cold, "correct", warm.forged(self.cores), None, self._dropped)

    def _start(self, start: int, warm: Series, seconds: float) -> None:
        """One life of the processes: warm up, then rounds for as long as the start is worth."""
        began = time.monotonic()
        self._calls: list[str] = []
        self._inputs = self._fresh_inputs()
        if start:
            for side in (self.candidate, *self._sides.values()):
                side.restart()
        for turn in range(-(REWARM if start else WARM_UP), 0):
            self._round(next(self._inputs), turn)
        warm.begin()
        ready = time.monotonic()
        # Half of the time, at the least, goes into calls that count, and all of it is used: the
        # median of four calls strays more than one start does from the next.
        worth = max(ready + (ready - began), began + seconds / self.starts[1])
        for turn in range(MOST_ROUNDS):
            warm.add(*self._round(next(self._inputs), turn))
            # Only whole rounds A B B A, so that neither side goes first more often.
            if turn % 2:
                self._rest(warm.hopeless(seconds))
                if self._enough(start, turn + 1, warm, worth):
                    break

    def _enough(self, start: int, rounds: int, warm: Series, worth: float) -> bool:
        """Whether a start has played its rounds."""
        now = time.monotonic()
        if start:
            return now > self._deadline or (rounds >= SHORTEST and now > worth)
        if self.starts[1] > 1:
            return rounds >= FEWEST_ROUNDS
        return rounds >= FEWEST_ROUNDS and (now > self._deadline or warm.is_tight())

    def _fresh_inputs(self) -> Iterator[list[Array]]:
        # Unpredictable on purpose: a candidate must not know the inputs of its next call.
        random = np.random.default_rng()
        while True:
            moved = shifts(self._base, random)
            self._calls.append(f"{self.case}, rolled {' '.join(map(str, moved))}".rstrip())
            yield rolled(self._base, moved)

    def _round(
        self, values: Sequence[Array], turn: int, cold: bool = False
    ) -> tuple[Called, dict[str, Called]]:
        """Call all sides once and look at what they left."""
        sides = [("", self.candidate), *self._sides.items()]
        found = {
            n: s.call(values, turn, cold) for n, s in (sides if turn % 2 == 0 else sides[::-1])
        }
        mine = found.pop("")
        self._watch_rungs(found, values, proving=turn < 0)
        if isinstance(mine, Ended):
            raise _Stopped(mine.failure, f"in a timed call: {mine.detail}")
        if (where := self.candidate.outputs.trespass()) is not None:
            raise _Stopped("out-of-bounds", f"in a timed call {where}")
        yardstick = next(iter(self._sides.values()))
        if _differ(self.candidate.outputs, yardstick.outputs, self.tolerance):
            finding = compared(self.candidate.outputs, self._decided(values))
            if finding.verdict != "correct":
                raise _Stopped("wrong", finding.detail)
        return mine, {n: c for n, c in found.items() if isinstance(c, Called) and n in self._sides}

    def _watch_rungs(
        self, found: Mapping[str, Called | Ended], values: Sequence[Array], proving: bool
    ) -> None:
        """Drop the rungs that ended or, while they are to prove themselves, are not right."""
        first = next(iter(self._sides))
        for name, called in found.items():
            if isinstance(called, Ended):
                if name == first:
                    raise _Stopped("correct", f"the {name} {called.failure}: {called.detail}")
                self._drop(name, f"it {called.failure}: {called.detail}")
            elif proving and name != first:
                outputs = self._sides[name].outputs
                if _differ(outputs, self._sides[first].outputs, self.tolerance):
                    finding = compared(outputs, self._decided(values))
                    if finding.verdict != "correct":
                        self._drop(name, f"its answer is {finding.verdict}: {finding.detail}")

    def _decided(self, values: Sequence[Array]) -> Case:
        """What is right, at least as loosely as where the candidate was checked."""
        case = self.decide(values)
        allowed = max(case.right.tolerance, self.tolerance)
        return replace(case, right=replace(case.right, tolerance=allowed))

    def _rest(self, names: Sequence[str]) -> None:
        """Call these no more, and keep what they showed; never the yardstick."""
        for name in names:
            if name in self._sides and name != next(iter(self._sides)):
                del self._sides[name]

    def _drop(self, name: str, why: str) -> None:
        self._dropped[name] = why
        del self._sides[name]


def _differ(mine: Arena, theirs: Arena, tolerance: float) -> bool:
    """Whether the outputs of two sides lie further apart than two right ones can."""
    return any(
        not surely_near(got, expected, 2 * tolerance)
        and difference(tensor.name, got, expected, 2 * tolerance).wrong
        for tensor, got, expected in zip(mine.tensors, mine.arrays, theirs.arrays, strict=True)
    )
