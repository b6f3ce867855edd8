"""What a constant array is, so that it can be said without storing it.

Graphs have inputs and literals, but no stored arrays. A constant that a model brings along (a
causal mask, a table of positions) is said by structure where it has one, and becomes an input
with its own values as the domain where it has none.
"""

from dataclasses import dataclass

import numpy as np

from hpctc.graph.op import Array

FAR = 1e4
"""Stands for infinity, as everybody's additive masks do: ``exp(-FAR)`` is 0 in any float."""


@dataclass(frozen=True, slots=True)
class Triangle:
    """A matrix of two values: ``below`` where ``j <= i + k``, ``above`` elsewhere."""

    k: int
    below: float
    above: float


def uniform(array: Array) -> float | int | bool | None:
    """The one value of all elements; None if they differ."""
    if not array.size:
        return None
    first = array.reshape(-1)[0]
    return first.item() if bool(np.all(array == first)) else None


def triangle(array: Array) -> Triangle | None:
    """The triangle that the last two axes hold, the same in all leading ones; None: they do not."""
    if array.ndim < 2 or min(array.shape[-2:]) < 2:
        return None
    matrix = array.reshape(-1, *array.shape[-2:])
    if not bool(np.all(matrix == matrix[:1])):
        return None
    matrix = matrix[0]
    rows, columns = matrix.shape
    below, above = matrix[-1, 0], matrix[0, -1]
    if below == above:
        return None
    # In the first row, the values below the diagonal are those up to column k; a negative k shows
    # in the first column.
    k = int(np.sum(matrix[0] == below)) - 1
    if k < 0:
        k = -int(np.sum(matrix[:, 0] == above))
    right = np.where(np.tri(rows, columns, k, dtype=bool), below, above)
    return Triangle(k, below.item(), above.item()) if bool(np.all(right == matrix)) else None


def finite(array: Array) -> Array:
    """The array with :data:`FAR` for infinity and 0 for NaN, in an element type of ours."""
    if array.dtype.kind == "f":
        # A NaN stands where a model wants to be told of a NaN, which no legal graph has.
        odd = not bool(np.all(np.isfinite(array)))
        kept = np.nan_to_num(array, nan=0.0, posinf=FAR, neginf=-FAR) if odd else array
        return np.asarray(kept, dtype=np.float16 if array.dtype == np.float16 else np.float32)
    if array.dtype in (np.bool_, np.int8):
        return array
    return np.asarray(array.astype(np.int32))
