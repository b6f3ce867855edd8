"""The candidates of two runs, called beside each other in rounds.

A round starts both anew, swaps their seats, and calls them alternately; its figure is the median
ratio. Rounds differ by what no number of calls in one process can show, so the interval is
Student's over the rounds. It is looked at after 4, 8 and 16 of them and measuring ends with the
first answer; each look gets its share of the error (Bonferroni), so that looking often does not
make answers cheap.
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

LOOKS = (4, 8, 16)
"""Numbers of rounds after which an answer may be given."""


@dataclass(frozen=True)
class Rounds:
    """What the rounds of one task showed, one entry a round."""

    name: str
    logs: Sequence[float]
    """Logarithm of the round's ratio: old time over new time."""

    @property
    def middle(self) -> float:
        """The mean over the rounds."""
        return math.fsum(self.logs) / len(self.logs)

    @property
    def variance(self) -> float:
        """Of the mean."""
        return float(np.var(self.logs, ddof=1)) / len(self.logs)


def figure(timing: Timing) -> float:
    """The logarithm of a round's median ratio; the baseline is the old candidate."""
    return math.log(float(np.median(ratios(timing.candidate_ns, timing.baseline_ns))))


def play(name: str, rounds: Iterable[Timing], threshold: float) -> tuple[Rounds, Change]:
    """Draw rounds until they give an answer, or the last look is over; a failure is an answer."""
    taken: list[float] = []
    source = iter(rounds)
    for look in LOOKS:
        for timing in islice(source, look - len(taken)):
            if timing.problem:
                return Rounds(name, tuple(taken)), _failed(name, timing)
            taken.append(figure(timing))
        found = Rounds(name, tuple(taken))
        answer = change(found, threshold)
        if answer.answer != "cannot tell" or len(taken) < look:
            break
    return found, answer


def _failed(name: str, timing: Timing) -> Change:
    answer: Answer = "cannot tell" if timing.verdict == "correct" else "newly wrong"
    return Change(name, answer, detail=timing.problem)


def change(rounds: Rounds, threshold: float) -> Change:
    """What the rounds of one task allow to say."""
    if len(rounds.logs) < 2:
        return Change(rounds.name, "cannot tell", detail="there are fewer than two rounds")
    error = (1.0 - TASK_CONFIDENCE) / len(LOOKS)
    ratio = _interval(rounds.middle, rounds.variance, len(rounds.logs) - 1, error)
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
    parts = math.fsum(r.variance**2 / (len(r.logs) - 1) for r in found)
    return total**2 / parts if parts else float(sum(len(r.logs) - 1 for r in found))


def _interval(middle: float, variance: float, freedom: float, error: float) -> Estimate:
    reach = float(stdtrit(freedom, 1.0 - error / 2)) * math.sqrt(variance)
    return Estimate(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
