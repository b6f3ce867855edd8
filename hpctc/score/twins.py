"""How far the scores of contamination twins fall below those of their originals.

A model that answers from memory is right where the task looks as it was published, and wrong where
the same is asked in other words. Each twin is held against its own original, so the difference is
paired; its interval is a bootstrap over the tasks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hpctc.core.twins import kind_of, original_of
from hpctc.score.intervals import Estimate, bootstrap, mean
from hpctc.score.trail import Trail


@dataclass(frozen=True, slots=True)
class Drop:
    """One kind of twins."""

    kind: str
    tasks: int
    """Twins whose original is in the run."""
    originals: float
    """Share of the originals' samples that are correct, of the mean task."""
    twins: float
    drop: Estimate
    """``originals - twins``, task by task."""


def drops(trails: Iterable[Trail]) -> list[Drop]:
    """One entry a kind, in the order of the run; twins whose original is not in it do not count."""
    known = list(trails)
    right: dict[str, list[bool]] = {}
    for trail in known:
        right.setdefault(trail.task.of, []).append(trail.is_correct)
    pairs: dict[str, dict[str, str]] = {}
    for trail in known:
        kind, original = kind_of(trail.task.pair.provenance), original_of(trail.task.pair)
        if kind is not None and original in right:
            pairs.setdefault(kind, {})[trail.task.of] = original
    made = []
    for kind, found in pairs.items():
        before = np.array([np.mean(right[original]) for original in found.values()])
        after = np.array([np.mean(right[twin]) for twin in found])
        drop = bootstrap(before - after, mean)
        made.append(Drop(kind, len(found), float(before.mean()), float(after.mean()), drop))
    return made
