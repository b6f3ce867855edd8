"""From an interval to an answer.

A change counts when its whole interval lies beyond the threshold on one side; when it reaches over
the threshold, the answer is *cannot tell*. Intervals are of 99.5 %. With many tasks some interval
misses the truth by chance, and on a very noisy host by more than any threshold; so what is to count
must also lie on one side of *no change* by an interval that all tasks share (Bonferroni). By theory
half a percent of the comparisons of equals raise an alarm on the noisiest host; noise that is not
as the theory has it makes it more, but not twice as many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hpctc.regress.location import Located
from hpctc.score import Estimate

Answer = Literal["faster", "slower", "same", "cannot tell", "newly wrong", "newly right"]

ORDER: tuple[Answer, ...] = (
    "newly wrong",
    "slower",
    "cannot tell",
    "newly right",
    "faster",
    "same",
)
"""What matters first."""

REGRESSIONS = frozenset({"newly wrong", "slower"})

CONFIDENCE = 0.995

Outcome = Literal["no regression", "regression", "cannot tell"]

EXIT_CODES: dict[Outcome, int] = {"no regression": 0, "regression": 1, "cannot tell": 3}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one task's sample, or of the whole."""

    name: str
    answer: Answer
    ratio: Estimate | None = None
    """New speed over old speed; above 1 is faster. None: one of the two was not timed."""
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """The changes of all samples that both runs have, and of the whole."""

    changes: tuple[Change, ...]
    whole: Change | None
    """None: no sample was timed in both."""
    threshold: float
    live: bool = False
    """Whether the candidates were timed beside each other, now."""

    @property
    def outcome(self) -> Outcome:
        """The gate's answer: one regression is enough, and so is one doubt."""
        answers = [c.answer for c in (*self.changes, *([self.whole] if self.whole else []))]
        if REGRESSIONS.intersection(answers):
            return "regression"
        return "cannot tell" if "cannot tell" in answers or self.whole is None else "no regression"

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regression, 3 cannot tell."""
        return EXIT_CODES[self.outcome]


def judge(found: Located, threshold: float, error: float, among: int) -> tuple[Answer, Estimate]:
    """The answer that a change allows which is one ``among`` many, and its interval.

    ``error`` is the chance that an interval may miss: 1 - :data:`CONFIDENCE`, or this look's share
    of it.
    """
    ratio = found.interval(1.0 - error)
    shared = found.interval(1.0 - error / max(among, 1))
    if ratio.high < 1.0 - threshold and shared.high < 1.0:
        return "slower", ratio
    if ratio.low > 1.0 + threshold and shared.low > 1.0:
        return "faster", ratio
    if ratio.low >= 1.0 - threshold:  # a gain may be there or not: it is no regression
        return "same", ratio
    return "cannot tell", ratio


def order(changes: Sequence[Change]) -> list[Change]:
    """What matters first: regressions, then doubts, then gains, then the rest."""
    return sorted(
        changes, key=lambda c: (ORDER.index(c.answer), c.ratio.value if c.ratio else 0, c.name)
    )
