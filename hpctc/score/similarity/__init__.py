"""How alike two C texts are, after CodeBLEU (Ren et al., 2020).

Four parts, each in [0, 1] and each asking another question: the same words in the same order
(BLEU), the same keywords, the same syntax whatever the names, the same flow of data. The figure is
their mean. It says nothing about right or fast; it says whether an answer resembles the reference.

tree-sitter reads the texts, as it gives a tree for broken code too. The dataflow is our own
reading of C: an edge for every variable that a declaration, an assignment or an update takes a
value from.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hpctc.score.intervals import Estimate, bootstrap, mean
from hpctc.score.similarity.dataflow import flow_match
from hpctc.score.similarity.ngram import bleu, keyword_match
from hpctc.score.similarity.tree import parse, tokens, tree_match
from hpctc.score.trail import Trail


@dataclass(frozen=True, slots=True)
class Similarity:
    """The four parts of CodeBLEU."""

    ngram: float
    """BLEU over tokens, up to 4 in a row."""
    keywords: float
    """Weighted unigrams: a keyword counts five times a name."""
    tree: float
    """Share of the reference's subtrees that occur, names and constants aside."""
    dataflow: float | None
    """Share of the reference's data flow that occurs; None: the reference has none."""

    @property
    def value(self) -> float:
        """The mean of the parts that there are."""
        parts = [self.ngram, self.keywords, self.tree]
        parts += [self.dataflow] if self.dataflow is not None else []
        return sum(parts) / len(parts)

    @property
    def words(self) -> str:
        """The parts in one line."""
        flow = "none" if self.dataflow is None else f"{self.dataflow:.2f}"
        return (
            f"words {self.ngram:.2f}, keywords {self.keywords:.2f}, "
            f"syntax {self.tree:.2f}, data flow {flow}"
        )


@lru_cache(maxsize=4096)
def similarity(candidate: str, reference: str) -> Similarity:
    """How much of ``reference`` is in ``candidate``; neither has to be valid C."""
    mine, theirs = parse(candidate), parse(reference)
    words, wanted = tokens(mine), tokens(theirs)
    return Similarity(
        ngram=bleu(words, wanted),
        keywords=keyword_match(words, wanted),
        tree=tree_match(mine, theirs),
        dataflow=flow_match(mine, theirs),
    )


def likeness(trails: Iterable[Trail]) -> Estimate | None:
    """The mean over the tasks of the samples' similarity to the pair's own C, right or wrong.

    None where no answer held any C.
    """
    found: dict[str, list[float]] = {}
    for trail in trails:
        if (source := trail.candidate.source) is not None:
            value = similarity(source, trail.task.pair.c_code).value
            found.setdefault(trail.task.id, []).append(value)
    means = [math.fsum(values) / len(values) for values in found.values()]
    return bootstrap(np.asarray(means), mean) if means else None
