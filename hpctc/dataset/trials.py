"""What a pair is tried on: inputs by seed and distribution, the right results, how near is enough.

Everything here follows from the graph alone, so it owes nothing to either source of the pair.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hpctc.graph.compare import disagreement
from hpctc.graph.cost import flops, nbytes
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw
from hpctc.graph.reference import Reference, reference
from hpctc.native.call import Array

TRIALS = ((1, "uniform"), (2, "large"), (3, "zeros"), (4, "repeats"), (5, "normal"))
"""Seed and distribution of each trial, most telling first."""

HEAVY = 20_000_000
"""Operations and bytes above which two trials must do."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of inputs with what is right on them."""

    seed: int
    distribution: str
    inputs: Mapping[str, Array]
    right: Reference

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.distribution}"


def trials(graph: Graph) -> list[Trial]:
    """The trials of a graph; a heavy one gets the first two."""
    heavy = flops(graph) + nbytes(graph) > HEAVY
    made = []
    for seed, distribution in TRIALS[:2] if heavy else TRIALS:
        inputs = draw(graph, seed, distribution)
        made.append(Trial(seed, distribution, inputs, reference(graph, inputs, seed)))
    return made


def error(name: str, got: Array, trial: Trial) -> float:
    """Largest |got - right| / (|right| + 1) of an output; infinite where it is no such value."""
    if got.dtype.kind == "b" and (got.view(np.uint8) > 1).any():
        return float("inf")  # a bool of another byte is none, whatever numpy makes of it
    return disagreement(trial.right.outputs[name], got, trial.right.undecided[name])


def passes(name: str, got: Array, trial: Trial) -> bool:
    """Whether an output counts as right."""
    return error(name, got, trial) <= trial.right.tolerance


def first_wrong(name: str, got: Array, trial: Trial) -> str:
    """The first element that does not count as right, in words: ``y[0, 3] is 1.5, not 2``."""
    right = trial.right.outputs[name]
    with np.errstate(all="ignore"):
        distance = np.abs(got.astype(np.float64) - right) / (np.abs(right.astype(np.float64)) + 1)
    bad = ~(distance <= trial.right.tolerance) & ~trial.right.undecided[name]
    if not bad.any():
        return f"{name} holds bytes that are no bool"
    index = np.unravel_index(int(np.argmax(bad)), bad.shape)
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    value, wanted = got[index].item(), right[index].item()
    return f"{name}{place} is {value:.9g}, not {wanted:.9g}; {int(bad.sum())} of {bad.size} differ"


def rounded(value: float) -> float:
    """Two digits: more would differ between hosts whose arithmetic is equally right."""
    return float(f"{value:.1e}")
