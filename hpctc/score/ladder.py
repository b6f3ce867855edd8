"""The baseline ladder: how much faster than each rung, and than the best one.

A rung is a baseline beside which a candidate was timed (``reference``, ``null``, ``rules``, ...),
one :class:`~hpctc.core.records.Timing` each. A speedup over a weak baseline says nothing, so the
headline is the one over the rung that is hardest to beat, task by task: the lowest of them. Where a
task was timed at several thread counts, the widest is the headline.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from hpctc.core.records import Timing
from hpctc.score.intervals import Estimate, geometric_mean, speedup, task_means
from hpctc.score.trail import Trail

BEST: Literal["best"] = "best"
"""The name of the best rung in a table, beside those of the rungs."""


def rungs(timings: Iterable[Timing]) -> dict[str, Estimate]:
    """Baseline -> the speedup over it on the most threads; times with a problem are left out."""
    usable = [t for t in timings if not t.problem and t.candidate_ns]
    widest = max((t.threads for t in usable), default=0)
    return {
        t.baseline: speedup(t.candidate_ns, t.baseline_ns, t.starts)
        for t in usable
        if t.threads == widest
    }


def best(found: Mapping[str, Estimate]) -> tuple[str, Estimate] | None:
    """The rung that is hardest to beat, with the speedup over it; None without any."""
    return min(found.items(), key=lambda item: item[1].value) if found else None


def ladder(trails: Sequence[Trail]) -> dict[str, Estimate]:
    """Rung -> geometric mean over the tasks that were timed beside it; :data:`BEST` comes last."""
    speeds: dict[str, list[tuple[str, float]]] = {}
    for trail in trails:
        found = rungs(trail.timings) if trail.is_correct else {}
        for name, speed in found.items():
            speeds.setdefault(name, []).append((trail.task.name, speed.value))
        if (top := best(found)) is not None:
            speeds.setdefault(BEST, []).append((trail.task.name, top[1].value))
    order = [name for name in speeds if name != BEST] + [BEST] * (BEST in speeds)
    return {name: geometric_mean([*task_means(speeds[name]).values()]) for name in order}
