"""The candidates of two runs, called beside each other in rounds.

A round starts both anew, swaps their seats, and calls them alternately; its figure is the median
ratio. Rounds differ by what no number of calls in one process can show, so it is the rounds that
are the measurements (:mod:`~hpctc.regress.location`). They are looked at after 4, 8, 16, ... and
measuring ends with the first answer; each look gets its share of the error (Bonferroni), so that
looking often does not make answers cheap.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from hpctc.core.records import Timing
from hpctc.regress.judge import CONFIDENCE, Answer, Change, judge
from hpctc.regress.location import Located, located, total
from hpctc.score import Estimate, ratios

FEWEST, MOST = 4, 64
"""Rounds of a task: before the first look, and after the last one."""


@dataclass(frozen=True)
class Rounds:
    """What the rounds of one task showed, one entry a round."""

    name: str
    logs: Sequence[float]
    """Logarithm of the round's ratio: old time over new time."""

    @property
    def located(self) -> Located:
        """The trimmed mean over the rounds, of which there are two at the least."""
        return located(self.logs)


@dataclass(frozen=True)
class Rules:
    """What an answer takes."""

    threshold: float
    most: int = MOST
    """Rounds a task."""
    among: int = 1
    """How many tasks are played."""


def figure(timing: Timing) -> float:
    """The logarithm of a round's median ratio; the baseline is the old candidate."""
    return math.log(float(np.median(ratios(timing.candidate_ns, timing.baseline_ns))))


def looks(most: int = MOST) -> tuple[int, ...]:
    """Numbers of rounds after which an answer may be given: each twice the one before."""
    doubled = [FEWEST * 2**i for i in range(most.bit_length()) if FEWEST * 2**i < most]
    return (*doubled, most)


def play(name: str, rounds: Iterable[Timing], rules: Rules) -> tuple[Rounds, Change]:
    """Draw rounds until they give an answer, or the last look is over; a failure is an answer."""
    taken: list[float] = []
    source = iter(rounds)
    for look in looks(rules.most):
        for timing in islice(source, look - len(taken)):
            if timing.problem:
                return Rounds(name, tuple(taken)), _failed(name, timing)
            taken.append(figure(timing))
        found = Rounds(name, tuple(taken))
        answer = change(found, rules)
        if answer.answer != "cannot tell" or len(taken) < look:
            break
    return found, answer


def _failed(name: str, timing: Timing) -> Change:
    answer: Answer = "cannot tell" if timing.verdict == "correct" else "newly wrong"
    return Change(name, answer, detail=timing.problem)


def change(rounds: Rounds, rules: Rules) -> Change:
    """What the rounds of one task allow to say, if they are looked at so often."""
    if len(rounds.logs) < 2:
        return Change(rounds.name, "cannot tell", detail="there are fewer than two rounds")
    error = (1.0 - CONFIDENCE) / len(looks(rules.most))
    answer, ratio = judge(rounds.located, rules.threshold, error, rules.among)
    return Change(rounds.name, answer, ratio, f"{len(rounds.logs)} rounds")


def whole(found: Sequence[Rounds], unchanged: int, threshold: float) -> Change | None:
    """The geometric mean over the tasks; ``unchanged`` are those whose code is the same."""
    usable = [r.located for r in found if len(r.logs) > 1]
    if not usable and not unchanged:
        return None
    if not usable:
        return Change("all", "same", Estimate(1.0, 1.0, 1.0), "the same C in all tasks")
    mean = total(usable).times(1.0 / (len(usable) + unchanged))
    return Change("all", *judge(mean, threshold, 1.0 - CONFIDENCE, 1))
