"""How fast a language model said its answers, and who proposed their tokens.

Figures are sums over sums, so that a long answer weighs as much as it took; intervals are over the
tasks. The answers of a batch share their passes, and each of them counts its whole time: tokens a
second are those that the reader of one answer sees, not what the machine makes of many at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hpctc.core.records import Decoding, Usage
from hpctc.score.intervals import Estimate, bootstrap, geometric_mean, median, ratio_of_sums
from hpctc.score.regions import REGIONS, Region, regions
from hpctc.score.trail import Trail

TARGET = ""
"""The source of a token that nobody proposed: the model said it itself."""


@dataclass(frozen=True)
class Pace:
    """How the answers of one run were decoded; None: what was answered elsewhere does not tell."""

    strategies: tuple[str, ...]
    answers: int
    """With text, tokens and seconds; nothing else is counted here."""
    tokens: int
    tokens_per_second: Estimate | None
    first_seconds: Estimate | None
    """To the first token, the median of the answers."""
    tokens_per_pass: Estimate | None
    """The acceptance length: what a target pass settles, its own token included."""
    accepted: Estimate | None
    """Share of the proposed tokens that the target took; None: nothing was proposed."""
    sources: Mapping[str, float]
    """Who proposed, and which share of all tokens it was; the target itself is ``""``."""
    parts: Mapping[Region, "Part"]
    """Regions of the answers that occur; empty: it was not recorded who proposed what."""


@dataclass(frozen=True, slots=True)
class Part:
    """The tokens of one region of the answers."""

    tokens: float
    """A run of tokens over two regions is shared out by its characters."""
    drafted: Estimate
    """Share of them that a draft had right."""
    sources: Mapping[str, float]
    """Who proposed, and how many tokens."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A run's answers to the same prompts, held against those of another one."""

    answers: int
    """To prompts of both; those to which neither said anything are left out."""
    identical: int
    """With the same text, to the character."""
    faster: Estimate | None
    """Geometric mean of the ratio of tokens a second; of two separate runs, so a busy host shows.
    None: no answer of both was timed."""


def pace(trails: Sequence[Trail]) -> Pace | None:
    """The figures of a run; None where no answer tells its tokens and its time."""
    known = [turn for t in trails for turn in t.turns if _rate(turn)]
    if not known:
        return None
    decoded = [t.answer.decoding for t in known if t.answer.decoding is not None]
    first = np.asarray([d.first_seconds for d in decoded])
    tokens = sum(_used(t).completion_tokens for t in known)
    return Pace(
        strategies=tuple(dict.fromkeys(d.strategy for d in decoded)),
        answers=len(known),
        tokens=tokens,
        tokens_per_second=_over(known, lambda t: _used(t).completion_tokens, _seconds),
        first_seconds=bootstrap(first, median) if decoded else None,
        tokens_per_pass=_over(known, lambda t: _used(t).completion_tokens * _is_ours(t), _passes),
        accepted=_over(known, lambda t: _of(t, "accepted"), lambda t: _of(t, "proposed")),
        sources=_sources(decoded, tokens) if decoded else {},
        parts=_parts(known),
    )


def beside(first: Sequence[Trail], other: Sequence[Trail]) -> Beside | None:
    """One run's answers against another's to the same prompts; None: they share no prompt."""
    theirs = {_key(turn): turn for t in first for turn in t.turns}
    mine = [turn for t in other for turn in t.turns]
    both = [(theirs[_key(t)], t) for t in mine if _key(t) in theirs]
    both = [(f, t) for f, t in both if f.answer.text is not None or t.answer.text is not None]
    if not both:
        return None
    ratios = [_rate(t) / before for f, t in both if (before := _rate(f)) and _rate(t)]
    return Beside(
        answers=len(both),
        identical=sum(f.answer.text == t.answer.text for f, t in both),
        faster=geometric_mean(ratios) if ratios else None,
    )


def _key(trail: Trail) -> tuple[str, int]:
    return trail.prompt.id, trail.answer.sample


def _rate(trail: Trail) -> float:
    """Tokens a second; 0: it does not tell."""
    usage, seconds = trail.answer.usage, trail.answer.seconds
    return usage.completion_tokens / seconds if usage is not None and seconds else 0.0


def _used(trail: Trail) -> Usage:
    assert trail.answer.usage is not None
    return trail.answer.usage


def _seconds(trail: Trail) -> float:
    return trail.answer.seconds or 0.0


def _is_ours(trail: Trail) -> bool:
    return trail.answer.decoding is not None


def _passes(trail: Trail) -> float:
    return trail.answer.decoding.passes if trail.answer.decoding else 0


def _of(trail: Trail, field: str) -> float:
    return float(getattr(trail.answer.decoding, field)) if trail.answer.decoding else 0.0


Figure = Callable[[Trail], float]


def _over(trails: Iterable[Trail], above: Figure, below: Figure) -> Estimate | None:
    tasks: dict[str, tuple[float, float]] = {}
    for t in trails:
        before = tasks.get(t.task.id, (0.0, 0.0))
        tasks[t.task.id] = before[0] + above(t), before[1] + below(t)
    return ratio_of_sums([*tasks.values()])


def _sources(decoded: Iterable[Decoding], tokens: int) -> dict[str, float]:
    """Who proposed which share of the tokens, the greatest first, the target itself last."""
    counts: dict[str, int] = {}
    for d in decoded:
        for source, count in d.sources.items():
            counts[source] = counts.get(source, 0) + count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    left = tokens - sum(counts.values())
    return {source: count / tokens for source, count in (*ranked, (TARGET, left))}


# --- regions ---

Counts = Mapping[Region, Mapping[str, float]]
"""Region -> source -> tokens."""


def _parts(trails: Iterable[Trail]) -> dict[Region, Part]:
    """The regions that occur, in their order."""
    tasks: dict[str, list[Counts]] = {}
    for trail in trails:
        if trail.answer.decoding is not None and trail.answer.decoding.spans:
            tasks.setdefault(trail.task.id, []).append(counts(trail))
    found = {}
    for region in REGIONS:
        sums = [_summed(c.get(region, {}) for c in own) for own in tasks.values()]
        total = _summed(sums)
        drafted = ratio_of_sums([(_drafted(s), sum(s.values())) for s in sums])
        if drafted is not None:
            found[region] = Part(sum(total.values()), drafted, total)
    return found


def _summed(many: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for one in many:
        for source, tokens in one.items():
            total[source] = total.get(source, 0.0) + tokens
    return total


def _drafted(tokens: Mapping[str, float]) -> float:
    return sum(count for source, count in tokens.items() if source != TARGET)


def counts(trail: Trail) -> Counts:
    """Who proposed the tokens of each region of one answer."""
    answer = trail.answer
    if answer.decoding is None or not answer.text:
        return {}
    cuda = trail.task.pair.cuda_code
    return _counted(answer.text, trail.candidate.source, cuda, tuple(answer.decoding.spans))


@lru_cache(maxsize=4096)
def _counted(
    text: str, source: str | None, cuda: str, spans: tuple[tuple[str, int, int], ...]
) -> Counts:
    """A report asks for the same one in several places."""
    labels = regions(text, source, cuda)
    found: dict[Region, dict[str, float]] = {}
    at = 0
    for who, tokens, characters in spans:
        # A run without a character of its own lies where the next one begins.
        begin = min(at, len(labels) - 1)
        inside = labels[begin : begin + max(characters, 1)]
        numbers, held = np.unique(inside, return_counts=True)
        for number, share in zip(numbers, held / held.sum(), strict=True):
            own = found.setdefault(REGIONS[number], {})
            own[who] = own.get(who, 0.0) + tokens * float(share)
        at += characters
    return found
