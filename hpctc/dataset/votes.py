"""The sides of a pair as voters: what each computed, and whether they agree with each other.

The pair's C, its CUDA in the emulator, its CUDA through the rule transpiler and, where there is
one, its CUDA on a GPU share the source text at most: one front end is g++'s, one is ours, one is
NVIDIA's. So a mistake of one of them shows as a vote against the others, even where all of them
lie within the tolerance of the float64 meaning.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from hpctc.core.records import Check
from hpctc.dataset.folder import Stage
from hpctc.dataset.rejection import Rejection
from hpctc.dataset.trials import Trial, error, first_wrong, rounded
from hpctc.graph.compare import disagreement
from hpctc.native.call import Array

VOTING = 2
"""Trials on which every side votes, the first ones: two seeds and two distributions."""


class Votes:
    """Collects what the sides compute on the first :data:`VOTING` trials of one pair."""

    def __init__(self, tried: Sequence[Trial]) -> None:
        self.trials = tried[:VOTING]
        self._cast: dict[str, list[Mapping[str, Array]]] = {}

    def cast(self, side: str, outputs: Mapping[str, Array]) -> None:
        """Add a side's outputs on its next trial; the arrays are copied."""
        kept = {name: np.array(values) for name, values in outputs.items()}
        self._cast.setdefault(side, []).append(kept)

    def agreement(self) -> Check:
        """Hold every two sides against each other.

        Raises:
            Rejection: They differ by more than the tolerance of the float64 meaning.
        """
        worst = 0.0
        for (one, mine), (other, theirs) in combinations(self._cast.items(), 2):
            for trial, a, b in zip(self.trials, mine, theirs, strict=True):
                found = max(_distance(name, a[name], b[name], trial) for name in a)
                if not found <= trial.right.tolerance:
                    words = f"{one} and {other} differ by {found:.1e} ({trial})"
                    raise Rejection("compare", "two sides disagree", words)
                worst = max(worst, found)
        return Check(
            what="sides agree",
            seeds=tuple(t.seed for t in self.trials),
            max_error=rounded(worst),
            tolerance=rounded(max(t.right.tolerance for t in self.trials)),
            detail=", ".join(self._cast),
        )


def judged(side: str, stage: Stage, outputs: Mapping[str, Array], trial: Trial) -> float:
    """The largest error of a side's outputs against the float64 meaning.

    Raises:
        Rejection: It is beyond the tolerance; ``side`` is what the reason calls the side.
    """
    worst = 0.0
    for name, got in outputs.items():
        found = error(name, got, trial)
        if not found <= trial.right.tolerance:
            words = f"{first_wrong(name, got, trial)} ({trial})"
            raise Rejection(stage, f"{side} computes something else", words)
        worst = max(worst, found)
    return worst


def _distance(name: str, one: Array, other: Array, trial: Trial) -> float:
    right = one.astype(np.float64) if one.dtype.kind == "f" else one
    return disagreement(right, other, trial.right.undecided[name])


__all__ = ["VOTING", "Votes", "judged"]
