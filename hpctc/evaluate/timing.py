"""How long a correct candidate takes beside its baseline.

Both are loaded, each in a child of its own on the same cores. They are called in the order A B B A,
each pair of calls on inputs that neither has seen; the outputs of these very calls are compared,
and where they differ the float64 meaning decides. The time recorded is the runner's; the kernel's
processor clock has to agree with it. What is recorded is raw; the figures are made in
:mod:`hpctc.score`.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hpctc.core.records import Timing, Verdict, VerdictClass
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Attempt, Bench
from hpctc.evaluate.cases import Case, case, inputs_of, rotated
from hpctc.evaluate.compare import difference
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.verify import compared
from hpctc.native.call import Array
from hpctc.native.host import facts
from hpctc.sandbox.process import Called, Ended

FEWEST_PAIRS = 10
MOST_PAIRS = 400
TIGHT = 0.01
"""The half-width of the interval of the ratio, relative, at which more pairs are not worth it."""
GRACE_NS = 200_000
"""What a call may compute outside what its clock shows: waking up, and the way to the reply."""


@dataclass
class Series:
    """What has been measured so far, one entry a pair of calls."""

    candidate: list[Called] = field(default_factory=list)
    baseline: list[Called] = field(default_factory=list)

    def is_tight(self) -> bool:
        """Whether the 95 % interval of the median ratio is narrow (by order statistics)."""
        count = len(self.candidate)
        logs = np.sort(
            [
                np.log(max(b.child_ns, 1) / max(c.child_ns, 1))
                for c, b in zip(self.candidate, self.baseline, strict=True)
            ]
        )
        reach = 0.98 * np.sqrt(count)  # 1.96 standard deviations of Binomial(count, 1/2)
        low, high = int(np.floor(count / 2 - reach)), int(np.ceil(count / 2 + reach))
        return low >= 0 and high < count and bool(logs[high] - logs[low] < 2 * TIGHT)

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


@dataclass(frozen=True)
class Outcome:
    """A series, or why it is not to be used."""

    series: Series
    verdict: VerdictClass = "correct"
    problem: str = ""


def time_all(
    attempts: Iterable[tuple[Attempt, Verdict]], suite: Suite, bench: Bench, seconds: float
) -> Iterator[Timing]:
    """One record for every correct attempt, timed one after the other; ``seconds`` for each."""
    for attempt, verdict in attempts:
        if verdict.verdict != "correct":
            continue
        began = state()
        outcome = _time(attempt, verdict.tolerance or 0.0, suite, bench, seconds)
        yield Timing.make(
            of=verdict.id,
            baseline="reference",
            threads=len(bench.setup.cores),
            candidate_ns=tuple(c.child_ns for c in outcome.series.candidate),
            baseline_ns=tuple(b.child_ns for b in outcome.series.baseline),
            host={**facts(), **began},
            verdict=outcome.verdict,
            problem=outcome.problem,
        )


def _time(
    attempt: Attempt, tolerance: float, suite: Suite, bench: Bench, seconds: float
) -> Outcome:
    pair = attempt.task.pair
    candidate = bench.compile(attempt.candidate.source or "").library
    reference = bench.compile(pair.c_code)
    if candidate is None:
        return Outcome(Series(), "not built", "it was built before, and cannot be built again")
    if reference.library is None:
        return Outcome(Series(), "correct", f"the reference does not build: {reference.log[:200]}")
    base = inputs_of(pair, suite.seeds[0], suite.distributions[0])
    with (
        Seat(bench.setup, candidate, pair) as mine,
        Seat(bench.setup, reference.library, pair) as theirs,
    ):
        match = Match(
            mine,
            theirs,
            lambda values: case(pair, values, "a timed call"),
            tolerance,
            len(bench.setup.cores),
        )
        return match.play(base, seconds)


@dataclass
class Match:
    """Candidate against baseline, A B B A, until the ratio is known well enough."""

    candidate: Seat
    baseline: Seat
    decide: Callable[[Sequence[Array]], Case]
    """What is right on some inputs; slow, and asked only where the two sides differ."""
    tolerance: float
    """What a side may be off from the meaning."""
    cores: int

    def play(self, base: Sequence[Array], seconds: float) -> Outcome:
        """Two warm-up pairs, then pairs that count until tight, out of time, or wrong."""
        # Unpredictable on purpose: a candidate must not know the inputs of its next call.
        random = np.random.default_rng()
        deadline = time.monotonic() + seconds
        series = Series()
        for turn in range(-2, MOST_PAIRS):
            values = rotated(base, random)
            first = turn % 2 == 0
            order = (self.candidate, self.baseline) if first else (self.baseline, self.candidate)
            results = [seat.call(values, turn) for seat in order]
            mine, theirs = results if first else results[::-1]
            problem = self._problem(mine, theirs, values)
            if problem is not None:
                return Outcome(series, *problem)
            assert isinstance(mine, Called)
            assert isinstance(theirs, Called)
            if turn < 0:
                continue
            series.candidate.append(mine)
            series.baseline.append(theirs)
            # Only whole rounds A B B A, so that neither side goes first more often.
            enough = turn % 2 and turn + 1 >= FEWEST_PAIRS
            if enough and (time.monotonic() > deadline or series.is_tight()):
                break
        return Outcome(series, "correct", series.forged(self.cores))

    def _problem(
        self, mine: Called | Ended, theirs: Called | Ended, values: Sequence[Array]
    ) -> tuple[VerdictClass, str] | None:
        if isinstance(theirs, Ended):
            return "correct", f"the reference {theirs.failure}: {theirs.detail}"
        if isinstance(mine, Ended):
            return mine.failure, f"in a timed call: {mine.detail}"
        if (where := self.candidate.outputs.trespass()) is not None:
            return "wrong", f"in a timed call {where}"
        if self._differ():
            finding = compared(self.candidate.outputs, self.decide(values))
            if finding.verdict != "correct":
                return "wrong", finding.detail
        return None

    def _differ(self) -> bool:
        """Whether the two sides' outputs lie further apart than two right ones can."""
        outputs = zip(
            self.candidate.outputs.tensors,
            self.candidate.outputs.arrays,
            self.baseline.outputs.arrays,
            strict=True,
        )
        return any(
            difference(tensor.name, got, expected, 2 * self.tolerance).wrong
            for tensor, got, expected in outputs
        )


def state() -> Mapping[str, str]:
    """What of this host changes from minute to minute and bears on a time."""
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    found = {"load": f"{os.getloadavg()[0]:.2f}"}
    if governor.is_file():
        found["governor"] = governor.read_text(encoding="utf-8").strip()
    return found
