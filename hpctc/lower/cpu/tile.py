"""The register tile: accumulators in registers, one broadcast factor, one panel of vectors.

For a contraction ``C[.., m, .., n] += L[.., m, r] * R[n, r]`` a tile of results, ``rows`` times
``vectors * lanes``, stays in registers while the reduction runs::

    for tiles of n, of m (parallel):
      acc[rows][vectors * lanes] = 0
      for r: for row (unrolled): for vector (unrolled):
        acc[row][vector] += L[row, r] * P[r][vector]          # broadcast times vector
      C[tile] = epilogue(acc)                                  # the only guarded part

``P`` is R packed as ``[n / width][r][width]`` and padded with zeros, so the loop above is clean
whatever the extents; tiles of m at the edge move back and overlap their neighbour, and only the
rows that are theirs are written (Goto and van de Geijn, 2008; the overlap is from LIBXSMM).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tvm import tirx

from hpctc.lower.cpu.axes import Axis, Factor
from hpctc.lower.cpu.build import (
    PARALLEL,
    SERIAL,
    UNROLLED,
    VECTORIZED,
    Stmt,
    loop,
    nest,
    replace_loads,
    scoped,
    sequence,
    substitute,
    zero,
)
from hpctc.lower.cpu.contract import Contraction
from hpctc.lower.cpu.loops import SIMD
from hpctc.lower.cpu.refusal import Refusal

Expr = Any


CHUNK = 16
"""Elements read at a time where packing turns rows into columns: one cache line of float32."""


@dataclass(frozen=True)
class Shape:
    """The parameters of a register tile."""

    axis: int
    """Which spatial axis runs along the vectors."""
    lanes: int
    vectors: int
    rows: tuple[int, ...]
    """Tile extent per spatial axis; the entry of ``axis`` is ignored."""
    pack: bool
    """Copy the panel factor into ``[n / width][r][width]`` first."""
    panel_outer: bool
    """Walk all rows for one panel before the next (large panels), or the other way round."""
    parallel: int
    """Threads; 1: serial loops."""

    @property
    def width(self) -> int:
        """Elements of C side by side in a tile."""
        return self.lanes * self.vectors


class Tiler:
    """Builds the statements of one contraction with one tile shape."""

    def __init__(self, contraction: Contraction, shape: Shape) -> None:
        """Check that the shape fits; :class:`Refusal` if not."""
        self.c = contraction
        self.s = shape
        axes = contraction.spatial
        if len(shape.rows) != len(axes) or not 0 <= shape.axis < len(axes):
            raise Refusal(f"the tile names {len(shape.rows)} axes, the result has {len(axes)}")
        self.across: Axis = axes[shape.axis]
        self.panel, self.broadcast = _roles(contraction, self.across)
        self.rows = [
            1 if i == shape.axis else min(r, a.extent)
            for i, (r, a) in enumerate(zip(shape.rows, axes, strict=True))
        ]
        if not shape.pack and (
            not self.panel.contiguous(self.across) or self.across.extent < shape.width
        ):
            raise Refusal("vectors need a packed panel here")
        moving = [a for a, r in zip(axes, self.rows, strict=True) if r > 1]
        if shape.pack and any(self.panel.on(a) for a in moving):
            raise Refusal("a packed panel cannot depend on the tile's rows")
        self.shared = [a for a in axes if a is not self.across and self.panel.on(a)]
        depth = [a.extent for a in contraction.reduced]
        self.tiles = -(-self.across.extent // shape.width)
        self.packed = tirx.decl_buffer(
            [*(a.extent for a in self.shared), self.tiles, *depth, shape.width],
            contraction.dtype,
            name="packed",
        )
        count = prod(self.rows)
        self.acc = tirx.decl_buffer((count, shape.vectors, shape.lanes), contraction.dtype, "acc")
        self.done = tirx.decl_buffer((count, shape.width), contraction.dtype, "tile")

    def pack(self) -> Stmt:
        """Copy the panel factor tile by tile, zeros behind the last column."""
        axis, width = self.across, self.s.width
        heads = [*self.shared]

        def store(found: Sequence[Any], at: Any, depth: Sequence[Any], lane: Any) -> Stmt:
            column = at * width + lane
            pairs = [*zip([a.var for a in heads], found, strict=True), (axis.var, column)]
            pairs += list(zip([a.var for a in self.c.reduced], depth, strict=True))
            value = substitute(self.panel.value, pairs)
            if axis.extent % width:
                inside = tirx.if_then_else(column < axis.extent, value, _zero(self.c.dtype))
                value = inside
            return tirx.BufferStore(self.packed, value, [*found, at, *depth, lane])

        def inner(found: Sequence[Any], at: Any) -> Stmt:
            *outer, last = self.c.reduced
            turned = self.panel.contiguous(last) and last.extent >= CHUNK
            if not turned:
                return nest(
                    [a.name for a in self.c.reduced],
                    [a.extent for a in self.c.reduced],
                    lambda depth: loop(
                        "lane", width, lambda lane: store(found, at, depth, lane), SERIAL, SIMD
                    ),
                )
            chunks = -(-last.extent // CHUNK)

            def block(depth: Sequence[Any]) -> Stmt:
                first = depth[-1] * CHUNK
                count = CHUNK if last.extent % CHUNK == 0 else tirx.min(CHUNK, last.extent - first)
                return loop(
                    "lane",
                    width,
                    lambda lane: loop(
                        last.name,
                        count,
                        lambda k: store(found, at, [*depth[:-1], first + k], lane),
                    ),
                )

            return nest(
                [*(a.name for a in outer), f"{last.name}_chunk"],
                [*(a.extent for a in outer), chunks],
                block,
            )

        kind = PARALLEL if self.s.parallel > 1 and _size(self.packed) >= 1 << 15 else SERIAL
        counts = [*(a.extent for a in heads), self.tiles]
        return _flat("panel", counts, kind, lambda at: inner(at[:-1], at[-1]))

    def compute(self) -> Stmt:
        """The tiled loops with the epilogue at their end."""
        axes = self.c.spatial
        trips = [-(-a.extent // r) for a, r in zip(axes, self.rows, strict=True)]
        trips[self.s.axis] = self.tiles
        order = [i for i in range(len(axes)) if i != self.s.axis and axes[i] in self.shared]
        rest = [i for i in range(len(axes)) if i != self.s.axis and i not in order]
        order += [self.s.axis, *rest] if self.s.panel_outer else [*rest, self.s.axis]
        order = [i for i in order if trips[i] > 1]
        cut = _parallel_depth([trips[i] for i in order], self.s.parallel)

        def at(found: Sequence[Any]) -> Stmt:
            places: list[Expr] = [zero() for _ in axes]
            for position, variable in zip(order, found, strict=True):
                places[position] = variable
            return self.tile(places)

        def inner(head: Sequence[Any]) -> Stmt:
            return nest(
                [f"{axes[i].name}_tile" for i in order[cut:]],
                [trips[i] for i in order[cut:]],
                lambda tail: at([*head, *tail]),
            )

        kind = PARALLEL if self.s.parallel > 1 else SERIAL
        return _flat("task", [trips[i] for i in order[:cut]], kind, inner)

    def tile(self, places: Sequence[Expr]) -> Stmt:
        """One register tile at the given tile coordinates."""
        starts = [self._start(i, place) for i, place in enumerate(places)]
        body = [self._clear(), self._multiply(places, starts), self._keep()]
        body.append(self._write(places, starts))
        return scoped("tile", [self.acc, self.done], sequence(body))

    def _start(self, position: int, place: Expr) -> Expr:
        """Where the tile begins on an axis: the last one moves back to end with the axis."""
        extent = self.c.spatial[position].extent
        size = self.s.width if position == self.s.axis else self.rows[position]
        if extent % size == 0 or (position == self.s.axis and self.s.pack):
            return place * size
        return tirx.min(place * size, extent - size)

    def _registers(self, body: Any) -> Stmt:
        return loop(
            "row",
            prod(self.rows),
            lambda row: loop(
                "vector",
                self.s.vectors,
                lambda vector: loop(
                    "lane", self.s.lanes, lambda lane: body(row, vector, lane), VECTORIZED
                ),
                UNROLLED,
            ),
            UNROLLED,
        )

    def _clear(self) -> Stmt:
        value = _zero(self.c.dtype)
        return self._registers(
            lambda row, vector, lane: tirx.BufferStore(self.acc, value, [row, vector, lane])
        )

    def _multiply(self, places: Sequence[Expr], starts: Sequence[Expr]) -> Stmt:
        reduced = self.c.reduced

        def step(depth: Sequence[Any]) -> Stmt:
            along = list(zip([a.var for a in reduced], depth, strict=True))

            def product(row: Any, vector: Any, lane: Any) -> Stmt:
                spots = self._spots(row, starts)
                column = vector * self.s.lanes + lane
                spots[self.s.axis] = starts[self.s.axis] + column
                pairs = [
                    *along,
                    *((a.var, p) for a, p in zip(self.c.spatial, spots, strict=True)),
                ]
                single = substitute(self.broadcast.value, pairs)
                if self.s.pack:
                    heads = [spots[self.c.spatial.index(a)] for a in self.shared]
                    index = [*heads, places[self.s.axis], *depth, column]
                    several: Expr = tirx.BufferLoad(self.packed, index)
                else:
                    several = substitute(self.panel.value, pairs)
                old = tirx.BufferLoad(self.acc, [row, vector, lane])
                return tirx.BufferStore(self.acc, old + single * several, [row, vector, lane])

            return self._registers(product)

        return nest([a.name for a in reduced], [a.extent for a in reduced], step)

    def _spots(self, row: Expr, starts: Sequence[Expr]) -> list[Expr]:
        """The spatial coordinates of a row of the tile."""
        spots, rest = list(starts), row
        for i in reversed(range(len(starts))):
            if i != self.s.axis and self.rows[i] > 1:
                spots[i] = starts[i] + rest % self.rows[i]
                rest = rest // self.rows[i]
        return spots

    def _keep(self) -> Stmt:
        """Registers to memory, so that write-back may index them freely."""
        return self._registers(
            lambda row, vector, lane: tirx.BufferStore(
                self.done,
                tirx.BufferLoad(self.acc, [row, vector, lane]),
                [row, vector * self.s.lanes + lane],
            )
        )

    def _write(self, places: Sequence[Expr], starts: Sequence[Expr]) -> Stmt:
        """Store the part of the tile that no other tile stores, through the epilogue."""
        axes = self.c.spatial
        sizes = [self.s.width if i == self.s.axis else r for i, r in enumerate(self.rows)]
        moving = [i for i, size in enumerate(sizes) if size > 1]
        moving.sort(key=lambda i: (self.c.stored.stride(axes[i].var) == 1, i))
        counts = [
            sizes[i]
            if axes[i].extent % sizes[i] == 0
            else tirx.min(sizes[i], axes[i].extent - places[i] * sizes[i])
            for i in moving
        ]

        def store(found: Sequence[Any]) -> Stmt:
            spots = [p * size for p, size in zip(places, sizes, strict=True)]
            for i, variable in zip(moving, found, strict=True):
                spots[i] = spots[i] + variable
            row: Expr = zero()
            for i, size in enumerate(self.rows):
                if i != self.s.axis and size > 1:
                    row = row * size + (spots[i] - starts[i])
            return self._store(
                spots, tirx.BufferLoad(self.done, [row, spots[self.s.axis] - starts[self.s.axis]])
            )

        names = [f"{axes[i].name}_in" for i in moving]
        if not moving:
            return store([])
        return nest(
            names[:-1],
            counts[:-1],
            lambda found: loop(
                names[-1], counts[-1], lambda last: store([*found, last]), SERIAL, SIMD
            ),
        )

    def _store(self, spots: Sequence[Expr], value: Expr) -> Stmt:
        pairs = list(zip([a.var for a in self.c.spatial], spots, strict=True))
        place = [substitute(i, pairs) for i in self.c.indices]
        if self.c.epilogue is None:
            return tirx.BufferStore(self.c.result, value, place)
        block = self.c.epilogue
        load = next(a for a in block.loads if a.buffer.same_as(self.c.result))
        known = list(zip(load.indices, place, strict=True))
        axes = [(v, p) for v, p in known if isinstance(v, tirx.Var)]
        named = [v for v, _ in axes]
        axes += [(v, zero()) for v, _ in block.spatial if not any(v.same_as(n) for n in named)]
        store = block.node.body
        grown = replace_loads(store.value, self.c.result, lambda _: value)
        return tirx.BufferStore(
            store.buffer, substitute(grown, axes), [substitute(i, axes) for i in store.indices]
        )


def _roles(contraction: Contraction, across: Axis) -> tuple[Factor, Factor]:
    """The factor that is read as vectors along ``across`` and the one that is broadcast."""
    left, right = contraction.left, contraction.right
    if right.on(across) and not left.on(across):
        return right, left
    if left.on(across) and not right.on(across):
        return left, right
    raise Refusal(f"both factors depend on {across.name}, or none")


def _parallel_depth(trips: Sequence[int], threads: int) -> int:
    """How many outer loops to merge so that every thread has a few tasks to take."""
    if threads <= 1:
        return 0
    done = 1
    for depth, count in enumerate(trips):
        if done >= 4 * threads:
            return depth
        done *= count
    return len(trips)


def _flat(name: str, counts: Sequence[int], kind: int, body: Any) -> Stmt:
    """One loop over all settings of several axes, taken apart again inside."""
    total = prod(counts)
    if total == 1:
        return body([zero() for _ in counts])

    def inside(variable: Any) -> Stmt:
        found: list[Expr] = []
        rest = variable
        for count in reversed(counts[1:]):
            found.insert(0, rest % count)
            rest = rest // count
        return body([rest, *found])

    return loop(name, total, inside, kind)


def _zero(dtype: str) -> Expr:
    return tirx.const(0, dtype)


def _size(buffer: Any) -> int:
    return prod(int(e) for e in buffer.shape)
