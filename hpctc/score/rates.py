"""Shares of samples: who passes, who is fast, and what went wrong.

pass@k is the unbiased estimator of Chen et al. (*Evaluating Large Language Models Trained on Code*,
2021); fast_p is KernelBench's (Ouyang et al., 2025). Every sample is in the denominator.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from hpctc.core.records import Score, VerdictClass
from hpctc.score.intervals import Estimate, wilson

CLASSES: tuple[VerdictClass, ...] = get_args(VerdictClass)

Step = tuple[float, float]
"""``(p, share)``: the share holds from the ``p`` before up to this one."""


def pass_at_k(samples: int, passing: int, k: int) -> float:
    """The chance that of ``k`` samples, drawn from ``samples`` without return, one passes."""
    if not 0 <= passing <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} of {samples} samples, {passing} passing")
    return 1.0 - math.comb(samples - passing, k) / math.comb(samples, k)


def at_k(scores: Iterable[Score], passes: Callable[[Score], bool], k: int) -> Estimate | None:
    """The mean pass@k over the tasks; None where a task has fewer than ``k`` samples.

    The interval is Wilson's with the tasks as trials: samples of one task are no independent
    evidence.
    """
    counts: dict[str, list[bool]] = {}
    for s in scores:
        counts.setdefault(s.task, []).append(passes(s))
    if not counts or min(map(len, counts.values())) < k:
        return None
    chances = [pass_at_k(len(found), sum(found), k) for found in counts.values()]
    return wilson(min(1.0, math.fsum(chances) / len(chances)), len(chances))


def most_samples(scores: Iterable[Score]) -> int:
    """How many samples every task has at least: the largest ``k`` of pass@k."""
    return min(Counter(s.task for s in scores).values(), default=0)


def fast_p(scores: Sequence[Score], p: float) -> float:
    """Share of all samples that are correct and surely more than ``p`` times as fast.

    After KernelBench, but by the lower end of the interval: a kernel that is as fast as the
    baseline is not fast by luck. Wrong and untimed samples count as not fast.
    """
    return sum(s.interval is not None and s.interval[0] > p for s in scores) / len(scores)


@dataclass(frozen=True)
class Curve:
    """fast_p for every p, as falling steps."""

    surely: tuple[Step, ...]
    """By the lower end of each interval: :func:`fast_p`."""
    possibly: tuple[Step, ...]
    """By the upper end: what measurement cannot exclude."""


def fast_curve(scores: Sequence[Score]) -> Curve:
    """fast_p at every p at which it changes."""
    intervals = [s.interval for s in scores if s.interval is not None]
    low, high = ([i[end] for i in intervals] for end in (0, 1))
    return Curve(_steps(low, len(scores)), _steps(high, len(scores)))


def _steps(values: Sequence[float], count: int) -> tuple[Step, ...]:
    """``(p, share of count above every smaller p)``, rising in ``p``."""
    ranked = sorted(values)
    return tuple((value, (len(ranked) - i) / count) for i, value in enumerate(ranked))


@dataclass(frozen=True)
class Cause:
    """One way to fail."""

    verdict: VerdictClass
    words: str
    """The reason, with its numbers and names taken out."""
    samples: tuple[Score, ...]


def classes(scores: Iterable[Score]) -> dict[VerdictClass, int]:
    """Verdict -> how many samples got it, in the order of the classes, none left out."""
    counts = Counter(s.verdict for s in scores)
    return {c: counts[c] for c in CLASSES}


def causes(scores: Iterable[Score]) -> list[Cause]:
    """The failures grouped by what they have in common, the most frequent first."""
    groups: dict[tuple[VerdictClass, str], list[Score]] = {}
    for s in scores:
        if s.verdict != "correct":
            groups.setdefault((s.verdict, _common(s.reason)), []).append(s)
    found = [Cause(verdict, words, tuple(same)) for (verdict, words), same in groups.items()]
    return sorted(found, key=lambda c: (-len(c.samples), CLASSES.index(c.verdict), c.words))


_QUOTED = re.compile(r"['\u2018\"][^'\u2019\"\n]*['\u2019\"]")
_INDEXED = re.compile(r"\b\w+\[[^\]]*\]")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d.,]*(?:e[-+]?\d+)?|nan|inf)\b", re.IGNORECASE)
_OTHERS = re.compile(r"(?<=; it defines )(?!no function).*")
_PLACE = re.compile(r"^[\w./-]+:\d+(?::\d+)?:\s*")


def _common(reason: str) -> str:
    """``y[0, 3] is 1, expected 2 (...)`` -> ``an element is #, expected #``."""
    first = reason.split("\n", 1)[0].split(" (", 1)[0]
    first = _OTHERS.sub("others", _PLACE.sub("", first))
    first = _INDEXED.sub("an element", _QUOTED.sub("'...'", first))
    return _NUMBER.sub("#", first).strip()[:120]
