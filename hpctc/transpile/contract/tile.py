"""Which digits become the vectors and the rows of a register tile, by counting cycles.

A tile holds ``rows x vectors`` sums in registers. Per step of the reduction it loads what differs
along vectors once and reuses it for every row; what differs along rows is broadcast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from hpctc.syntax import tree
from hpctc.transpile.contract.forms import Doubt
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import LANES, strides
from hpctc.transpile.contract.values import Load, Op, Value, loads, walk

REGISTERS = 32
VECTORS = 4
"""Most vectors of a row."""
ROWS = 8
"""Most sums of a tile along the reduction."""
LATENCY = 4
"""Cycles until a sum can be added to again."""


@dataclass(frozen=True)
class Tile:
    """The shape of a register tile."""

    along: str
    """The digit of the vectors: of the output, or of the reduction."""
    vectors: int
    down: str | None
    """The digit of the rows; None: one row."""
    rows: int


def chosen(nest: Nest, term: Value, ours: frozenset[str]) -> Tile:
    """The cheapest tile of a nest whose operands are plain loads; ``ours`` are copies."""
    _check(term)
    operands = sorted(set(loads(term)), key=repr)
    candidates = [
        tile
        for along in nest.free
        if any(strides(o.index).get(along) for o in operands)
        for down in (None, *nest.free)
        if down != along
        for tile in _shapes(nest, along, down)
    ]
    candidates += _dots(nest, operands)
    if not candidates:
        raise Doubt
    return min(candidates, key=lambda t: (_cycles(nest, t, operands, ours), repr(t)))


def _dots(nest: Nest, operands: Sequence[Load]) -> list[Tile]:
    """Vectors along a reduction digit that every operand has with stride 1 or not at all."""
    made = []
    for along in nest.over:
        if nest.space.extents[along] < LANES:
            continue
        if any(strides(o.index).get(along, 1) != 1 for o in operands):
            continue
        made.append(Tile(along, 1, None, 1))
        for down in nest.free:
            extent = nest.space.extents[down]
            most = min(extent, ROWS)
            made.append(Tile(along, 1, down, -(-extent // -(-extent // most))))
    return made


def _dotted(nest: Nest, tile: Tile, operands: Sequence[Load]) -> float:
    """About how long a nest takes with vectors along the reduction."""
    extents = nest.space.extents
    steps = prod(extents[d] for d in nest.over) / LANES
    rows = -(-extents[tile.down] // tile.rows) if tile.down else 1
    around = prod(extents[d] for d in nest.free if d != tile.down)
    loaded = sum(tile.rows if tile.down in strides(o.index) else 1 for o in operands)
    folded = tile.rows * (LANES + 4)
    return rows * around * (steps * max(tile.rows / 2, loaded / 2, LATENCY) + folded)


def _check(term: Value) -> None:
    """Vectors know only arithmetic."""
    for part in walk(term):
        match part:
            case Op(tree.Binary("+" | "-" | "*" | "/") | tree.Unary("-") | tree.Number()) | Load():
                pass
            case _:
                raise Doubt


def _shapes(nest: Nest, along: str, down: str | None) -> list[Tile]:
    full = -(-nest.space.extents[along] // LANES)
    made = []
    for vectors in range(1, min(VECTORS, full) + 1):
        if down is None:
            made.append(Tile(along, vectors, None, 1))
            continue
        extent = nest.space.extents[down]
        most = min(extent, (REGISTERS - vectors - 1) // vectors)
        even = -(-extent // -(-extent // most))
        whole = max(d for d in range(1, most + 1) if extent % d == 0)
        made += [Tile(along, vectors, down, rows) for rows in {most, even, whole}]
    return made


def _cycles(nest: Nest, tile: Tile, operands: Sequence[Load], ours: frozenset[str]) -> float:
    """About how long a nest takes so tiled, on one core."""
    if tile.along in nest.over:
        return _dotted(nest, tile, operands)
    extents = nest.space.extents
    steps = prod(extents[d] for d in nest.over)
    width = tile.vectors * LANES
    panels = -(-extents[tile.along] // width)
    rows = -(-extents[tile.down] // tile.rows) if tile.down else 1
    around = prod(extents[d] for d in nest.free if d not in (tile.along, tile.down))
    tiles = panels * rows * around
    sums = tile.rows * tile.vectors
    loaded = 0.0
    copied = 0.0
    for operand in operands:
        by = strides(operand.index)
        repeat = tile.rows if tile.down and by.get(tile.down) else 1
        if not by.get(tile.along):
            loaded += repeat
            continue
        copy = (
            0.0 if operand.array in ours and by[tile.along] == 1 else _copied(nest, tile, operand)
        )
        split = copy == 0.0 and not _aligned(operand, tile.along)
        loaded += repeat * tile.vectors * (2 if split else 1)
        copied += copy
    stored = sums * _scattered(nest, tile)
    return tiles * (steps * (max(sums / 2, loaded / 2, LATENCY) + 1) + stored + 8) + copied


def _aligned(operand: Load, along: str) -> bool:
    """Whether vectors along a digit begin where cache lines do, if the array does."""
    steps = (factor for digit, factor in strides(operand.index).items() if digit != along)
    return all(step % LANES == 0 for step in (operand.index.constant, *steps))


def _scattered(nest: Nest, tile: Tile) -> float:
    """Cycles to store a vector of results: lanes, rows or nothing lie together."""
    by = strides(nest.index)
    if by[tile.along] == 1:
        return 1.0
    return LANES / 4 if tile.down and by[tile.down] == 1 else LANES * 1.5


def _copied(nest: Nest, tile: Tile, operand: Load) -> float:
    """Cycles to lay an operand out so that vectors lie together."""
    by = strides(operand.index)
    if by[tile.along] == 1 and fits(nest, tile):
        return 0.0
    if by[tile.along] == 1 and tile.down not in by:
        low, high = nest.space.range(operand.index)
        cells = prod(nest.space.extents[d] for d in by)
        return 0.3 * min(high - low + 1, cells)
    return 1.2 * prod(nest.space.extents[d] for d in by) * _waste(nest, tile)


def _waste(nest: Nest, tile: Tile) -> float:
    width = tile.vectors * LANES
    extent = nest.space.extents[tile.along]
    return -(-extent // width) * width / extent


def fits(nest: Nest, tile: Tile) -> bool:
    """Whether whole vectors never reach beyond the extent."""
    return nest.space.extents[tile.along] % (tile.vectors * LANES) == 0
