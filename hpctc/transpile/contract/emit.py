"""The C of a nest: copies into scratch memory, then register tiles over all cores."""

from collections.abc import Sequence
from math import prod
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.copies import filled, freed
from hpctc.transpile.contract.forms import ZERO, Form, name_of
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import (
    LANES,
    Axis,
    Scratch,
    flattened,
    packed,
    padded,
    strides,
)
from hpctc.transpile.contract.spell import (
    SIMD,
    Speller,
    assign,
    comment,
    declared,
    loop,
    parallel,
)
from hpctc.transpile.contract.tile import chosen, fits
from hpctc.transpile.contract.values import (
    Load,
    Sum,
    Value,
    is_zero,
    reformed,
    retested,
    rewritten,
)
from hpctc.transpile.fold import number
from hpctc.transpile.kernel import Translated

PARALLEL = 100_000
"""Multiplications below which threads cost more than they gain."""

VECTORS = {"float": "f32x16", "int": "i32x16"}
"""Type of a sum -> vector of 16 of them."""

_QUIET = """#if defined(__GNUC__) && !defined(__clang__)
// Register tiles leave no registers for what the next iteration will load again.
#pragma GCC optimize("no-predictive-commoning")
#endif
"""


def prelude(text: str) -> list[str]:
    """What stands before code with tiles; nothing before other code."""
    used = [(kind, name) for kind, name in VECTORS.items() if f"{name} " in text]
    types_ = [
        f"typedef {kind} {name} __attribute__((vector_size(64), aligned(4), may_alias));\n"
        for kind, name in used
    ]
    return [_QUIET, *types_] if used else []


def written(nests: Sequence[Nest], kernel: Translated) -> tuple[Any, ...]:
    """The statements of a kernel whose outputs are these nests."""
    taken = {*(kernel.reads - kernel.locals.keys()), *kernel.pointers}
    made = [_Writer(nest, set(taken)).statements() for nest in nests]
    if len(made) == 1:
        return tuple(made[0])
    return tuple(tree.Block(tuple(m)) for m in made)


class _Writer:
    """Writes one nest."""

    def __init__(self, nest: Nest, taken: set[str]) -> None:
        self.nest = nest
        self.kind = tree.Named(VECTORS[nest.kind])
        self.extents = nest.space.extents
        self.scratch = Scratch(nest, taken)
        self.speller = Speller(nest.space)
        self.total = padded(nest, self.scratch)
        ours = frozenset(copy.name for copy in self.scratch.copies)
        self.tile = chosen(nest, self.total.term, ours)
        width = self.tile.vectors * LANES
        extent = self.extents[self.tile.along]
        panel = nest.space.digit("panel", -(-extent // width))
        self.axis = Axis(self.tile.along, extent, width, panel)
        self._titles()
        self.lanes: set[Load] = set()
        """Loads of the first lane of a panel's first vector."""
        self.term = rewritten(self.total.term, self._laid)
        self._rows()

    def statements(self) -> list[Any]:
        """Copies, tiles, and the end of the copies."""
        copies = self.scratch.copies
        made = [s for copy in copies for s in filled(copy, self.speller, self.scratch)]
        return [*made, *self._tiles(), *freed(copies)]

    # --- digits and their names ---

    def _titles(self) -> None:
        """i, j, ... for places of the output, k or k0, k1, ... for the reduction."""
        by = strides(self.nest.index)
        free = sorted(self.nest.free, key=lambda d: -by[d])
        over = self.nest.over
        wanted = [*zip(free, "ijlmnpqrs", strict=False)]
        wanted += [(d, f"k{i}" if len(over) > 1 else "k") for i, d in enumerate(over)]
        if self.axis.panel != ZERO:
            wanted.append((name_of(self.axis.panel), "panel"))
        for digit, title in wanted:
            self.speller.names[digit] = self.scratch.name(title)

    def _variable(self, title: str, extent: int) -> Form:
        """A digit of the tile itself; 0 where it has one value."""
        digit = self.nest.space.digit(title, extent)
        if digit != ZERO:
            self.speller.names[name_of(digit)] = self.scratch.name(title)
        return digit

    def _rows(self) -> None:
        """The tile's own digits: which block of rows, its first row, row and vector in it."""
        tile = self.tile
        extent = self.extents[tile.down] if tile.down else 1
        self.blocks = -(-extent // tile.rows)
        self.uneven = extent % tile.rows != 0
        self.block = self._variable("block", self.blocks)
        self.first = self._variable("first", extent) if self.uneven else self.block * tile.rows
        self.row = self._variable("row", tile.rows)
        self.vector = self._variable("vector", tile.vectors)

    def _placed(self, form: Form, lane: Form) -> Form:
        """A form with the tile's rows and lanes in place of their digits."""
        digits = {self.tile.along: lane}
        if self.tile.down:
            digits[self.tile.down] = self.first + self.row
        return self.nest.space.mapped(form, digits)

    # --- operands ---

    def _laid(self, value: Value) -> Value:
        """A load as the tile makes it: vectors come from where lanes lie together."""
        if not isinstance(value, Load):
            return value
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
        made = Load(value.array, self.nest.space.mapped(value.index, start))
        self.lanes.add(made)
        return made

    # --- tiles ---

    def _tiles(self) -> list[Any]:
        names = self.speller.names
        along, down = self.tile.along, self.tile.down
        by = strides(self.nest.index)
        order = sorted((d for d in self.nest.free if d not in (along, down)), key=lambda d: -by[d])
        steady = {d for load in self.lanes for d in strides(load.index)}
        loops = [(names[d], self.extents[d]) for d in order if d in steady]
        if self.axis.panel != ZERO:
            panel = name_of(self.axis.panel)
            loops.append((names[panel], self.extents[panel]))
        loops += [(names[d], self.extents[d]) for d in order if d not in steady]
        if self.block != ZERO:
            loops.append((names[name_of(self.block)], self.blocks))
        body: tuple[Any, ...] = (*self._head(), *self._sums(), *self._stored())
        for name, count in reversed(loops):
            body = (loop(name, number(count), *body),)
        work = prod(self.extents[d] for d in (*self.nest.free, *self.nest.over))
        if work >= PARALLEL and loops:
            body = (parallel(len(loops)), *body)
        shape = f"{self.tile.rows} x {self.axis.width}"
        return [comment(f"Tiles of {shape} sums in registers."), *body]

    def _head(self) -> list[Any]:
        if not self.uneven:
            return []
        assert self.tile.down
        last = number(self.extents[self.tile.down] - self.tile.rows)
        start = self.speller.form(self.block * self.tile.rows)
        least = tree.Call(tree.Name("min_int"), (start, last))
        return [declared(self.speller.names[name_of(self.first)], types.INT, least)]

    def _each(self, *body: Any) -> list[Any]:
        """For each vector of each row of the tile, unrolled: sums stay in registers."""
        made: tuple[Any, ...] = body
        for digit, count in ((self.vector, self.tile.vectors), (self.row, self.tile.rows)):
            if digit != ZERO:
                inner = loop(self.speller.names[name_of(digit)], number(count), *made)
                made = (tree.Directive(f"#pragma GCC unroll {count}"), inner)
        return list(made)

    def _sums(self) -> list[Any]:
        spell = self.speller.form
        shape = tree.Array(tree.Array(self.kind, number(self.tile.vectors)), number(self.tile.rows))
        self.sum = self.scratch.name("sum")
        one = tree.Index(tree.Index(tree.Name(self.sum), spell(self.row)), spell(self.vector))
        self.one = one
        zero = tree.Compound(self.kind, tree.Braces((number(0),)))
        term = reformed(self.term, lambda f: self._placed(f, ZERO))
        leaves: dict[Value, tree.Expr] = {
            Load(m.array, self._placed(m.index, ZERO)): self._vector(
                m.array, self._placed(m.index, ZERO) + self.vector * LANES, const=True
            )
            for m in self.lanes
        }
        body = tuple(self._each(assign(one, self.speller.value(term, leaves), "+=")))
        for digit in reversed(self.nest.over):
            body = (loop(self.speller.names[digit], number(self.extents[digit]), *body),)
        return [declared(self.sum, shape), *self._each(assign(one, zero)), *body]

    def _vector(self, array: str, index: Form, const: bool = False) -> tree.Expr:
        """``*(f32x16 *)&array[index]``."""
        kind: tree.Type = tree.Qualified(("const",), self.kind) if const else self.kind
        place = tree.Unary("&", tree.Index(tree.Name(array), self.speller.form(index)))
        return tree.Unary("*", tree.Cast(tree.Pointer(kind), place))

    # --- results ---

    def _stored(self) -> list[Any]:
        nest, tile, axis = self.nest, self.tile, self.axis
        plain = isinstance(nest.value, Sum) and is_zero(nest.value.first) and not nest.test
        whole = axis.extent % axis.width == 0 and not self.uneven
        if plain and whole and strides(nest.index)[tile.along] == 1:
            lane = axis.panel * axis.width + self.vector * LANES
            return self._each(assign(self._vector(nest.array, self._placed(nest.index, lane)),
                                     self.one))  # fmt: skip
        return self._scattered()

    def _scattered(self) -> list[Any]:
        """By way of memory: only what belongs to the output is stored, after the epilogue."""
        nest, tile, axis = self.nest, self.tile, self.axis
        spell = self.speller.form
        done = self.scratch.name("done")
        shape = tree.Array(tree.Array(tree.Named(nest.kind), number(axis.width)), number(tile.rows))
        at = tree.Index(tree.Index(tree.Name(done), spell(self.row)), spell(self.vector * LANES))
        kept = tree.Unary("*", tree.Cast(tree.Pointer(self.kind), tree.Unary("&", at)))
        lane = self._variable("lane", axis.width)
        place = axis.panel * axis.width + lane
        result = tree.Index(tree.Index(tree.Name(done), spell(self.row)), spell(lane))
        first = self.total.first
        if not is_zero(first):
            start = self.speller.value(reformed(first, lambda f: self._placed(f, place)))
            result = tree.Binary("+", start, result)  # type: ignore[assignment]
        total = nest.sum
        marked = rewritten(nest.value, lambda v: Load("", ZERO) if v == total else v)
        value = reformed(marked, lambda f: self._placed(f, place))
        target = tree.Index(tree.Name(nest.array), spell(self._placed(nest.index, place)))
        store: Any = assign(target, self.speller.value(value, {Load("", ZERO): result}))
        if nest.test:
            test = retested(nest.test, lambda f: self._placed(f, place))
            store = tree.If(self.speller.test(test), tree.Block((store,)))
        return [
            declared(done, shape, None, "_Alignas(64)"),
            *self._each(assign(kept, self.one)),
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
        loops = [over_lanes]
        if self.row != ZERO:
            skip = self.block * tile.rows - self.first
            begin = self.speller.form(skip) if self.uneven else number(0)
            rows = (names[name_of(self.row)], number(tile.rows), begin)
            together = tile.down is not None and by[tile.down] == 1
            loops = [over_lanes, rows] if together else [rows, over_lanes]
        body: tuple[Any, ...] = (store,)
        for place, (name, count, begin) in enumerate(reversed(loops)):
            made = loop(name, count, *body, start=begin)
            body = (SIMD, made) if place == 0 else (made,)
        return list(body)
