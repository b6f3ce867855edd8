"""Who is akin to whom in a dataset, and what a release says of it in columns.

Three ways to be akin: by *descent* (a graph and what it was rewritten from), by *wiring* (the same
operators fed the same way, whatever the extents and names) and by *text* (either side at least
:data:`~hpctc.dataset.similar.ALIKE` like the other's, numbers and names aside).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hpctc.core.records import Pair
from hpctc.dataset.similar import Corpus, clusters
from hpctc.dataset.wiring import skeleton

DIGITS = 4
"""Of a likeness in a column."""


class Kinship:
    """Pairs that were compared with each other."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = tuple(pairs)
        self.corpus = Corpus((p.cuda_code, p.c_code) for p in pairs)

    def alike(self, index: int) -> list[int]:
        """The other pairs whose text is alike."""
        found = self.corpus.above(self.corpus.works[index])
        return [near.index for near in found if near.index != index]


@dataclass(frozen=True, slots=True)
class Kin:
    """The columns that a release has besides a pair's own fields."""

    family: str
    """The hash of the graph's wiring: pairs that differ in extents and schedule share it."""
    cluster: str
    """Pairs alike in text, by chains; the least id among them."""
    nearest: str | None
    """The id of the pair in the release that is most like this one; None: there is no other."""
    nearest_likeness: float | None
    train_likeness: float | None
    """Likeness of the nearest *other* pair of ``train``: how much of this one training shows."""


def columns(known: Kinship, train: Sequence[int]) -> list[Kin]:
    """The columns of each pair; ``train`` are the positions of those in that split."""
    ids = [p.id for p in known.pairs]
    grouped = clusters(known.corpus)
    least: dict[int, str] = {}
    for name, cluster in zip(ids, grouped, strict=True):
        least[cluster] = min(name, least.get(cluster, name))
    rest = sorted(set(range(len(ids))) - set(train))
    made = []
    for index, pair in enumerate(known.pairs):
        own = known.corpus.works[index]
        near = next(iter(known.corpus.nearest(own, 1, [index])), None)
        taught = next(iter(known.corpus.nearest(own, 1, [index, *rest])), None)
        made.append(
            Kin(
                family=skeleton(pair.graph),
                cluster=least[grouped[index]],
                nearest=ids[near.index] if near else None,
                nearest_likeness=round(near.likeness, DIGITS) if near else None,
                train_likeness=round(taught.likeness, DIGITS) if taught else None,
            )
        )
    return made
