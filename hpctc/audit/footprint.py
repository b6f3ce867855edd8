"""The set of elements that an access touches, over given blocks, all threads and its loops."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpctc.audit.accesses import Access, Loop, names
from hpctc.audit.values import Array, Unknown, evaluate

CHUNK = 1 << 21
"""Points evaluated at once."""

MOST_STORES = 1 << 26
MOST_LOADS = 1 << 22
"""Points of one access that are all looked at; beyond, its loops are sampled at their ends, and
all between the first and the last element counts as touched. Of stores each one matters; what is
loaded is nearly always a whole buffer."""

Ranges = Mapping[str, tuple[int, int]]
"""Half-open ranges of ``blockIdx.x``, ``threadIdx.y`` and so on."""


@dataclass(frozen=True)
class Axis:
    """The values that a variable takes, one axis of the space that is evaluated."""

    name: str
    values: Array


@dataclass
class Touched:
    """Elements of one buffer."""

    mask: Array
    """Boolean: entry i says whether element i is touched."""
    lowest: int = 0
    """Below zero: the most negative index, which no buffer has."""
    exact: bool = True
    """False: sampled; every element up to the last one counts as touched."""
    known: bool = True
    """False: some of the accesses go where the data says, and are not in the mask."""

    @property
    def extent(self) -> int:
        """Elements up to the last one that is touched."""
        return int(self.mask.size)

    def join(self, other: "Touched") -> "Touched":
        """What either touches."""
        long, short = sorted((self.mask, other.mask), key=len, reverse=True)
        mask = long.copy()
        mask[: short.size] |= short
        return Touched(
            mask,
            min(self.lowest, other.lowest),
            self.exact and other.exact,
            self.known and other.known,
        )


def touched(found: Iterable[Access], ranges: Ranges) -> Touched:
    """The union of what accesses touch."""
    total = Touched(np.zeros(0, bool))
    for access in dict.fromkeys(found):
        try:
            total = total.join(_one(access, ranges))
        except Unknown:
            total = replace(total, known=False)
    return total


def _one(access: Access, ranges: Ranges) -> Touched:
    axes, guards = _space(access, ranges)
    most = MOST_STORES if access.store else MOST_LOADS
    exact = math.prod(a.values.size for a in axes) <= most
    if not exact:
        axes = [_ends(a) if "." not in a.name else a for a in axes]
        if math.prod(a.values.size for a in axes) > most:
            axes = [_ends(a) for a in axes]
    mask = np.zeros(0, bool)
    lowest = 0
    for index, reached in _points(axes, guards, access):
        used = index.reshape(-1) if reached is None else index[reached]
        if used.size == 0:
            continue
        lowest, top = min(lowest, int(used.min())), int(used.max())
        if top >= 1 << 33:
            raise Unknown("an index beyond any buffer")
        if top >= mask.size:
            mask = np.concatenate([mask, np.zeros(top + 1 - mask.size, bool)])
        mask[used if lowest >= 0 else used[used >= 0]] = True
    if not exact and mask.any():
        mask[int(np.argmax(mask)) :] = True
    return Touched(mask, lowest, exact)


Inside = Sequence[Loop]
"""Loops whose bounds depend on other variables."""


def _space(access: Access, ranges: Ranges) -> tuple[list[Axis], Inside]:
    """The variables an access depends on, each with its values."""
    wanted = set(names(access))
    axes = [Axis(n, np.arange(*ranges[n])) for n in sorted(ranges) if n in wanted]
    inside: list[Loop] = []
    loops = [loop for loop in access.loops if loop.name in wanted]
    for loop in loops:
        known = _known(axes)
        start, stop = evaluate(loop.start, known), evaluate(loop.stop, known)
        if start.size == 0 or stop.size == 0:
            values = np.arange(0)
        else:
            first, end = int(start.min()), int(stop.max())
            if (end - first) // loop.step > MOST_STORES:
                raise Unknown("a loop too long to be looked at")
            values = np.arange(first, end, loop.step)
        if start.size > 1 or stop.size > 1:
            inside.append(loop)
        axes.append(Axis(loop.name, values))
    return axes, inside


def _known(axes: Sequence[Axis]) -> dict[str, Array]:
    """Each axis as an array along a dimension of its own."""
    return {
        axis.name: axis.values.reshape([-1 if i == j else 1 for j in range(len(axes))])
        for i, axis in enumerate(axes)
    }


def _ends(axis: Axis) -> Axis:
    """The first two and last two values."""
    v = axis.values
    return axis if v.size <= 4 else Axis(axis.name, v[[0, 1, -2, -1]])


def _points(
    axes: Sequence[Axis], inside: Inside, access: Access
) -> Iterator[tuple[Array, Array | None]]:
    for part in _chunks(axes):
        known = _known(part)
        index = np.asarray(evaluate(access.index, known))
        if index.dtype.kind == "f":
            raise Unknown("an index that is no integer")
        shape = tuple(a.values.size for a in part)
        reached: Array | None = None
        for loop in inside:
            turn = known[loop.name]
            here = (turn >= evaluate(loop.start, known)) & (turn < evaluate(loop.stop, known))
            reached = here if reached is None else reached & here
        for guard in access.guards:
            try:
                here = (evaluate(guard.condition, known) != 0) == guard.holds
            except Unknown:
                continue  # it depends on data: the access may happen
            reached = here if reached is None else reached & here
        full = np.broadcast_to(index, shape)
        where = None if reached is None else np.broadcast_to(reached, shape)
        for element in range(access.width):
            yield full + element if element else full, where


def _chunks(axes: Sequence[Axis]) -> Iterator[list[Axis]]:
    """The space in pieces of at most about :data:`CHUNK` points, split along its first axes."""
    sizes = [a.values.size for a in axes]
    inner, first = 1, len(axes)
    while first > 0 and inner * sizes[first - 1] <= CHUNK:
        first -= 1
        inner *= sizes[first]
    if first == 0:
        yield list(axes)
        return
    width = max(1, CHUNK // inner)
    split = axes[first - 1]
    pieces = [split.values[i : i + width] for i in range(0, split.values.size, width)]
    for outer in itertools.product(*(a.values for a in axes[: first - 1])):
        fixed = [Axis(a.name, np.asarray([v])) for a, v in zip(axes, outer, strict=False)]
        for piece in pieces:
            yield [*fixed, Axis(split.name, piece), *axes[first:]]
