"""Examples for a prompt: the pairs of a dataset most like a kernel, and never one of its own kin.

An example that computes what the task computes would give the answer away. So all that may be one
computation, up to sizes, names and the order of writing, is one *cluster*, and a cluster never
shows its members to each other. Two pairs are of one cluster if they

* have one graph, or one was rewritten from the other, or both from a third (descent);
* have graphs wired alike, whatever the extents and names (:func:`~hpctc.dataset.wiring.skeleton`);
* have graphs of the same operators, each as often, in whatever order or wiring;
* are alike in their CUDA text, numbers and names aside (:data:`~hpctc.dataset.similar.ALIKE`);

or are linked by a chain of the first three. What is left is ranked by the likeness of CUDA texts,
and of one cluster only the nearest is shown.
"""

from collections.abc import Iterator, Sequence

from hpctc.core.records import Pair
from hpctc.dataset.disjoint import Disjoint
from hpctc.dataset.similar import Corpus, work
from hpctc.dataset.wiring import graph_id, parsed, skeleton

LONGEST = 8000
"""Characters of CUDA and C of an example: a longer one would cost more context than it is worth."""


class Neighbours:
    """A dataset that is asked for examples."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._clusters = Disjoint[str]()
        for pair in pairs:  # the long ones too: they may link others
            for mark in _marks(pair):
                self._clusters.join(pair.id, mark)
        self.pairs = tuple(p for p in pairs if len(p.cuda_code) + len(p.c_code) <= LONGEST)
        self._of = [self._clusters.find(p.id) for p in self.pairs]
        self._corpus = Corpus(p.cuda_code for p in self.pairs)

    def of(self, pair: Pair, count: int) -> list[Pair]:
        """At most ``count`` examples for a pair whose graph is known, the nearest last."""
        kin = {self._clusters.find(mark) for mark in _marks(pair)}
        return self._nearest(pair.cuda_code, kin, count)

    def like(self, cuda_code: str, count: int) -> list[Pair]:
        """The same for CUDA of which nothing else is known: its cluster shows in its text alone."""
        return self._nearest(cuda_code, set(), count)

    def _nearest(self, cuda_code: str, kin: set[str], count: int) -> list[Pair]:
        asked = work(cuda_code)
        out = kin | {self._of[near.index] for near in self._corpus.above(asked)}
        found: list[Pair] = []
        while len(found) < count:
            without = [i for i, cluster in enumerate(self._of) if cluster in out]
            if len(without) == len(self.pairs):
                break
            (near,) = self._corpus.nearest(asked, 1, without)
            found.append(self.pairs[near.index])
            out.add(self._of[near.index])
        return found[::-1]


def _marks(pair: Pair) -> Iterator[str]:
    """What a pair has in common with its kin: ids and hashes that none but they have."""
    yield pair.id
    yield from pair.provenance.parents
    yield graph_id(pair.graph)
    yield skeleton(pair.graph)
    yield " ".join(["operators", *sorted(node.op for node in parsed(pair.graph).nodes)])


__all__ = ["LONGEST", "Neighbours"]
