"""Where independent measurements lie, and how well that is known.

Starts of a program and rounds of a comparison scatter, some far off because a neighbour woke up. So
their middle is a trimmed mean, its error that of Yuen (*The two-sample trimmed t for unequal
population variances*, 1974): a fifth is taken off at either end, and what was taken off counts in
the variance as if it lay at the edge. Of fewer than eight nothing is taken off, which is Student's
interval. Sums of such means have degrees of freedom by Welch and Satterthwaite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from hpctc.score import Estimate

TRIM = 0.2
"""Share that is taken off at either end."""

FEWEST_TO_TRIM = 8
"""Of fewer too few would be left to know the variance."""


@dataclass(frozen=True)
class Located:
    """A middle of logarithms, the variance of its error, and how well that is known."""

    middle: float
    variance: float
    freedom: float
    """Degrees of freedom of the variance; infinite: it is not estimated but given."""

    def interval(self, confidence: float) -> Estimate:
        """The ratio and its two-sided interval, by Student's distribution."""
        tail = (1.0 + confidence) / 2
        student = ndtri(tail) if math.isinf(self.freedom) else stdtrit(self.freedom, tail)
        reach = float(student) * math.sqrt(self.variance)
        low, high = math.exp(self.middle - reach), math.exp(min(self.middle + reach, 700.0))
        return Estimate(math.exp(self.middle), low, high)

    def times(self, factor: float) -> "Located":
        """The same in another unit, or (-1) the other way round."""
        return Located(factor * self.middle, factor**2 * self.variance, self.freedom)


def known(variance: float) -> Located:
    """An error around nought whose variance is given: of what no measurement here shows."""
    return Located(0.0, variance, math.inf)


def total(parts: Sequence[Located]) -> Located:
    """The sum of independent middles."""
    variance = math.fsum(p.variance for p in parts)
    spent = math.fsum(p.variance**2 / p.freedom for p in parts)
    freedom = variance**2 / spent if spent else math.inf
    return Located(math.fsum(p.middle for p in parts), variance, freedom)


def located(logs: Sequence[float]) -> Located:
    """The trimmed mean of independent measurements; two at the least."""
    ranked, count = np.sort(np.asarray(logs, np.float64)), len(logs)
    cut = int(TRIM * count) if count >= FEWEST_TO_TRIM else 0
    kept = count - 2 * cut
    drawn = np.clip(ranked, ranked[cut], ranked[count - 1 - cut])
    variance = float(np.var(drawn)) * count / (kept * (kept - 1))
    return Located(float(np.mean(ranked[cut : count - cut])), variance, kept - 1)
