"""The candidates of two runs, called beside each other in rounds.

A round starts both anew, swaps their seats, and calls them alternately; its figure is the median
ratio. Rounds differ by what no number of calls in one process can show, and some by a neighbour who
woke up, so the interval is that of a trimmed mean over the rounds (Yuen, 1974): a fifth is taken
off at either end; of fewer than five rounds nothing, which is Student's. It is looked at after 4,
8, 16, ... rounds and measuring ends with the first answer; each look gets its share of the error
(Bonferroni), so that looking often does not make answers cheap.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.special import stdtrit

from hpctc.core.records import Timing
from hpctc.regress.judge import TASK_CONFIDENCE, WHOLE_CONFIDENCE, Answer, Change, judge
from hpctc.score import Estimate, ratios

FEWEST, MOST = 4, 32
"""Rounds of a task: before the first look, and after the last one."""

TRIM = 0.2
"""Share of the rounds that is taken off at either end."""


@dataclass(frozen=True)
class Rounds:
    """What the rounds of one task showed, one entry a round."""

    name: str
    logs: Sequence[float]
    """Logarithm of the round's ratio: old time over new time."""

    @property
    def middle(self) -> float:
        """The trimmed mean over the rounds."""
        cut = self._cut
        return math.fsum(self._ranked[cut : len(self.logs) - cut]) / self._kept

    @property
    def variance(self) -> float:
        """Of the trimmed mean: that of the rounds with what was cut off drawn in to the edge."""
        ranked, cut, count = self._ranked, self._cut, len(self.logs)
        drawn = np.clip(ranked, ranked[cut], ranked[count - 1 - cut])
        return float(np.var(drawn)) * count / (self._kept * (self._kept - 1))

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the variance."""
        return self._kept - 1

    @property
    def _ranked(self) -> list[float]:
        return sorted(self.logs)

    @property
    def _cut(self) -> int:
        return int(TRIM * len(self.logs))

    @property
    def _kept(self) -> int:
        return len(self.logs) - 2 * self._cut


def figure(timing: Timing) -> float:
    """The logarithm of a round's median ratio; the baseline is the old candidate."""
    return math.log(float(np.median(ratios(timing.candidate_ns, timing.baseline_ns))))


def looks(most: int = MOST) -> tuple[int, ...]:
    """Numbers of rounds after which an answer may be given: each twice the one before."""
    doubled = [FEWEST * 2**i for i in range(most.bit_length()) if FEWEST * 2**i < most]
    return (*doubled, most)


def play(
    name: str, rounds: Iterable[Timing], threshold: float, most: int = MOST
) -> tuple[Rounds, Change]:
    """Draw rounds until they give an answer, or the last look is over; a failure is an answer."""
    taken: list[float] = []
    source = iter(rounds)
    for look in looks(most):
        for timing in islice(source, look - len(taken)):
            if timing.problem:
                return Rounds(name, tuple(taken)), _failed(name, timing)
            taken.append(figure(timing))
        found = Rounds(name, tuple(taken))
        answer = change(found, threshold, most)
        if answer.answer != "cannot tell" or len(taken) < look:
            break
    return found, answer


def _failed(name: str, timing: Timing) -> Change:
    answer: Answer = "cannot tell" if timing.verdict == "correct" else "newly wrong"
    return Change(name, answer, detail=timing.problem)


def change(rounds: Rounds, threshold: float, most: int = MOST) -> Change:
    """What the rounds of one task allow to say, if it is looked at so often."""
    if len(rounds.logs) < 2:
        return Change(rounds.name, "cannot tell", detail="there are fewer than two rounds")
    error = (1.0 - TASK_CONFIDENCE) / len(looks(most))
    ratio = _interval(rounds.middle, rounds.variance, rounds.freedom, error)
    return Change(rounds.name, judge(ratio, threshold), ratio, f"{len(rounds.logs)} rounds")


def whole(found: Sequence[Rounds], unchanged: int, threshold: float) -> Change | None:
    """The geometric mean over the tasks; ``unchanged`` are those whose code is the same."""
    usable = [r for r in found if len(r.logs) > 1]
    if not usable and not unchanged:
        return None
    if not usable:
        return Change("all", "same", Estimate(1.0, 1.0, 1.0), "the same C in all tasks")
    count = len(usable) + unchanged
    middle = math.fsum(r.middle for r in usable) / count
    variance = math.fsum(r.variance for r in usable) / count**2
    ratio = _interval(middle, variance, _freedom(usable), 1.0 - WHOLE_CONFIDENCE)
    return Change("all", judge(ratio, threshold), ratio)


def _freedom(found: Sequence[Rounds]) -> float:
    """Degrees of freedom of a sum of means (Welch and Satterthwaite)."""
    total = math.fsum(r.variance for r in found)
    parts = math.fsum(r.variance**2 / r.freedom for r in found)
    return total**2 / parts if parts else float(sum(r.freedom for r in found))


def _interval(middle: float, variance: float, freedom: float, error: float) -> Estimate:
    reach = float(stdtrit(freedom, 1.0 - error / 2)) * math.sqrt(variance)
    return Estimate(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
