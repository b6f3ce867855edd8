"""Figures and the intervals in which they lie.

A speedup is the median of paired ratios (baseline time over candidate time, both taken next to each
other); its interval is a percentile bootstrap over the pairs. Over tasks the geometric mean is
taken, its interval by bootstrap over the tasks. A share has Wilson's interval. Intervals are of
95 % unless said otherwise, and all resampling is seeded: the same records give the same figures.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtri

Array = np.ndarray[Any, np.dtype[np.float64]]

RESAMPLES = 2000
SEED = 20250711


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies."""

    value: float
    low: float
    high: float


def ratios(candidate_ns: Sequence[int], baseline_ns: Sequence[int]) -> Array:
    """Baseline over candidate, pair by pair; a clock that showed nothing counts as one tick."""
    if len(candidate_ns) != len(baseline_ns) or not candidate_ns:
        raise ValueError(f"{len(candidate_ns)} candidate times, {len(baseline_ns)} baseline times")
    mine = np.maximum(np.asarray(candidate_ns, np.float64), 1.0)
    theirs = np.maximum(np.asarray(baseline_ns, np.float64), 1.0)
    return theirs / mine


def by_start(values: Array, starts: Sequence[int]) -> list[Array]:
    """``values`` of a timing, split into those of each start of its processes."""
    if not starts:
        return [values]
    if sum(starts) != len(values):
        raise ValueError(f"{len(values)} values, of starts that gave {sum(starts)}")
    return np.split(values, np.cumsum(starts)[:-1])


def speedup(
    candidate_ns: Sequence[int], baseline_ns: Sequence[int], starts: Sequence[int] = ()
) -> Estimate:
    """The median of paired ratios with its 95 % bootstrap interval.

    Where the processes were started several times, it is the starts that are drawn, each with all
    its pairs: pairs of one start are no independent evidence.
    """
    return _speedup(tuple(candidate_ns), tuple(baseline_ns), tuple(starts))


@lru_cache(maxsize=4096)
def _speedup(
    candidate_ns: tuple[int, ...], baseline_ns: tuple[int, ...], starts: tuple[int, ...]
) -> Estimate:
    """A report asks for the same one in several places."""
    values = ratios(candidate_ns, baseline_ns)
    if len(starts) < 2:
        return bootstrap(values, median)
    low, high = np.percentile(_medians_of_starts(values, starts), [2.5, 97.5])
    return Estimate(float(np.median(values)), float(low), float(high))


def _medians_of_starts(values: Array, starts: Sequence[int]) -> Array:
    """Medians of all pairs of starts drawn with replacement: ``[RESAMPLES]``."""
    count = len(starts)
    picks = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
    drawn = np.apply_along_axis(np.bincount, 1, picks, minlength=count)  # [RESAMPLES, starts]
    order = np.argsort(values)
    # How many of a resample lie at or below each pair, from the lowest up; half of them at the
    # median, which is the middle between two where there is an even number.
    below = np.cumsum(drawn[:, np.repeat(np.arange(count), starts)[order]], axis=1)
    half, ranked = below[:, -1:] / 2, values[order]
    lower, upper = np.argmax(below >= half, axis=1), np.argmax(below > half, axis=1)
    return np.asarray(ranked[lower] + ranked[upper]) / 2


def geometric_mean(values: Sequence[float]) -> Estimate:
    """The geometric mean of positive values, with its bootstrap interval over them."""
    inner = bootstrap(np.log(np.asarray(values, np.float64)), mean)
    return Estimate(math.exp(inner.value), math.exp(inner.low), math.exp(inner.high))


def ratio_of_sums(parts: Sequence[tuple[float, float]]) -> Estimate | None:
    """All of one quantity over all of another, with its bootstrap interval over the parts.

    A part is a task: its samples depend on each other. None where there is nothing to divide by.
    """
    values = np.asarray(parts, np.float64).reshape(-1, 2)
    if not values[:, 1].sum():
        return None

    def ratio(sums: Array) -> Array:
        above, below = sums[..., 0].sum(-1), sums[..., 1].sum(-1)
        # A resample may have drawn nothing to divide by; it says nothing.
        nothing = np.full_like(above, np.nan)
        return np.asarray(np.divide(above, below, out=nothing, where=below > 0))

    value = ratio(values)
    low, high = np.nanpercentile(resampled(values, ratio), [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def task_means(speeds: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Task name -> the geometric mean of its samples, so that every task weighs the same."""
    found: dict[str, list[float]] = {}
    for name, speed in speeds:
        found.setdefault(name, []).append(math.log(speed))
    return {name: math.exp(math.fsum(logs) / len(logs)) for name, logs in found.items()}


def wilson(share: float, count: int, confidence: float = 0.95) -> Estimate:
    """A share of ``count`` independent trials with the interval of Wilson (1927).

    It keeps its promise at 0 and 1, where a bootstrap over equal values has no width. ``share`` may
    be the mean of ``count`` values in [0, 1]: their variance is at most that of a coin.
    """
    if count < 1 or not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of {share} of {count}")
    z = float(ndtri(0.5 + confidence / 2))
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count)
    reach *= math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    # At 0 and 1 the end is the value itself; rounding must not put it on the wrong side.
    return Estimate(
        share, min(max(0.0, middle - reach), share), max(min(1.0, middle + reach), share)
    )


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


def median(values: Array) -> Array:
    """The median along the last axis."""
    return np.asarray(np.median(values, axis=-1))


def mean(values: Array) -> Array:
    """The mean along the last axis."""
    return np.asarray(np.mean(values, axis=-1))
