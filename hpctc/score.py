"""Every figure, as a pure function over recorded values; no clock is read here.

A speedup is the median of paired ratios (baseline time over candidate time, both taken next to each
other); its interval is a percentile bootstrap over the pairs. Over tasks the geometric mean is
taken, its interval by bootstrap over the tasks. Intervals are of 95 % unless said otherwise, and
all resampling is seeded: the same records give the same figures.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpctc.core.records import (
    CATEGORIES,
    Answer,
    Build,
    Candidate,
    Category,
    Prompt,
    Score,
    Task,
    Timing,
    Verdict,
)

Array = np.ndarray[Any, np.dtype[np.float64]]

RESAMPLES = 2000
SEED = 20250711


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """The figures of some scores: a whole run, or one category of it."""

    tasks: int
    samples: int
    compile_rate: float
    """Share of samples that were built."""
    pass_rate: float
    """Share of samples that were correct."""
    timed: int
    """Tasks with a timed, correct sample."""
    speedup: Estimate | None
    """Geometric mean over timed tasks; None when nothing was timed."""
    fast_1: float | None
    """Share of all samples that are correct and surely faster than the baseline; None: no times."""


def score(
    tasks: Iterable[Task],
    prompts: Iterable[Prompt],
    answers: Iterable[Answer],
    judged: tuple[Iterable[Candidate], Iterable[Build], Iterable[Verdict]],
    timings: Iterable[Timing],
) -> list[Score]:
    """One score a sample, in the order of the answers; each is walked back to its task by ids."""
    task_of = {t.id: t for t in tasks}
    prompt_task = {p.id: task_of[p.of] for p in prompts}
    candidate = {c.of: c for c in judged[0]}
    build = {b.of: b for b in judged[1]}
    verdict = {v.of: v for v in judged[2]}
    timing = {t.of: t for t in timings}
    scores = []
    for answer in answers:
        found = build[candidate[answer.id].id]
        seen = verdict[found.id]
        scores.append(_score(prompt_task[answer.of], answer, found, seen, timing.get(seen.id)))
    return scores


def _score(
    task: Task, answer: Answer, build: Build, verdict: Verdict, timing: Timing | None
) -> Score:
    outcome, reason = verdict.verdict, verdict.detail
    speed: Estimate | None = None
    if timing is not None and timing.problem:
        outcome, reason = timing.verdict, timing.problem
    elif timing is not None and outcome == "correct":
        speed = speedup(timing.candidate_ns, timing.baseline_ns)
    return Score.make(
        of=verdict.id,
        task=task.id,
        name=task.name,
        category=task.pair.category,
        model=answer.model,
        sample=answer.sample,
        built=build.ok,
        verdict=outcome,
        speedup=speed.value if speed else None,
        interval=(speed.low, speed.high) if speed else None,
        baseline=timing.baseline if timing else "",
        reason=reason,
    )


def ratios(candidate_ns: Sequence[int], baseline_ns: Sequence[int]) -> Array:
    """Baseline over candidate, pair by pair; a clock that showed nothing counts as one tick."""
    if len(candidate_ns) != len(baseline_ns) or not candidate_ns:
        raise ValueError(f"{len(candidate_ns)} candidate times, {len(baseline_ns)} baseline times")
    mine = np.maximum(np.asarray(candidate_ns, np.float64), 1.0)
    theirs = np.maximum(np.asarray(baseline_ns, np.float64), 1.0)
    return theirs / mine


def speedup(candidate_ns: Sequence[int], baseline_ns: Sequence[int]) -> Estimate:
    """The median of paired ratios with its 95 % bootstrap interval."""
    return bootstrap(ratios(candidate_ns, baseline_ns), median)


def geometric_mean(values: Sequence[float]) -> Estimate:
    """The geometric mean of positive values, with its bootstrap interval over them."""
    inner = bootstrap(np.log(np.asarray(values, np.float64)), _mean)
    return Estimate(math.exp(inner.value), math.exp(inner.low), math.exp(inner.high))


def bootstrap(
    values: Array, statistic: Callable[[Array], Array], confidence: float = 0.95
) -> Estimate:
    """``statistic`` (along the last axis) of ``values`` with its percentile bootstrap interval."""
    samples = resampled(values, statistic)
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return Estimate(float(statistic(values)), float(low), float(high))


def resampled(values: Array, statistic: Callable[[Array], Array], seed: int = SEED) -> Array:
    """``statistic`` of :data:`RESAMPLES` resamples of ``values``: ``[RESAMPLES]``."""
    picks = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    return statistic(values[picks])


def summary(scores: Sequence[Score]) -> Summary:
    """The figures of these scores; wrong answers are in every denominator."""
    if not scores:
        raise ValueError("there are no scores")
    speeds = task_speedups(scores)
    return Summary(
        tasks=len({s.task for s in scores}),
        samples=len(scores),
        compile_rate=sum(s.built for s in scores) / len(scores),
        pass_rate=sum(s.verdict == "correct" for s in scores) / len(scores),
        timed=len(speeds),
        speedup=_whole(scores, speeds),
        fast_1=fast_p(scores, 1.0) if speeds else None,
    )


def by_category(scores: Sequence[Score]) -> dict[Category, Summary]:
    """The figures of each category that occurs, in the categories' order."""
    parts = {c: [s for s in scores if s.category == c] for c in CATEGORIES}
    return {c: summary(part) for c, part in parts.items() if part}


def task_speedups(scores: Iterable[Score]) -> Mapping[str, float]:
    """Task name -> the geometric mean of its timed samples' speedups."""
    found: dict[str, list[float]] = {}
    for s in scores:
        if s.speedup is not None:
            found.setdefault(s.name, []).append(math.log(s.speedup))
    return {name: math.exp(sum(logs) / len(logs)) for name, logs in found.items()}


def _whole(scores: Sequence[Score], speeds: Mapping[str, float]) -> Estimate | None:
    """The geometric mean; of a single timed sample its own interval, as there is no spread."""
    timed = [s for s in scores if s.speedup is not None]
    if len(timed) == 1 and timed[0].speedup is not None and timed[0].interval is not None:
        return Estimate(timed[0].speedup, *timed[0].interval)
    return geometric_mean(list(speeds.values())) if speeds else None


def fast_p(scores: Sequence[Score], p: float) -> float:
    """Share of all samples that are correct and surely more than ``p`` times as fast.

    After KernelBench (Ouyang et al., 2025), but by the lower end of the interval: a kernel that is
    as fast as the baseline is not fast by luck. Wrong and untimed samples count as not fast.
    """
    return sum(s.interval is not None and s.interval[0] > p for s in scores) / len(scores)


def median(values: Array) -> Array:
    """The median along the last axis."""
    return np.asarray(np.median(values, axis=-1))


def _mean(values: Array) -> Array:
    return np.asarray(np.mean(values, axis=-1))
