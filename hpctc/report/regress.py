"""The regression gate: is a run faster than another, slower, or can nobody tell?

Each run measured its candidates beside the same baseline, so a task's change is the ratio of two
speedups: the host's speed cancels out. Its interval is a bootstrap over the raw pairs of both runs
(99 %, as there are many tasks; 95 % for the whole). A change counts when the interval lies beyond
the threshold on one side; when it reaches over it, the answer is *cannot tell*.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.core.records import Score, Timing
from hpctc.core.run import About, read_about, read_stage
from hpctc.score import SEED, Estimate, median, ratios, resampled

Answer = Literal["faster", "slower", "same", "cannot tell", "newly wrong", "newly right"]

Array = np.ndarray[Any, np.dtype[np.float64]]

MUST_AGREE = ("suite_id", "threads", "compiler", "flags", "baseline", "seeds", "distributions")
HOST_MUST_AGREE = ("cpu", "cores", "machine")

TASK_CONFIDENCE = 0.99
WHOLE_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one task's sample, or of the whole."""

    name: str
    answer: Answer
    ratio: Estimate | None = None
    """New speedup over old speedup; above 1 is faster. None: one of the two was not timed."""
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """The changes of all samples that both runs have, and of the whole."""

    changes: tuple[Change, ...]
    whole: Change | None
    """None: no sample was timed in both."""
    threshold: float

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regression, 3 cannot tell."""
        answers = [c.answer for c in (*self.changes, *([self.whole] if self.whole else []))]
        if "slower" in answers or "newly wrong" in answers:
            return 1
        return 3 if "cannot tell" in answers or self.whole is None else 0


@dataclass(frozen=True)
class Measured:
    """One sample of a run: its score, and its raw ratios as logarithms if it was timed."""

    score: Score
    logs: Array | None


def compare(before: Path, after: Path, threshold: float, force: bool = False) -> Comparison:
    """Compare two run folders; runs that cannot be compared are refused unless forced."""
    reasons = disagreements(read_about(before), read_about(after))
    if reasons and not force:
        raise UsageError(
            f"{before} and {after} cannot be compared: {'; '.join(reasons)}",
            "make both under the same conditions, or say --force and read the result with care",
        )
    old, new = measured(before), measured(after)
    if not (shared := [key for key in old if key in new]):
        raise UsageError(f"{before} and {after} have no task in common")
    changes = [change(old[key], new[key], threshold) for key in shared]
    return Comparison(tuple(changes), whole(old, new, threshold), threshold)


def disagreements(before: About, after: About) -> list[str]:
    """What differs between two runs that must not."""
    found = []
    for names, old, new in (
        (MUST_AGREE, before.settings, after.settings),
        (HOST_MUST_AGREE, before.host, after.host),
    ):
        for name in names:
            if old.get(name) != new.get(name):
                found.append(
                    f"{name} is {old.get(name)!r} in one and {new.get(name)!r} in the other"
                )
    return found


def measured(folder: Path) -> dict[tuple[str, int], Measured]:
    """(Task name, sample) -> what a run measured of it."""
    timings: dict[str, Timing] = {}
    for t in read_stage(folder, "timings", Timing):
        # The first rung on the most threads: the same one in both runs, whichever was the best.
        if t.candidate_ns and (t.of not in timings or t.threads > timings[t.of].threads):
            timings[t.of] = t
    found = {}
    for score in read_stage(folder, "scores", Score):
        timing = timings.get(score.of)
        timed = timing is not None and score.speedup is not None
        logs = np.log(ratios(timing.candidate_ns, timing.baseline_ns)) if timed and timing else None
        found[score.name, score.sample] = Measured(score, logs)
    return found


def change(old: Measured, new: Measured, threshold: float) -> Change:
    """What became of one sample."""
    name = old.score.name if old.score.sample == 0 else f"{old.score.name} #{old.score.sample}"
    was, now = old.score.verdict == "correct", new.score.verdict == "correct"
    if was and not now:
        return Change(name, "newly wrong", detail=f"{new.score.verdict}: {new.score.reason}")
    if now and not was:
        return Change(name, "newly right", detail=f"it was {old.score.verdict}")
    if not now:
        return Change(name, "same", detail=f"{new.score.verdict} in both")
    if old.logs is None or new.logs is None:
        return Change(name, "cannot tell", detail="it was not timed in both")
    ratio = _estimate(_difference(old.logs, new.logs), _middle(old, new), TASK_CONFIDENCE)
    return Change(name, judge(ratio, threshold), ratio)


def whole(
    old: Mapping[tuple[str, int], Measured],
    new: Mapping[tuple[str, int], Measured],
    threshold: float,
) -> Change | None:
    """The geometric mean of the changes of what was timed in both; the tasks are taken as given."""
    both = [
        (old[key], new[key])
        for key in old
        if key in new and old[key].logs is not None and new[key].logs is not None
    ]
    if not both:
        return None
    samples = np.mean([_difference(a.logs, b.logs) for a, b in both], axis=0)
    middle = float(np.mean([_middle(a, b) for a, b in both]))
    ratio = _estimate(samples, middle, WHOLE_CONFIDENCE)
    return Change("all", judge(ratio, threshold), ratio)


def judge(ratio: Estimate, threshold: float) -> Answer:
    """The answer that an interval allows."""
    slow, fast = 1.0 - threshold, 1.0 + threshold
    if ratio.high < slow:
        return "slower"
    if ratio.low > fast:
        return "faster"
    if ratio.low >= slow:  # a gain may be there or not: it is no regression
        return "same"
    return "cannot tell"


def _difference(old: Array | None, new: Array | None) -> Array:
    """Bootstrap samples of the change of the median log ratio; the two sides independently."""
    assert old is not None
    assert new is not None
    return resampled(new, median, SEED + 1) - resampled(old, median, SEED)


def _middle(old: Measured, new: Measured) -> float:
    return float(np.median(_given(new.logs)) - np.median(_given(old.logs)))


def _estimate(samples: Array, middle: float, confidence: float) -> Estimate:
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return Estimate(math.exp(middle), math.exp(low), math.exp(high))


def _given(logs: Array | None) -> Array:
    assert logs is not None
    return logs


def order(changes: Sequence[Change]) -> list[Change]:
    """What matters first: regressions, then doubts, then gains, then the rest."""
    ranks = ("newly wrong", "slower", "cannot tell", "newly right", "faster", "same")
    return sorted(changes, key=lambda c: (ranks.index(c.answer), c.ratio.value if c.ratio else 0))
