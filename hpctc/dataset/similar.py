"""How alike two programs are, and which of many are the nearest: MinHash over shingles.

A shingle is :data:`WIDTH` tokens in a row, its numbers made 0 and its names numbered as they appear
*within* it (parameterized matching; Baker, 1995): ``x[i * 64 + j]`` and ``in[row * 7 + col]`` give
the same shingles, ``x[i * 64 + i]`` gives others, and a variable added at the top changes none
below. Likeness is the Jaccard index of two sets of shingles: 1.0 for programs that are the same but
for names and numbers.

MinHash (Broder, 1997) finds who is near without comparing all sets: two signatures agree in one
place with the probability that is their sets' Jaccard index. Figures that are handed out are exact,
computed on the sets of those that the signatures proposed.

A *work* is one text, or several that belong together: the two sides of a pair. Two works are as
alike as the more alike of their sides, since either side would give the answer away.

>>> corpus = Corpus(pair.cuda_code for pair in pairs)           # or (cuda_code, c_code)
>>> corpus.nearest(work(question), 3)                           # [Near(index, likeness), ...]
>>> clusters(corpus)                                            # the cluster of each work
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from hpctc.dataset.disjoint import Disjoint
from hpctc.syntax.tokens import Token, tokens

WIDTH = 8
"""Tokens of a shingle."""

PERMUTATIONS = 128
"""Places of a signature: one standard error of an estimate is at most 0.044."""

SEED = 1
"""Of the permutations."""

ALIKE = 0.8
"""Likeness from which on two programs are one program at two extents, with a line changed."""

SLACK = 0.15
"""An estimate may be so much too low, beyond three standard errors, and the pair still be seen."""

PROPOSED = 64
"""Texts that are looked at exactly beyond those that are asked for, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What is kept of a program."""

    shingles: NDArray[np.uint64]
    """Hashes, each once, ascending."""
    signature: NDArray[np.uint64]
    """[PERMUTATIONS]"""


Work = tuple[Sketch, ...]
"""The sketches of a work, one a side."""


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour: which one, and how alike."""

    index: int
    likeness: float


@lru_cache(maxsize=4096)
def sketch(code: str) -> Sketch:
    """The shingles of a C or CUDA text and their MinHash signature; the same on every machine."""
    from datasketch import MinHash  # loads scipy, which most importers never need

    found = np.unique(np.fromiter(_shingles(tokens(code)), dtype=np.uint64))
    minhash = MinHash(PERMUTATIONS, seed=SEED, hashfunc=int, scheme="affine64")
    minhash.update_batch(found)
    return Sketch(found, minhash.hashvalues)


def work(*sides: str) -> Work:
    """A work of these texts."""
    return tuple(map(sketch, sides))


def likeness(one: Work, other: Work) -> float:
    """How alike two works are, in [0, 1]: the larger of what their sides are."""
    return max(_jaccard(a, b) for a, b in zip(one, other, strict=True))


class Corpus:
    """Many works that can be asked for the neighbours of one."""

    def __init__(self, works: Iterable[str | Sequence[str]]) -> None:
        self.works = tuple(work(*([w] if isinstance(w, str) else w)) for w in works)
        rows = [[side.signature for side in w] for w in self.works]
        # [works, sides, PERMUTATIONS]; 16 bits tell two hashes apart well enough (Li, Koenig, 2010)
        self._signatures = np.array(rows, np.uint64).astype(np.uint16)

    def __len__(self) -> int:
        return len(self.works)

    def nearest(self, asked: Work, count: int, without: Sequence[int] = ()) -> list[Near]:
        """The ``count`` works most like this one, best first; of equals the earlier one first."""
        estimates = self._estimates(asked)
        estimates[list(without)] = -1.0
        # Estimates only propose: whoever may be better than he seems is looked at exactly.
        proposed = np.argsort(-estimates, kind="stable")[: count + PROPOSED]
        worst = estimates[proposed[min(count, len(proposed)) - 1]] if len(proposed) else 0.0
        allowed = proposed[estimates[proposed] >= max(0.0, worst - SLACK)]
        exact = [Near(int(i), likeness(asked, self.works[i])) for i in allowed]
        return sorted(exact, key=lambda near: (-near.likeness, near.index))[:count]

    def above(self, asked: Work, least: float = ALIKE) -> list[Near]:
        """All works at least so much like this one, itself included if it is one of them."""
        proposed = np.flatnonzero(self._estimates(asked) >= least - SLACK)
        exact = (Near(int(i), likeness(asked, self.works[i])) for i in proposed)
        return [near for near in exact if near.likeness >= least]

    def _estimates(self, asked: Work) -> NDArray[np.float64]:
        if not self.works:
            return np.zeros(0)
        same = self._signatures == np.array([s.signature for s in asked]).astype(np.uint16)
        shares: NDArray[np.float64] = np.count_nonzero(same, axis=2).max(axis=1) / PERMUTATIONS
        return shares


def clusters(corpus: Corpus, least: float = ALIKE) -> list[int]:
    """The cluster of each work: chains of works, each like the next; named by its first member.

    So two works in different clusters are less than ``least`` alike.
    """
    found = Disjoint[int]()
    for member, known in enumerate(corpus.works):
        for near in corpus.above(known, least):
            found.join(member, near.index)
    return [found.find(member) for member in range(len(corpus))]


def _jaccard(one: Sketch, other: Sketch) -> float:
    """Shared shingles over all; two empty texts are alike."""
    common = len(np.intersect1d(one.shingles, other.shingles, assume_unique=True))
    union = len(one.shingles) + len(other.shingles) - common
    return common / union if union else 1.0


def _shingles(found: Sequence[Token]) -> Iterator[int]:
    """Hashes of all windows; a text that is shorter than a window is one shingle."""
    for start in range(max(1, len(found) - WIDTH + 1) if found else 0):
        order: dict[str, str] = {}
        words = [
            order.setdefault(text, f"\0{len(order)}") if kind == "name" else
            "0" if kind == "number" else text
            for kind, text in found[start : start + WIDTH]
        ]  # fmt: skip
        digest = blake2b("\n".join(words).encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "little")


__all__ = ["ALIKE", "Corpus", "Near", "Sketch", "Work", "clusters", "likeness", "sketch", "work"]
