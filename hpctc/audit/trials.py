"""What published records are tried on: inputs by seed and range, and when two results agree."""

from collections.abc import Sequence
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

    wrong: Array
    """Boolean, by element: both are numbers, and not the same."""
    lone: Array
    """Boolean, by element: only one is a finite number."""
    same: Array
    """Boolean, by element: both are finite numbers, and the same."""


def difference(got: Array, wanted: Array) -> Difference:
    """Compare two arrays of one output; where neither is finite, nothing is told by it."""
    a, b = (x.reshape(-1).astype(np.float64) for x in (got, wanted))
    both, lone = np.isfinite(a) & np.isfinite(b), np.isfinite(a) ^ np.isfinite(b)
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.mean()) if finite.size else 1.0
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= TOLERANCE * (np.abs(b) + scale)
    return Difference(both & ~near, lone, both & near)


def equal(got: Array, wanted: Array) -> bool:
    """Whether two arrays count as the same output."""
    found = difference(got, wanted)
    return not found.wrong.any() and not found.lone.any()


def disagreement(name: str, sides: Sequence[tuple[Trial, Array, Array]], who: str) -> str | None:
    """Where two sides differ in an output over some trials, in words; None: they agree.

    Beyond the domain of a function one side may make a NaN of an input and the other a number, as
    min and max in C and in CUDA do. So where only one is finite, that counts if the element was
    the same on no other trial: what is never written, never is.
    """
    compared = [(trial, a, b, difference(a, b)) for trial, a, b in sides]
    seen = np.logical_or.reduce([d.same for *_, d in compared])
    for trial, a, b, found in compared:
        bad = found.wrong | (found.lone & ~seen)
        if bad.any():
            i = int(np.argmax(bad))
            x, y = a.reshape(-1)[i].item(), b.reshape(-1)[i].item()
            count = f"{int(bad.sum())} of {bad.size} differ"
            return f"{name}[{i}] is {x:.7g}, not {y:.7g}; {count} ({who}, {trial})"
    return None
