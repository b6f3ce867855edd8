"""How alike two programs are, and which of many are the nearest: MinHash over shingles.

A shingle is :data:`WIDTH` tokens in a row, its numbers made 0 and its names numbered as they appear
*within* it (parameterized matching; Baker, 1995): ``x[i * 64 + j]`` and ``in[row * 7 + col]`` give
the same shingles, ``x[i * 64 + i]`` gives others, and a variable added at the top changes none
below. Likeness is the Jaccard index of two sets of shingles: 1.0 for programs that are the same but
for names and numbers.

MinHash (Broder, 1997) finds who is near without comparing all sets: two signatures agree in one
place with the probability that is their sets' Jaccard index. Figures that are handed out are exact,
computed on the sets of those that the signatures proposed.

>>> corpus = Corpus([pair.cuda_code for pair in pairs])
>>> corpus.nearest(question, 3)                      # [Near(index, likeness), ...], best first
>>> clusters(corpus)                                 # the cluster of each text
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

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


def likeness(one: Sketch, other: Sketch) -> float:
    """The Jaccard index of the two sets of shingles; two empty programs are alike."""
    common = len(np.intersect1d(one.shingles, other.shingles, assume_unique=True))
    union = len(one.shingles) + len(other.shingles) - common
    return common / union if union else 1.0


class Corpus:
    """Many programs that can be asked for the neighbours of one."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.sketches = tuple(sketch(code) for code in codes)
        rows = [s.signature for s in self.sketches]
        # [texts, PERMUTATIONS]; 16 bits of a hash tell two apart well enough (Li and Koenig, 2010)
        self._signatures = np.array(rows, np.uint64).reshape(-1, PERMUTATIONS).astype(np.uint16)

    def __len__(self) -> int:
        return len(self.sketches)

    def nearest(self, code: str | Sketch, count: int, without: Sequence[int] = ()) -> list[Near]:
        """The ``count`` texts most like this one, best first; of equals the earlier one first."""
        asked = sketch(code) if isinstance(code, str) else code
        estimates = self._estimates(asked)
        estimates[list(without)] = -1.0
        # Estimates only propose: whoever may be better than he seems is looked at exactly.
        proposed = np.argsort(-estimates, kind="stable")[: count + PROPOSED]
        worst = estimates[proposed[min(count, len(proposed)) - 1]] if len(proposed) else 0.0
        allowed = proposed[estimates[proposed] >= max(0.0, worst - SLACK)]
        exact = [Near(int(i), likeness(asked, self.sketches[i])) for i in allowed]
        return sorted(exact, key=lambda near: (-near.likeness, near.index))[:count]

    def above(self, code: str | Sketch, least: float = ALIKE) -> list[Near]:
        """All texts at least so much like this one, itself included if it is one of them."""
        asked = sketch(code) if isinstance(code, str) else code
        proposed = np.flatnonzero(self._estimates(asked) >= least - SLACK)
        exact = (Near(int(i), likeness(asked, self.sketches[i])) for i in proposed)
        return [near for near in exact if near.likeness >= least]

    def _estimates(self, asked: Sketch) -> NDArray[np.float64]:
        same = self._signatures == asked.signature.astype(np.uint16)
        shares: NDArray[np.float64] = np.count_nonzero(same, axis=1) / PERMUTATIONS
        return shares


def clusters(corpus: Corpus, least: float = ALIKE) -> list[int]:
    """The cluster of each text: chains of texts, each like the next; named by its first member.

    So two texts in different clusters are less than ``least`` alike.
    """
    leader = list(range(len(corpus)))

    def find(member: int) -> int:
        while leader[member] != member:
            leader[member] = leader[leader[member]]
            member = leader[member]
        return member

    for member, known in enumerate(corpus.sketches):
        for near in corpus.above(known, least):
            one, other = find(member), find(near.index)
            leader[max(one, other)] = min(one, other)
    return [find(member) for member in range(len(corpus))]


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


__all__ = ["ALIKE", "Corpus", "Near", "Sketch", "clusters", "likeness", "sketch"]
