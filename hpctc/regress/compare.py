"""Two recorded runs: each measured its candidates beside the same baseline.

A task's change is the ratio of two speedups, so the host's speed cancels out. Its interval is a
bootstrap over the raw pairs of both runs, widened by what the pairs of one run cannot show: the
same code, started twice, does not run at quite the same speed (where its pages lie, which core its
threads got). How much that is, is measured where both runs hold the same C for a task, and else
assumed (:data:`RESTART`).

The same C under the same compiler is not slower than itself, whatever the clock says: such a task
is ``same``, and shows the noise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.core.records import Build, Candidate, Score, Timing, Verdict
from hpctc.core.run import About, read_about, read_stage
from hpctc.regress.judge import (
    TASK_CONFIDENCE,
    WHOLE_CONFIDENCE,
    Change,
    Comparison,
    judge,
)
from hpctc.score import SEED, Estimate, median, ratios, resampled
from hpctc.score.intervals import RESAMPLES

Array = np.ndarray[Any, np.dtype[np.float64]]

Key = tuple[str, int]
"""A task's name and a sample."""

MUST_AGREE = ("suite_id", "threads", "compiler", "flags", "seeds", "distributions")
RECORDED_MUST_AGREE = ("baseline",)
"""In addition, where recorded times are compared."""
HOST_MUST_AGREE = ("cpu", "cores", "machine")

RESTART = 0.01
"""Standard deviation of the logarithm of a speedup from one start to the next, where nobody
measured it. With it a single changed task needs a loss of some 7 % to be called slower, and is
never cleared at 3 %: that takes controls, or ``--live``."""

CALM = 0.0025
"""The least that is believed of it, however well the controls agree."""

FEWEST_CONTROLS = 5
"""Tasks with the same C in both runs from which the noise of a restart is estimated."""


@dataclass(frozen=True)
class Measured:
    """One sample of a run: its score, its C, and its raw ratios as logarithms if it was timed."""

    score: Score
    source: str | None
    logs: Array | None

    @property
    def middle(self) -> float:
        """The logarithm of its speedup."""
        return float(np.median(_given(self.logs)))


@dataclass(frozen=True)
class Conditions:
    """What two runs are compared under."""

    threshold: float
    same_compiler: bool = True
    """Whether the same C became the same program."""
    restart: float = RESTART


def compare(before: Path, after: Path, threshold: float, force: bool = False) -> Comparison:
    """Compare two run folders; runs that cannot be compared are refused unless forced."""
    old_about, new_about = read_about(before), read_about(after)
    refuse(before, after, disagreements(old_about, new_about), force)
    old, new = measured(before), measured(after)
    shared = in_common(before, after, old, new)
    same = same_compiler(old_about, new_about)
    how = Conditions(threshold, same, restart(old, new) if same else RESTART)
    changes = [change(old[key], new[key], how) for key in shared]
    return Comparison(tuple(changes), whole(old, new, how), threshold)


def refuse(before: Path, after: Path, reasons: Sequence[str], force: bool) -> None:
    """Raise for runs that cannot be compared, unless forced."""
    if reasons and not force:
        raise UsageError(
            f"{before} and {after} cannot be compared: {'; '.join(reasons)}",
            "make both under the same conditions, or say --force and read the result with care",
        )


def in_common(
    before: Path, after: Path, old: Mapping[Key, Measured], new: Mapping[Key, Measured]
) -> list[Key]:
    """The samples that both runs have; none is an error."""
    if not (shared := [key for key in old if key in new]):
        raise UsageError(f"{before} and {after} have no task in common")
    return shared


def disagreements(before: About, after: About, live: bool = False) -> list[str]:
    """What differs between two runs that must not; less of it matters for a live comparison."""
    found = []
    settings = MUST_AGREE if live else (*MUST_AGREE, *RECORDED_MUST_AGREE)
    for names, old, new in (
        (settings, before.settings, after.settings),
        (() if live else HOST_MUST_AGREE, before.host, after.host),
    ):
        for name in names:
            if old.get(name) != new.get(name):
                found.append(
                    f"{name} is {old.get(name)!r} in one and {new.get(name)!r} in the other"
                )
    return found


def same_compiler(before: About, after: About) -> bool:
    """Whether both runs were built by the same version of the same compiler."""
    names = ("compiler", "flags")
    program = str(before.settings.get("compiler", "")).partition("{")[0]
    return before.versions.get(program) == after.versions.get(program) and all(
        before.settings.get(name) == after.settings.get(name) for name in names
    )


def measured(folder: Path) -> dict[Key, Measured]:
    """(Task name, sample) -> what a run measured of it."""
    timings: dict[str, Timing] = {}
    for t in read_stage(folder, "timings", Timing):
        # The first rung on the most threads: the same one in both runs, whichever was the best.
        if t.candidate_ns and (t.of not in timings or t.threads > timings[t.of].threads):
            timings[t.of] = t
    sources = _sources(folder)
    found = {}
    for score in read_stage(folder, "scores", Score):
        timing = timings.get(score.of)
        timed = timing is not None and score.speedup is not None
        logs = np.log(ratios(timing.candidate_ns, timing.baseline_ns)) if timed and timing else None
        found[score.name, score.sample] = Measured(score, sources.get(score.of), logs)
    return found


def _sources(folder: Path) -> dict[str, str | None]:
    """Verdict id -> the C that was judged."""
    source = {c.id: c.source for c in read_stage(folder, "candidates", Candidate)}
    candidate = {b.id: b.of for b in read_stage(folder, "builds", Build)}
    verdicts = read_stage(folder, "verdicts", Verdict)
    return {v.id: source.get(candidate.get(v.of, "")) for v in verdicts}


def change(old: Measured, new: Measured, how: Conditions) -> Change:
    """What became of one sample."""
    if (settled := unmeasured(old, new)) is not None:
        return settled
    name = name_of(new)
    if old.logs is None or new.logs is None:
        return Change(name, "cannot tell", detail="it was not timed in both")
    if is_same_code(old, new, how.same_compiler):
        clock = math.exp(new.middle - old.middle)
        return Change(name, "same", detail=f"the same C; the clock says {clock:.2f}x")
    samples = _difference(old, new, how.restart)
    ratio = _estimate(samples, new.middle - old.middle, TASK_CONFIDENCE)
    return Change(name, judge(ratio, how.threshold), ratio)


def unmeasured(old: Measured, new: Measured) -> Change | None:
    """The change of a sample that is not right in both runs; None: speed decides."""
    name = name_of(new)
    was, now = old.score.verdict == "correct", new.score.verdict == "correct"
    if was and not now:
        return Change(name, "newly wrong", detail=f"{new.score.verdict}: {new.score.reason}")
    if now and not was:
        return Change(name, "newly right", detail=f"it was {old.score.verdict}")
    if not now:
        return Change(name, "same", detail=f"{new.score.verdict} in both")
    return None


def name_of(sample: Measured) -> str:
    """The task, and which sample of it where that is not the first."""
    score = sample.score
    return score.name if score.sample == 0 else f"{score.name} #{score.sample}"


def is_same_code(old: Measured, new: Measured, same_compiler: bool) -> bool:
    """Whether both runs held the same program."""
    return same_compiler and old.source is not None and old.source == new.source


def restart(old: Mapping[Key, Measured], new: Mapping[Key, Measured]) -> float:
    """How far the speedup of the same code strays between the runs, as a standard deviation.

    By the median absolute deviation, so that one disturbed task does not make the gate blind.
    """
    strays = [
        new[key].middle - old[key].middle
        for key in _timed_in_both(old, new)
        if is_same_code(old[key], new[key], same_compiler=True)
    ]
    if len(strays) < FEWEST_CONTROLS:
        return RESTART
    # 1.4826 makes it a standard deviation; a difference has the noise of two starts.
    spread = 1.4826 * float(np.median(np.abs(strays))) / math.sqrt(2)
    return max(CALM, spread)


def whole(
    old: Mapping[Key, Measured], new: Mapping[Key, Measured], how: Conditions
) -> Change | None:
    """The geometric mean of the changes of what was timed in both; the tasks are taken as given."""
    both = [(old[key], new[key]) for key in _timed_in_both(old, new)]
    if not both:
        return None
    changed = [(a, b) for a, b in both if not is_same_code(a, b, how.same_compiler)]
    if not changed:
        return Change("all", "same", Estimate(1.0, 1.0, 1.0), "the same C in all tasks")
    # What is the same code has not changed: it counts as 1, without noise.
    samples = sum(_difference(a, b, how.restart, n) for n, (a, b) in enumerate(changed))
    middle = math.fsum(b.middle - a.middle for a, b in changed) / len(both)
    ratio = _estimate(np.asarray(samples) / len(both), middle, WHOLE_CONFIDENCE)
    return Change("all", judge(ratio, how.threshold), ratio)


def _timed_in_both(old: Mapping[Key, Measured], new: Mapping[Key, Measured]) -> list[Key]:
    return [
        key for key in old if key in new and old[key].logs is not None and new[key].logs is not None
    ]


def _difference(old: Measured, new: Measured, restart: float, turn: int = 0) -> Array:
    """Samples of the change of the log speedup: a bootstrap of both sides, and two restarts."""
    random = np.random.default_rng([SEED, turn])
    strays = random.normal(0.0, math.sqrt(2) * restart, RESAMPLES)
    first = SEED + 2 * turn
    return (
        resampled(_given(new.logs), median, first + 1)
        - resampled(_given(old.logs), median, first)
        + strays
    )


def _estimate(samples: Array, middle: float, confidence: float) -> Estimate:
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return Estimate(math.exp(middle), math.exp(low), math.exp(high))


def _given(logs: Array | None) -> Array:
    assert logs is not None
    return logs
