"""How long a correct candidate takes beside the rungs of the baseline ladder.

One :class:`~hpctc.evaluate.match.Match` for every number of threads: the candidate and all rungs
are called in turns on the same cores. The time recorded is the runner's; the kernel's processor
clock has to agree with it. What is recorded is raw, a record a rung; the figures are made in
:mod:`hpctc.score`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hpctc.core.records import Pair, Timing, Verdict
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Attempt, Bench
from hpctc.evaluate.cases import case, inputs_of
from hpctc.evaluate.match import Match, Outcome, Side
from hpctc.evaluate.rung import Rung
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.series import Series, busy
from hpctc.native.host import facts

MARGIN = 1.1
"""A time this much below the floor is impossible, not noise."""


@dataclass(frozen=True)
class How:
    """What candidates are timed against, and for how long."""

    rungs: Callable[[Pair], Sequence[Rung]]
    """The ladder of a pair, the same names in the same order for all pairs."""
    threads: Sequence[int]
    """One match for each number."""
    seconds: float
    """For one match."""
    floor_ns: Callable[[Pair, int], float | None] = lambda _pair, _threads: None
    """The least time that the host's roofline allows a pair on so many threads, if it is known."""


def time_all(
    attempts: Iterable[tuple[Attempt, Verdict]], suite: Suite, bench: Bench, how: How
) -> Iterator[Timing]:
    """A record a number of threads and rung for every correct attempt, one after the other."""
    for attempt, verdict in attempts:
        if verdict.verdict == "correct":
            ladder = how.rungs(attempt.task.pair)
            for threads in how.threads:
                began = {**facts(), **state()}
                at = bench.at(threads)
                outcome = _time(attempt, verdict.tolerance or 0.0, suite, at, (how, ladder))
                yield from _records(attempt, verdict, outcome, (how, ladder, threads, began))


def _time(
    attempt: Attempt,
    tolerance: float,
    suite: Suite,
    bench: Bench,
    asked: tuple[How, Sequence[Rung]],
) -> Outcome:
    how, ladder = asked
    pair = attempt.task.pair
    candidate = bench.compile(attempt.candidate.source or "").library
    if candidate is None:
        problem = "it was built before, and cannot be built again"
        return Outcome(Series(), verdict="not built", problem=problem)
    seed, distribution = suite.seeds[0], suite.distributions[0]
    with ExitStack() as opened:
        sides, missing = _sides(ladder, pair, bench, opened)
        if not sides:
            problem = f"there is nothing to time it against: {'; '.join(missing.values())}"
            return Outcome(Series(), problem=problem, dropped=missing)
        match = Match(
            opened.enter_context(Seat(bench.setup, candidate, pair)),
            sides,
            lambda values: case(pair, values, "a timed call"),
            tolerance,
            len(bench.setup.cores),
            f"seed {seed}, {distribution}",
        )
        outcome = match.play(inputs_of(pair, seed, distribution), how.seconds)
    return Outcome(
        outcome.series,
        outcome.cold,
        outcome.verdict,
        outcome.problem,
        outcome.scene,
        {**missing, **outcome.dropped},
    )


def _sides(
    ladder: Sequence[Rung], pair: Pair, bench: Bench, opened: ExitStack
) -> tuple[dict[str, Side], dict[str, str]]:
    """The rungs that this pair has, each in a child; and why the others are absent."""
    sides: dict[str, Side] = {}
    missing: dict[str, str] = {}
    for rung in ladder:
        side = rung.open(pair, bench, opened)
        if isinstance(side, str):
            missing[rung.name] = side
        else:
            sides[rung.name] = side
    return sides, missing


def _records(
    attempt: Attempt,
    verdict: Verdict,
    outcome: Outcome,
    asked: tuple[How, Sequence[Rung], int, Mapping[str, str]],
) -> Iterator[Timing]:
    how, ladder, threads, began = asked
    mine = tuple(c.child_ns for c in outcome.series.candidate)
    cold = tuple(c.child_ns for c in outcome.cold.candidate)
    share = _share(mine, how.floor_ns(attempt.task.pair, threads))
    for rung in ladder:
        column = outcome.series.rungs.get(rung.name, [])
        cold_column = outcome.cold.rungs.get(rung.name, [])
        count, few = len(column), len(cold_column)
        yield Timing.make(
            of=verdict.id,
            baseline=rung.name,
            threads=threads,
            candidate_ns=mine[:count],
            baseline_ns=tuple(c.child_ns for c in column),
            starts=_cut(outcome.series.starts, count),
            candidate_busy_ns=busy(outcome.series.candidate[:count]),
            baseline_busy_ns=busy(column),
            host=began,
            verdict=outcome.verdict,
            problem=outcome.problem,
            absent=outcome.dropped.get(rung.name, ""),
            cold_candidate_ns=cold[:few],
            cold_baseline_ns=tuple(c.child_ns for c in cold_column),
            roof_share=share,
            suspicious=_suspicious(share),
            scene=outcome.scene,
        )


def _cut(starts: Sequence[int], count: int) -> tuple[int, ...]:
    """The starts of the first ``count`` rounds: a rung may rest before the others."""
    found, left = [], count
    for rounds in starts:
        found.append(min(rounds, left))
        left -= found[-1]
    return tuple(n for n in found if n)


def _share(times: Sequence[int], floor: float | None) -> float | None:
    if floor is None or not times:
        return None
    return float(f"{floor / max(median(times), 1):.4g}")


def _suspicious(share: float | None) -> str:
    if share is None or share <= MARGIN:
        return ""
    return f"it takes 1/{share:.3g} of the least time that this host's roofline allows"


def state() -> Mapping[str, str]:
    """What of this host changes from minute to minute and bears on a time."""
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    found = {"load": f"{os.getloadavg()[0]:.2f}"}
    if governor.is_file():
        found["governor"] = governor.read_text(encoding="utf-8").strip()
    return found
