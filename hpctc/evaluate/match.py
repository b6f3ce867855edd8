"""A candidate beside the rungs of the ladder: called in turns, watched in every call.

All sides are loaded, each in a child of its own on the same cores, and called in the order
A B C C B A, each round on inputs that none has seen. The outputs of these very calls are compared:
where the candidate's differ from the first rung's, the float64 meaning decides.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from hpctc.core.records import Scene, VerdictClass
from hpctc.evaluate.cases import Case, rolled, shifts
from hpctc.evaluate.compare import difference
from hpctc.evaluate.verify import compared
from hpctc.native.call import Array
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.process import Called, Ended

FEWEST_ROUNDS = 10
MOST_ROUNDS = 400
WARM_UP = 2
"""Rounds before those that count; the rungs show in them that they are right."""
COLD_ROUNDS = 6
HOPELESS = 3.0
"""A rung that takes so many times as long as the candidate, and most of the time, rests after a few
rounds: its place on the ladder is known, and the others need the time."""
HOPELESS_ROUNDS = 4
TIGHT = 0.01
"""The half-width of the interval of every ratio, relative, at which more is not worth it."""
GRACE_NS = 200_000
"""What a call may compute outside what its clock shows: waking up, and the way to the reply."""


class Side(Protocol):
    """Who is called: a library in the jail, or a framework beside it."""

    @property
    def outputs(self) -> Arena:
        """What the last call left."""

    def call(self, values: Sequence[Array], turn: int, cold: bool = False) -> Called | Ended:
        """One call on these inputs; ``cold``: no cache holds an array when it begins."""


@dataclass
class Series:
    """The calls of one candidate and its rungs: entry i is of round i, for as long as it ran."""

    candidate: list[Called] = field(default_factory=list)
    rungs: dict[str, list[Called]] = field(default_factory=dict)

    def add(self, candidate: Called, rungs: Mapping[str, Called]) -> None:
        """One more round of the candidate and of the rungs that still take part."""
        self.candidate.append(candidate)
        for name, called in rungs.items():
            self.rungs.setdefault(name, []).append(called)

    def is_tight(self) -> bool:
        """Whether the interval of the ratio to every rung that still takes part is narrow."""
        count = len(self.candidate)
        return all(_tight(self.candidate, c) for c in self.rungs.values() if len(c) == count)

    def hopeless(self, seconds: float) -> list[str]:
        """Rungs that are far behind and have had half of the time for themselves."""
        found = []
        for name, column in self.rungs.items():
            if len(column) >= HOPELESS_ROUNDS:
                mine = sum(c.child_ns for c in self.candidate[: len(column)])
                theirs = sum(c.child_ns for c in column)
                if theirs > HOPELESS * mine and theirs > 0.5e9 * seconds:
                    found.append(name)
        return found

    def forged(self, cores: int) -> str:
        """Why the candidate's clock cannot be believed; empty: it can.

        On so many cores nothing computes longer than their number times the time that goes by;
        what a call computed the kernel knows. That holds on a busy host too, where the time that
        went by for the parent says little.
        """
        hidden = [c for c in self.candidate if c.cpu_ns / cores > 1.1 * c.child_ns + GRACE_NS]
        if 4 * len(hidden) <= len(self.candidate):
            return ""
        told, spent = hidden[0].child_ns / 1e6, hidden[0].cpu_ns / 1e6
        return f"impossible: it claims {told:.3f} ms for a call that computed for {spent:.3f} ms"


def _tight(mine: Sequence[Called], theirs: Sequence[Called]) -> bool:
    """Whether the 95 % interval of the median ratio is narrow (by order statistics)."""
    count = len(mine)
    logs = np.sort(
        [np.log(max(b.child_ns, 1) / max(c.child_ns, 1)) for c, b in zip(mine, theirs, strict=True)]
    )
    reach = 0.98 * np.sqrt(count)  # 1.96 standard deviations of Binomial(count, 1/2)
    low, high = int(np.floor(count / 2 - reach)), int(np.ceil(count / 2 + reach))
    return low >= 0 and high < count and bool(logs[high] - logs[low] < 2 * TIGHT)


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

    def play(self, base: Sequence[Array], seconds: float) -> Outcome:
        """Rounds that count until tight, out of time, or wrong; then some with cold caches."""
        self._calls: list[str] = []
        self._sides = dict(self.rungs)
        self._dropped: dict[str, str] = {}
        warm, cold = Series(), Series()
        deadline = time.monotonic() + seconds
        inputs = self._inputs(base)
        try:
            for turn in range(-WARM_UP, 0):
                self._round(next(inputs), turn)
            for turn in range(MOST_ROUNDS):
                warm.add(*self._round(next(inputs), turn))
                # Only whole rounds A B B A, so that neither side goes first more often.
                if turn % 2 == 0:
                    continue
                self._rest(warm.hopeless(seconds))
                if turn + 1 >= FEWEST_ROUNDS and (time.monotonic() > deadline or warm.is_tight()):
                    break
            for turn in range(self.cold_rounds if seconds else 0):
                cold.add(*self._round(next(inputs), turn, cold=True))
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

    def _inputs(self, base: Sequence[Array]) -> Iterator[list[Array]]:
        # Unpredictable on purpose: a candidate must not know the inputs of its next call.
        random = np.random.default_rng()
        while True:
            moved = shifts(base, random)
            self._calls.append(f"{self.case}, rolled {' '.join(map(str, moved))}".rstrip())
            yield rolled(base, moved)

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
        difference(tensor.name, got, expected, 2 * tolerance).wrong
        for tensor, got, expected in zip(mine.tensors, mine.arrays, theirs.arrays, strict=True)
    )
