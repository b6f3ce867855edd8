"""The candidates of two runs, called beside each other in rounds.

A round starts both anew, swaps their seats, and calls them alternately; its figure is the median
ratio. Rounds differ by what no number of calls in one process can show, so it is the rounds that
are the measurements (:mod:`~hpctc.regress.location`). They are looked at after 4, 8, 16, ... and
measuring ends with the first answer; each look gets its share of the error (Bonferroni), so that
looking often does not make answers cheap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from hpctc.core.records import Timing
from hpctc.regress.clocks import Taken, taken
from hpctc.regress.judge import CONFIDENCE, Answer, Change, judge
from hpctc.regress.location import total
from hpctc.score import Estimate

FEWEST, MOST = 4, 64
"""Rounds of a task: before the first look, and after the last one."""


@dataclass(frozen=True)
class Rounds:
    """What the rounds of one task showed, one entry a round."""

    name: str
    taken: Taken
    """Old time over new time, a measurement a round."""

    def __len__(self) -> int:
        return len(self.taken.logs)


@dataclass(frozen=True)
class Rules:
    """What an answer takes."""

    threshold: float
    most: int = MOST
    """Rounds a task."""
    among: int = 1
    """How many tasks are played."""


def looks(most: int = MOST) -> tuple[int, ...]:
    """Numbers of rounds after which an answer may be given: each twice the one before."""
    doubled = [FEWEST * 2**i for i in range(most.bit_length()) if FEWEST * 2**i < most]
    return (*doubled, most)


def play(name: str, rounds: Iterable[Timing], rules: Rules) -> tuple[Rounds, Change]:
    """Draw rounds until they give an answer, or the last look is over; a failure is an answer."""
    found = Rounds(name, Taken(()))
    source = iter(rounds)
    for look in looks(rules.most):
        for timing in islice(source, look - len(found)):
            if timing.problem:
                return found, _failed(name, timing)
            found = Rounds(name, found.taken + taken(timing))
        answer = change(found, rules)
        if answer.answer != "cannot tell" or len(found) < look:
            break
    return found, answer


def _failed(name: str, timing: Timing) -> Change:
    answer: Answer = "cannot tell" if timing.verdict == "correct" else "newly wrong"
    return Change(name, answer, detail=timing.problem)


def change(rounds: Rounds, rules: Rules) -> Change:
    """What the rounds of one task allow to say, if they are looked at so often."""
    if len(rounds) < 2:
        return Change(rounds.name, "cannot tell", detail="there are fewer than two rounds")
    error = (1.0 - CONFIDENCE) / len(looks(rules.most))
    answer, ratio = judge(rounds.taken.located, rules.threshold, error, rules.among)
    if answer in ("slower", "faster") and rounds.taken.chance > 1.0 - CONFIDENCE:
        answer = "cannot tell"
    clock = "" if rounds.taken.goes_by_time else " by the processor's clock: the host is busy"
    return Change(rounds.name, answer, ratio, f"{len(rounds)} rounds{clock}")


def whole(found: Sequence[Rounds], unchanged: int, threshold: float) -> Change | None:
    """The geometric mean over the tasks; ``unchanged`` are those whose code is the same."""
    usable = [r.taken.located for r in found if len(r) > 1]
    if not usable and not unchanged:
        return None
    if not usable:
        return Change("all", "same", Estimate(1.0, 1.0, 1.0), "the same C in all tasks")
    mean = total(usable).times(1.0 / (len(usable) + unchanged))
    return Change("all", *judge(mean, threshold, 1.0 - CONFIDENCE, 1))
