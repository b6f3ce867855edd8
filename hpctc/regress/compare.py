"""Two recorded runs: each measured its candidates beside the same baseline.

A task's change is the ratio of two speedups, so the host's speed cancels out. A run starts both
sides of a timing anew several times, and these starts are the measurements: their scatter holds
what calls of one process cannot show. What two runs differ by beyond that (the hour, the
neighbours) is measured where both hold the same C for a task, and else assumed (:data:`DRIFT`). A
run of old that started each side once knows nothing of its starts: :data:`RESTART` is assumed.

The same C under the same compiler is not slower than itself, whatever the clock says: such a task
is ``same``, and shows the noise.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.core.records import Build, Candidate, Score, Timing, Verdict
from hpctc.core.run import About, read_about, read_stage
from hpctc.regress.clocks import taken
from hpctc.regress.judge import CONFIDENCE, Change, Comparison, judge
from hpctc.regress.location import Located, known, total
from hpctc.score import Estimate, median, ratios, resampled

Key = tuple[str, int]
"""A task's name and a sample."""

MUST_AGREE = ("suite_id", "threads", "compiler", "flags", "seeds", "distributions")
RECORDED_MUST_AGREE = ("baseline",)
"""In addition, where recorded times are compared."""
HOST_MUST_AGREE = ("cpu", "cores", "machine")

FEWEST_STARTS = 4
"""From which their scatter is known."""

DRIFT = 0.005
"""Standard deviation of the logarithm of a speedup from one run to the next, beyond what the starts
of either show, where nobody measured it."""

RESTART = 0.01
"""The same from one start to the next, for runs with fewer starts. With it a single changed task
needs a loss of some 7 % to be called slower, and is never cleared at 3 %: that takes controls,
starts, or ``--live``."""

CALM = 0.0025
"""The least that is believed of either, however well the controls agree."""

FEWEST_CONTROLS = 5
"""Tasks with the same C in both runs from which the noise between runs is estimated."""


@dataclass(frozen=True)
class Speed:
    """The logarithm of a sample's speedup."""

    located: Located
    """By the starts, or by the pairs of the only one."""
    has_starts: bool

    @property
    def middle(self) -> float:
        """Of the figure alone."""
        return self.located.middle


@dataclass(frozen=True)
class Measured:
    """One sample of a run: its score, its C, and its speed if it was timed."""

    score: Score
    source: str | None
    speed: Speed | None


@dataclass(frozen=True)
class Conditions:
    """What two runs are compared under."""

    threshold: float
    same_compiler: bool = True
    """Whether the same C became the same program."""
    stray: float | None = None
    """Standard deviation of a run's speed beyond its own error, as the controls show it; None:
    there are too few."""
    among: int = 1
    """How many tasks are judged by their speed."""

    def between(self, run: Speed) -> Located:
        """The error of a run that it cannot see itself."""
        assumed = DRIFT if run.has_starts else RESTART
        return known((assumed if self.stray is None else self.stray) ** 2)


def compare(before: Path, after: Path, threshold: float, force: bool = False) -> Comparison:
    """Compare two run folders; runs that cannot be compared are refused unless forced."""
    old_about, new_about = read_about(before), read_about(after)
    refuse(before, after, disagreements(old_about, new_about), force)
    old, new = measured(before), measured(after)
    shared = in_common(before, after, old, new)
    same = same_compiler(old_about, new_about)
    changed = [k for k in timed_in_both(old, new) if not is_same_code(old[k], new[k], same)]
    how = Conditions(threshold, same, stray(old, new) if same else None, len(changed))
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
        speed = speed_of(timing) if timed and timing else None
        found[score.name, score.sample] = Measured(score, sources.get(score.of), speed)
    return found


def speed_of(timing: Timing) -> Speed:
    """What the raw times of one sample say, each start by its median ratio."""
    starts = taken(timing)
    if len(starts.logs) >= FEWEST_STARTS:
        return Speed(starts.located, has_starts=True)
    logs = np.log(ratios(timing.candidate_ns, timing.baseline_ns))
    variance = float(np.var(resampled(logs, median)))
    return Speed(Located(float(np.median(logs)), variance, max(len(logs) - 1, 1)), False)


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
    if old.speed is None or new.speed is None:
        return Change(name, "cannot tell", detail="it was not timed in both")
    if is_same_code(old, new, how.same_compiler):
        clock = math.exp(new.speed.middle - old.speed.middle)
        return Change(name, "same", detail=f"the same C; the clock says {clock:.2f}x")
    found = _difference(old.speed, new.speed, how)
    return Change(name, *judge(found, how.threshold, 1.0 - CONFIDENCE, how.among))


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


def stray(old: Mapping[Key, Measured], new: Mapping[Key, Measured]) -> float | None:
    """How far the speed of the same code strays from run to run, beyond what a run knows of itself.

    A standard deviation, by the median absolute deviation, so that one disturbed task does not make
    the gate blind; None: too few tasks show it.
    """
    controls = [
        (a, b)
        for key, a, b in _speeds(old, new)
        if is_same_code(old[key], new[key], same_compiler=True)
    ]
    if len(controls) < FEWEST_CONTROLS:
        return None
    # 1.4826 makes it a standard deviation; a difference has the noise of two runs.
    strays = 1.4826 * float(np.median([abs(b.middle - a.middle) for a, b in controls]))
    own = float(np.median([a.located.variance + b.located.variance for a, b in controls]))
    return max(CALM, math.sqrt(max(strays**2 - own, 0.0) / 2))


def whole(
    old: Mapping[Key, Measured], new: Mapping[Key, Measured], how: Conditions
) -> Change | None:
    """The geometric mean of the changes of what was timed in both; the tasks are taken as given."""
    both = list(_speeds(old, new))
    if not both:
        return None
    changed = [
        _difference(a, b, how)
        for key, a, b in both
        if not is_same_code(old[key], new[key], how.same_compiler)
    ]
    if not changed:
        return Change("all", "same", Estimate(1.0, 1.0, 1.0), "the same C in all tasks")
    # What is the same code has not changed: it counts as 1, without noise.
    mean = total(changed).times(1.0 / len(both))
    return Change("all", *judge(mean, how.threshold, 1.0 - CONFIDENCE, 1))


def timed_in_both(old: Mapping[Key, Measured], new: Mapping[Key, Measured]) -> list[Key]:
    """The samples whose speeds can be compared."""
    return [key for key, _, _ in _speeds(old, new)]


def _speeds(
    old: Mapping[Key, Measured], new: Mapping[Key, Measured]
) -> Iterator[tuple[Key, Speed, Speed]]:
    for key, before in old.items():
        after = new.get(key)
        if before.speed is not None and after is not None and after.speed is not None:
            yield key, before.speed, after.speed


def _difference(old: Speed, new: Speed, how: Conditions) -> Located:
    """The change of the logarithm of the speedup, with all that is known of its error."""
    errors = (how.between(old), how.between(new))
    return total([new.located, old.located.times(-1.0), *errors])
