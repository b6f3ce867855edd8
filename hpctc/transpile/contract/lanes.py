"""Tiles whose vectors run along places of the output: GEMM and convolution."""

from math import prod
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.forms import ZERO, Form, name_of
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import (
    LANES,
    Axis,
    Scratch,
    flattened,
    packed,
    strides,
)
from hpctc.transpile.contract.spell import assign, declared, loop
from hpctc.transpile.contract.tile import Tile, fits
from hpctc.transpile.contract.values import Load, Sum, Value, is_zero, loads, reformed, rewritten
from hpctc.transpile.contract.writer import Writer
from hpctc.transpile.fold import number
from hpctc.transpile.simd import SIMD


class Lanes(Writer):
    """``rows x vectors`` sums: what differs along vectors is loaded once for all rows."""

    def __init__(self, nest: Nest, scratch: Scratch, total: Sum, tile: Tile) -> None:
        super().__init__(nest, scratch, total, tile)
        width, extent = tile.vectors * LANES, self.extents[tile.along]
        panel = self.variable("panel", -(-extent // width))
        self.axis = Axis(tile.along, extent, width, panel)
        self.vectors = self.variable("vector", tile.vectors)
        laid = {load: self._laid(load) for load in dict.fromkeys(loads(total.term))}
        self.lanes = {made for load, made in laid.items() if tile.along in strides(load.index)}
        """Loads of the first lane of a panel's first vector."""
        self.term = rewritten(total.term, lambda v: laid[v] if isinstance(v, Load) else v)
        self.sum = scratch.name("sum")

    def heading(self) -> str:
        """See the base class."""
        return f"Tiles of {self.tile.rows} x {self.axis.width} sums in registers."

    def loops(self) -> list[tuple[str, int]]:
        """Outermost what packed operands depend on, then panels: a panel stays in the cache."""
        names = self.speller.names
        by = strides(self.nest.index)
        inner = (self.tile.along, self.tile.down)
        order = sorted((d for d in self.nest.free if d not in inner), key=lambda d: -by[d])
        steady = {d for load in self.lanes for d in strides(load.index)}
        made = [(names[d], self.extents[d]) for d in order if d in steady]
        if self.axis.panel != ZERO:
            panel = name_of(self.axis.panel)
            made.append((names[panel], self.extents[panel]))
        return made + [(names[d], self.extents[d]) for d in order if d not in steady]

    def inside(self) -> list[Any]:
        """Sums of zero, the reduction, the stores."""
        spell = self.speller.form
        tile = self.tile
        shape = tree.Array(tree.Array(self.kind, number(tile.vectors)), number(tile.rows))
        one = tree.Index(tree.Index(tree.Name(self.sum), spell(self.row)), spell(self.vectors))
        term = reformed(self.term, lambda f: self.placed(f, ZERO))
        leaves: dict[Value, tree.Expr] = {}
        for lane in self.lanes:
            index = self.placed(lane.index, ZERO)
            leaves[Load(lane.array, index)] = self.vector(
                lane.array, index + self.vectors * LANES, const=True
            )
        body = tuple(self._each(assign(one, self.speller.value(term, leaves), "+=")))
        for digit in reversed(self.nest.over):
            body = (loop(self.speller.names[digit], number(self.extents[digit]), *body),)
        head = [declared(self.sum, shape), *self._each(assign(one, self.zero()))]
        return [*head, *body, *self._stored(one)]

    def _each(self, *body: Any) -> list[Any]:
        """For each vector of each row of the tile."""
        tile = self.tile
        return self.unrolled(*body, over=((self.vectors, tile.vectors), (self.row, tile.rows)))

    # --- operands ---

    def _laid(self, value: Load) -> Load:
        """A load as the tile makes it: vectors come from where lanes lie together."""
        along = self.tile.along
        by = strides(value.index)
        if along not in by:
            return value
        ours = any(copy.name == value.array for copy in self.scratch.copies)
        if by[along] != 1:
            value = packed(self.nest, self.scratch, value, self.axis)
        elif not ours and not fits(self.nest, self.tile):
            low, high = self.nest.space.range(value.index)
            if prod(self.extents[d] for d in by) <= high - low + 1:
                value = packed(self.nest, self.scratch, value, self.axis)
            else:
                value = flattened(self.nest, self.scratch, value, self.axis.width)
        start = {along: self.axis.panel * self.axis.width}
        return Load(value.array, self.nest.space.mapped(value.index, start))

    # --- results ---

    def _stored(self, one: tree.Expr) -> list[Any]:
        nest, tile, axis = self.nest, self.tile, self.axis
        plain = isinstance(nest.value, Sum) and is_zero(nest.value.first) and not nest.test
        whole = axis.extent % axis.width == 0 and not self.uneven
        if plain and whole and strides(nest.index)[tile.along] == 1:
            lane = axis.panel * axis.width + self.vectors * LANES
            target = self.vector(nest.array, self.placed(nest.index, lane))
            return self._each(assign(target, one))
        return self._scattered(one)

    def _scattered(self, one: tree.Expr) -> list[Any]:
        """By way of memory: only what belongs to the output is stored, after the epilogue."""
        tile, axis = self.tile, self.axis
        spell = self.speller.form
        done = self.scratch.name("done")
        element = tree.Named(self.nest.kind)
        shape = tree.Array(tree.Array(element, number(axis.width)), number(tile.rows))
        row = tree.Index(tree.Name(done), spell(self.row))
        at = tree.Unary("&", tree.Index(row, spell(self.vectors * LANES)))
        kept = tree.Unary("*", tree.Cast(tree.Pointer(self.kind), at))
        lane = self.variable("lane", axis.width)
        place = axis.panel * axis.width + lane
        store = self.result(tree.Index(row, spell(lane)), lambda f: self.placed(f, place))
        return [
            declared(done, shape, None, "_Alignas(64)"),
            *self._each(assign(kept, one)),
            *self._copied_out(store, lane),
        ]

    def _copied_out(self, store: Any, lane: Form) -> list[Any]:
        tile, axis = self.tile, self.axis
        names = self.speller.names
        by = strides(self.nest.index)
        width = number(min(axis.width, axis.extent))
        if axis.extent > axis.width and axis.extent % axis.width:
            rest = self.speller.form(axis.panel * -axis.width + axis.extent)
            width = tree.Call(tree.Name("min_int"), (number(axis.width), rest))
        over_lanes = (names[name_of(lane)], width, number(0))
        loops, together = [over_lanes], False
        if self.row != ZERO:
            skip = self.block * tile.rows - self.first
            begin = self.speller.form(skip) if self.uneven else number(0)
            rows = (names[name_of(self.row)], number(tile.rows), begin)
            together = tile.down is not None and by[tile.down] == 1
            loops = [over_lanes, rows] if together else [rows, over_lanes]
        body: tuple[Any, ...] = (store,)
        for place, (name, count, begin) in enumerate(reversed(loops)):
            made = loop(name, count, *body, start=begin)
            body = (SIMD, made) if place == 0 and (together or axis.extent >= LANES) else (made,)
        return list(body)
