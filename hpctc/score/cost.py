"""What answers cost, and what a *solved* kernel costs with them.

Every answer is paid for, wrong ones and those that were repaired, too: all tokens, seconds and
dollars of a run over the tasks that it solved. A cheap model that solves little may cost more a
kernel than a dear one.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hpctc.score.intervals import ratio_of_sums
from hpctc.score.trail import Trail


@dataclass(frozen=True, slots=True)
class Price:
    """So much a solved kernel."""

    value: float
    low: float
    high: float | None
    """None: it has no upper end, as another draw of the tasks may leave none solved."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the answers of a run cost, all together; None: nobody counted."""

    answers: int
    solved: int
    """Tasks with a correct answer."""
    seconds: float | None
    """Of waiting for answers; of those that shared a batch or were asked side by side, the sum."""
    prompt_tokens: int | None
    completion_tokens: int | None
    dollars: float | None
    """None: no price was given."""
    solved_seconds: Price | None
    """A solved kernel; None: none is solved, or nobody counted."""
    solved_tokens: Price | None
    """Tokens said, not those read."""
    solved_dollars: Price | None


def cost(trails: Sequence[Trail]) -> Cost:
    """Of all answers of a run; of what some answers do not tell, the figure is that of the rest."""
    answers = [turn.answer for t in trails for turn in t.turns]
    usages = [a.usage for a in answers if a.usage is not None]
    spent = [a.seconds for a in answers if a.seconds is not None]
    dollars = math.fsum(u.dollars for u in usages)
    return Cost(
        answers=len(answers),
        solved=len({t.task.id for t in trails if t.is_correct}),
        seconds=math.fsum(spent) if spent else None,
        prompt_tokens=sum(u.prompt_tokens for u in usages) if usages else None,
        completion_tokens=sum(u.completion_tokens for u in usages) if usages else None,
        dollars=dollars or None,
        solved_seconds=_price(trails, _seconds) if spent else None,
        solved_tokens=_price(trails, _tokens) if usages else None,
        solved_dollars=_price(trails, _dollars) if dollars else None,
    )


def _seconds(trail: Trail) -> float:
    return trail.answer.seconds or 0.0


def _tokens(trail: Trail) -> float:
    return trail.answer.usage.completion_tokens if trail.answer.usage else 0


def _dollars(trail: Trail) -> float:
    return trail.answer.usage.dollars if trail.answer.usage else 0.0


def _price(trails: Iterable[Trail], paid: Callable[[Trail], float]) -> Price | None:
    """The inverse of how many kernels are solved for one: that is never divided by nothing."""
    tasks: dict[str, list[Trail]] = {}
    for trail in trails:
        tasks.setdefault(trail.task.id, []).append(trail)
    parts = [(float(any(t.is_correct for t in own)), _all(own, paid)) for own in tasks.values()]
    solved = ratio_of_sums(parts)
    if solved is None or not solved.value:
        return None
    return Price(1 / solved.value, 1 / solved.high, 1 / solved.low if solved.low else None)


def _all(own: Iterable[Trail], paid: Callable[[Trail], float]) -> float:
    """Of a task: every turn of every sample."""
    return math.fsum(paid(turn) for trail in own for turn in trail.turns)
