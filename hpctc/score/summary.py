"""The figures of some scores: a whole run, a category, a difficulty."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from hpctc.core.records import CATEGORIES, Score, Task
from hpctc.score.intervals import Estimate, geometric_mean, task_means, wilson
from hpctc.score.rates import at_k, fast_p, most_samples

DIFFICULTIES: tuple[tuple[str, int], ...] = (
    ("1 kernel", 1),
    ("2-4 kernels", 4),
    ("5+ kernels", 10**9),
)
"""Name of a difficulty, and the most CUDA kernels that a task of it launches."""


@dataclass(frozen=True)
class Summary:
    """The figures of some scores: a whole run, or one part of it."""

    tasks: int
    samples: int
    compile_rate: Estimate
    """Share of samples that were built."""
    pass_rate: Estimate
    """Share of samples that were correct, after repair where there was any; pass@1."""
    timed: int
    """Tasks with a timed, correct sample."""
    speedup: Estimate | None
    """Geometric mean over timed tasks; None when nothing was timed."""
    fast_1: Estimate | None
    """Share of all samples that are correct and surely faster than the baseline; None: no times."""
    pass_at: Mapping[int, Estimate] = field(default_factory=dict)
    """k -> mean pass@k, for powers of two up to the samples that every task has, and for these."""
    pass_first: Estimate | None = None
    """Share of samples that were correct at once; None: nothing was repaired."""


def summary(scores: Sequence[Score]) -> Summary:
    """The figures of these scores; wrong answers are in every denominator."""
    if not scores:
        raise ValueError("there are no scores")
    speeds = task_speedups(scores)
    tasks = len({s.task for s in scores})
    share = partial(wilson, count=tasks)  # samples of a task depend on each other
    return Summary(
        tasks=tasks,
        samples=len(scores),
        compile_rate=share(sum(s.built for s in scores) / len(scores)),
        pass_rate=share(sum(map(_is_correct, scores)) / len(scores)),
        timed=len(speeds),
        speedup=_whole(scores, speeds),
        fast_1=share(fast_p(scores, 1.0)) if speeds else None,
        pass_at={
            k: found
            for k in _ks(most_samples(scores))
            if (found := at_k(scores, _is_correct, k)) is not None
        },
        pass_first=share(_at_once(scores)) if any(s.repairs for s in scores) else None,
    )


def by_category(scores: Sequence[Score]) -> dict[str, Summary]:
    """The figures of each category that occurs, in the categories' order."""
    parts: dict[str, list[Score]] = {c: [s for s in scores if s.category == c] for c in CATEGORIES}
    return {c: summary(part) for c, part in parts.items() if part}


def by_difficulty(scores: Sequence[Score], tasks: Iterable[Task]) -> dict[str, Summary]:
    """The figures of each difficulty that occurs, the easiest first."""
    level = {t.id: difficulty(t) for t in tasks}
    parts = {name: [s for s in scores if level[s.task] == name] for name, _ in DIFFICULTIES}
    return {name: summary(part) for name, part in parts.items() if part}


def difficulty(task: Task) -> str:
    """How hard a task is, by what has to be translated: the kernels that it launches."""
    return next(name for name, most in DIFFICULTIES if len(task.pair.launches) <= most)


def task_speedups(scores: Iterable[Score]) -> Mapping[str, float]:
    """Task name -> the geometric mean of its timed samples' speedups."""
    return task_means((s.name, s.speedup) for s in scores if s.speedup is not None)


def _is_correct(s: Score) -> bool:
    return s.verdict == "correct"


def _at_once(scores: Sequence[Score]) -> float:
    """Share of the samples that needed no repair."""
    return sum((s.first or s.verdict) == "correct" for s in scores) / len(scores)


def _ks(most: int) -> list[int]:
    powers = [2**i for i in range(most.bit_length()) if 2**i < most]
    return [*powers, most] if most > 1 else []


def _whole(scores: Sequence[Score], speeds: Mapping[str, float]) -> Estimate | None:
    """The geometric mean; of a single task what its samples' intervals span, for want of spread."""
    if len(speeds) != 1:
        return geometric_mean(list(speeds.values())) if speeds else None
    intervals = [s.interval for s in scores if s.speedup is not None and s.interval is not None]
    (value,) = speeds.values()
    return Estimate(value, min(low for low, _ in intervals), max(high for _, high in intervals))
