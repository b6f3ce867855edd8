"""How a candidate makes use of threads: speedup_n and efficiency_n, after ParEval.

Nichols et al., *Can Large Language Models Write Parallel Code?* (2024): ``speedup_n`` is the time
of the sequential baseline over the candidate's on ``n`` threads, ``efficiency_n`` that over ``n``.
The sequential baseline is the baseline on one thread. Over tasks the geometric mean is taken, as
everywhere here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hpctc.core.records import Timing
from hpctc.score.intervals import Estimate, geometric_mean, task_means
from hpctc.score.trail import Trail


@dataclass(frozen=True, slots=True)
class Scale:
    """The figures at one number of threads."""

    threads: int
    tasks: int
    speedup: Estimate
    efficiency: Estimate


def speedups(timings: Iterable[Timing]) -> dict[int, float]:
    """Threads -> ``speedup_n`` of one sample; empty where no baseline was timed on one thread."""
    usable = [t for t in timings if not t.problem and t.candidate_ns]
    sequential = next((t for t in usable if t.threads == 1), None)
    if sequential is None:
        return {}
    alone = float(np.median(sequential.baseline_ns))
    return {
        t.threads: alone / max(1.0, float(np.median(t.candidate_ns)))
        for t in usable
        if t.baseline == sequential.baseline
    }


def scaling(trails: Sequence[Trail]) -> list[Scale]:
    """The figures of a run at each number of threads; empty where only one number was timed."""
    found: dict[int, list[tuple[str, float]]] = {}
    for trail in trails:
        if trail.is_correct:
            for threads, speed in speedups(trail.timings).items():
                found.setdefault(threads, []).append((trail.task.name, speed))
    if len(found) < 2:
        return []
    return [_scale(threads, task_means(found[threads])) for threads in sorted(found)]


def _scale(threads: int, speeds: dict[str, float]) -> Scale:
    s = geometric_mean([*speeds.values()])
    each = Estimate(s.value / threads, s.low / threads, s.high / threads)
    return Scale(threads, len(speeds), s, each)
