"""Every figure, as a pure function over recorded values; no clock is read here.

In come the records of a run, out go numbers with intervals. Wrong answers are in every denominator.

- ``intervals``: paired ratios, the bootstrap, Wilson's interval of a share
- ``trail``: one sample with all its records
- ``scores``: a trail in one line, the :class:`~hpctc.core.records.Score`
- ``ladder``: the speedup over every rung of the baseline ladder, and over the best one
- ``rates``: pass@k, fast_p, what went wrong
- ``summary``: the figures of a run, of a category, of a difficulty
- ``scaling``: speedup and efficiency on n threads
- ``roofline``: what share of the hardware's floor a time reaches
- ``cost``: dollars, seconds and tokens a solved kernel
- ``pace``: tokens a second, tokens a pass, who proposed them
- ``regions``: which part of an answer's C a character belongs to
- ``twins``: how far contamination twins fall below their originals
- ``similarity``: how alike two C texts are, as CodeBLEU sees it
"""

from hpctc.score.intervals import (
    SEED,
    Estimate,
    bootstrap,
    by_start,
    geometric_mean,
    median,
    ratios,
    resampled,
    speedup,
    wilson,
)
from hpctc.score.rates import fast_p, pass_at_k
from hpctc.score.scores import score
from hpctc.score.summary import Summary, by_category, by_difficulty, summary
from hpctc.score.trail import Trail, trails

__all__ = [
    "SEED",
    "Estimate",
    "Summary",
    "Trail",
    "bootstrap",
    "by_category",
    "by_difficulty",
    "by_start",
    "fast_p",
    "geometric_mean",
    "median",
    "pass_at_k",
    "ratios",
    "resampled",
    "score",
    "speedup",
    "summary",
    "trails",
    "wilson",
]
