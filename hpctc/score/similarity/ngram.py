"""Words in a row: BLEU (Papineni et al., 2002), and CodeBLEU's weighted unigrams."""

import math
from collections import Counter
from collections.abc import Sequence

LONGEST = 4
KEYWORD_WEIGHT = 5.0
"""A keyword counts so many times a name, as in CodeBLEU."""

TINY = 0.1
"""Stands for a count of none, so that one missing length does not make the whole zero
(Chen and Cherry, 2014, method 1)."""

KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef
    union unsigned void volatile while bool int8_t int16_t int32_t int64_t uint8_t uint16_t
    uint32_t uint64_t size_t #pragma #include #define
    """.split()  # noqa: SIM905  # a list of forty strings is no easier to read
)


def bleu(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Geometric mean of the clipped precisions of 1 to 4 words, times the brevity penalty."""
    longest = min(LONGEST, len(candidate), len(reference))
    if longest == 0:
        return float(not candidate and not reference)
    logs = [math.log(_precision(candidate, reference, n)) for n in range(1, longest + 1)]
    return _brevity(candidate, reference) * math.exp(math.fsum(logs) / longest)


def keyword_match(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Clipped precision of single words, weighted, times the brevity penalty."""
    mine, theirs = Counter(candidate), Counter(reference)
    total = sum(_weight(word) * count for word, count in mine.items())
    if not total:
        return float(not reference)
    common = sum(_weight(word) * count for word, count in (mine & theirs).items())
    return _brevity(candidate, reference) * common / total


def _precision(candidate: Sequence[str], reference: Sequence[str], n: int) -> float:
    mine, theirs = (
        Counter(zip(*(w[i:] for i in range(n)), strict=False)) for w in (candidate, reference)
    )
    return max((mine & theirs).total(), TINY) / mine.total()


def _brevity(candidate: Sequence[str], reference: Sequence[str]) -> float:
    if not candidate:
        return 0.0
    return min(1.0, math.exp(1 - len(reference) / len(candidate)))


def _weight(word: str) -> float:
    return KEYWORD_WEIGHT if word in KEYWORDS else 1.0
