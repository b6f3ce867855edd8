"""What published records are tried on: inputs by seed and range, and when two results agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hpctc.core.records import Tensor
from hpctc.native.call import Array

TOLERANCE = 1e-3
"""Largest |a - b| / (|b| + mean |b|) of two orders of summing; mistakes are larger."""


@dataclass(frozen=True)
class Trial:
    """One way to fill the inputs."""

    seed: int
    name: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}"

    def draw(self, tensors: Sequence[Tensor]) -> dict[str, Array]:
        """An array for each input. Integers are 0 or 1: they may be indices."""
        random = np.random.default_rng(self.seed)
        made = {}
        for tensor in tensors:
            if np.dtype(tensor.dtype).kind == "f":
                values: Array = random.uniform(self.low, self.high, tensor.shape)
            else:
                values = random.integers(0, 2, tensor.shape)
            made[tensor.name] = values.astype(tensor.dtype)
        return made


UNIT = Trial(1, "[0, 1)", 0.0, 1.0)
"""What the published benchmark itself draws."""

TRIALS = (UNIT, Trial(2, "[-2, 2)", -2.0, 2.0), Trial(3, "[1, 4)", 1.0, 4.0))
"""The last one is where acosh lives."""


@dataclass(frozen=True)
class Difference:
    """How one array differs from another."""

    error: float
    """Largest |a - b| / (|b| + mean |b|); infinite where only one is finite."""
    wrong: int
    words: str
    """The first element that differs."""


def difference(name: str, got: Array, wanted: Array) -> Difference:
    """Compare two arrays of one output; where both are NaN or infinite, nothing is told by it."""
    a, b = got.reshape(-1).astype(np.float64), wanted.reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        same = (a == b) | ~(np.isfinite(a) | np.isfinite(b))
        finite = np.abs(b[np.isfinite(b)])
        scale = float(finite.mean()) if finite.size else 1.0
        gap = np.where(same, 0.0, np.abs(a - b) / (np.abs(b) + scale + 1e-30))
        gap = np.where(np.isfinite(gap), gap, np.inf)
    bad = gap > TOLERANCE
    words = ""
    if bad.any():
        i = int(np.argmax(bad))
        words = f"{name}[{i}] is {a[i]:.7g}, not {b[i]:.7g}; {int(bad.sum())} of {bad.size} differ"
    return Difference(float(gap.max(initial=0.0)), int(bad.sum()), words)


def worst(
    got: Mapping[str, Array], wanted: Mapping[str, Array], outputs: Sequence[Tensor]
) -> Difference:
    """The output that differs most; of longer arrays only the elements that the outputs have."""
    found = []
    for tensor in outputs:
        size = int(np.prod(tensor.shape, dtype=np.int64))
        one, other = (a[tensor.name].reshape(-1)[:size] for a in (got, wanted))
        found.append(difference(tensor.name, one, other))
    return max(found, key=lambda d: (d.wrong > 0, d.error), default=Difference(0.0, 0, ""))
