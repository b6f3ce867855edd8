"""The smallest grid of a kernel that writes what is needed of a buffer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hpctc.audit.kernels import XYZ, Extents, Kernel
from hpctc.audit.values import Array

MOST_BLOCKS = 1 << 22
"""Blocks of a grid that the search goes up to."""

MOST_ELEMENTS = 1 << 24
"""Elements beyond which a kernel counts as unguarded."""


@dataclass(frozen=True)
class Fit:
    """The smallest grid that writes what is needed, as far as any grid does."""

    grid: Extents
    missing: Array
    """Boolean, by element: needed, and written by no grid."""


def fit(shape: Kernel, parameter: str, need: Array) -> Fit:
    """The smallest grid whose stores cover ``need``."""
    axes = shape.grid_axes
    if axes in ("", "x"):
        grid = (_line(shape, parameter, need), 1, 1) if axes else (1, 1, 1)
    else:
        grid = _box(shape, parameter, need)
    return Fit(grid, need & ~_covered(shape, parameter, need, grid))


def reach(shape: Kernel, parameter: str) -> Array | None:
    """All that a kernel's guards let it write, whatever its grid; None where nothing stops it."""
    if shape.grid_axes not in ("", "x"):
        return None
    blocks, found = 1, shape.touches(parameter, True, (1, 1, 1)).mask
    while blocks < MOST_BLOCKS and found.size < MOST_ELEMENTS:
        more = shape.touches(parameter, True, (2 * blocks, 1, 1)).mask
        if more.sum() == found.sum():
            return found
        blocks, found = 2 * blocks, more
    return None


def _covered(shape: Kernel, parameter: str, need: Array, grid: Extents) -> Array:
    """Which of the needed elements a grid writes."""
    mask = shape.touches(parameter, True, grid).mask[: need.size]
    made = np.zeros(need.size, bool)
    made[: mask.size] = mask
    return made & need


def _line(shape: Kernel, parameter: str, need: Array) -> int:
    """The smallest one-dimensional grid that covers as much as any."""

    def count(blocks: int) -> int:
        return int(_covered(shape, parameter, need, (blocks, 1, 1)).sum())

    wanted = int(need.sum())
    first = max(1, count(1))
    guess = max(1, -(-wanted // first))
    reached = count(guess)
    while reached < wanted and guess < MOST_BLOCKS:
        more = count(2 * guess)
        if more == reached:
            break
        guess, reached = 2 * guess, more
    if guess > 1 and count(guess - 1) == reached:
        low, high = 1, guess - 1  # count(high) is enough, that below low is not
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if count(middle) == reached else (middle + 1, high)
        return high
    return guess


def _box(shape: Kernel, parameter: str, need: Array) -> Extents:
    """A grid of several dimensions: each goes on until its blocks write what others have written.

    The step of a dimension is how far its second block lies from its first; dimensions are measured
    from the smallest step to the largest, the last one until all that is needed is covered.
    """
    steps = {c: _step(shape, parameter, c) for c in shape.grid_axes}
    order = sorted(shape.grid_axes, key=lambda c: steps[c])
    grid = {"x": 1, "y": 1, "z": 1}
    for c in order[:-1]:
        others = [o for o in order if o != c]
        taken = shape.block_touches(parameter, (0, 0, 0)).mask
        for other in others:
            if steps[other] > steps[c]:
                taken = _union(taken, shape.block_touches(parameter, _at(other, 1)).mask)
        extent = 1
        while extent < MOST_BLOCKS:
            here = shape.block_touches(parameter, _at(c, extent)).mask
            short = min(here.size, taken.size)
            if not here.any() or (here[:short] & taken[:short]).any():
                break
            extent += 1
        grid[c] = extent
    last = order[-1]
    made = int(_covered(shape, parameter, need, _triple(grid)).sum())
    grid[last] = max(1, -(-int(need.sum()) // max(1, made)))
    return _triple(grid)


def _step(shape: Kernel, parameter: str, axis: str) -> int:
    first, second = (shape.block_touches(parameter, _at(axis, i)).mask for i in (0, 1))
    if not second.any():
        return 1 << 62
    return int(np.argmax(second)) - int(np.argmax(first)) or 1


def _union(one: Array, other: Array) -> Array:
    long, short = sorted((one, other), key=len, reverse=True)
    made = long.copy()
    made[: short.size] |= short
    return made


def _at(axis: str, block: int) -> Extents:
    return _triple({c: block if c == axis else 0 for c in XYZ})


def _triple(extents: Mapping[str, int]) -> Extents:
    return extents["x"], extents["y"], extents["z"]


def readers_grid(shape: Kernel, wanted: Mapping[str, Array]) -> Extents:
    """A grid for stores that go where the data says: what the C reads of its inputs is read."""
    grid = {"x": 1, "y": 1, "z": 1}
    for parameter, mask in wanted.items():
        for axis in shape.grid_axes:
            grid[axis] = max(grid[axis], _reading(shape, parameter, mask, axis))
    return _triple(grid)


def _reading(shape: Kernel, parameter: str, mask: Array, axis: str) -> int:
    """Blocks along an axis until nothing new inside ``mask`` is read, the others being at 0."""
    extent = 1
    seen = 0
    while extent < MOST_BLOCKS:
        grid = _triple({c: extent if c == axis else 1 for c in XYZ})
        found = shape.touches(parameter, False, grid).mask[: mask.size]
        if (count := int(found.sum())) == seen:
            return max(1, extent - 1)
        seen, extent = count, extent + 1
    return 1
