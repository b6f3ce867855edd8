"""What the writers of tiles have in common: names, rows, vectors, results, loops over cores."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.copies import filled, freed
from hpctc.transpile.contract.forms import ZERO, Form, name_of
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import Scratch, strides
from hpctc.transpile.contract.spell import (
    Speller,
    assign,
    comment,
    declared,
    loop,
)
from hpctc.transpile.contract.tile import Tile
from hpctc.transpile.contract.values import Load, Sum, is_zero, reformed, retested, rewritten
from hpctc.transpile.fold import number
from hpctc.transpile.work import parallel, worth_threads

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


class Writer(ABC):
    """Writes one nest; a kind of tile says what stands in its loops."""

    def __init__(self, nest: Nest, scratch: Scratch, total: Sum, tile: Tile) -> None:
        self.nest = nest
        self.scratch = scratch
        self.total = total
        self.tile = tile
        self.extents = nest.space.extents
        self.kind = tree.Named(VECTORS[nest.kind])
        self.speller = Speller(nest.space)
        self._titles()
        extent = self.extents[tile.down] if tile.down else 1
        self.blocks = -(-extent // tile.rows)
        self.uneven = extent % tile.rows != 0
        self.block = self.variable("block", self.blocks)
        self.first = self.variable("first", extent) if self.uneven else self.block * tile.rows
        self.row = self.variable("row", tile.rows)

    def statements(self) -> list[Any]:
        """Copies, tiles, and the end of the copies."""
        copies = self.scratch.copies
        made = [s for copy in copies for s in filled(copy, self.speller, self.scratch)]
        return [*made, comment(self.heading()), *self._spread(), *freed(copies)]

    @abstractmethod
    def heading(self) -> str:
        """What the comment above the loops says."""

    @abstractmethod
    def loops(self) -> list[tuple[str, int]]:
        """Variables and extents of the loops around a tile, outermost first."""

    @abstractmethod
    def inside(self) -> list[Any]:
        """What is done for one tile."""

    # --- digits and their names ---

    def _titles(self) -> None:
        """i, j, ... for places of the output, k or k0, k1, ... for the reduction."""
        by = strides(self.nest.index)
        free = sorted(self.nest.free, key=lambda d: -by[d])
        over = self.nest.over
        wanted = [*zip(free, "ijlmnpqrs", strict=False)]
        wanted += [(d, f"k{i}" if len(over) > 1 else "k") for i, d in enumerate(over)]
        for digit, title in wanted:
            self.speller.names[digit] = self.scratch.name(title)

    def variable(self, title: str, extent: int) -> Form:
        """A digit of the tile itself; 0 where it has one value."""
        digit = self.nest.space.digit(title, extent)
        if digit != ZERO:
            self.speller.names[name_of(digit)] = self.scratch.name(title)
        return digit

    def placed(self, form: Form, along: Form) -> Form:
        """A form with the tile's rows, and its digit of vectors, in place of their digits."""
        digits = {self.tile.along: along}
        if self.tile.down:
            digits[self.tile.down] = self.first + self.row
        return self.nest.space.mapped(form, digits)

    # --- C ---

    def vector(self, array: str, index: Form, const: bool = False) -> tree.Expr:
        """``*(f32x16 *)&array[index]``."""
        kind: tree.Type = tree.Qualified(("const",), self.kind) if const else self.kind
        place = tree.Unary("&", tree.Index(tree.Name(array), self.speller.form(index)))
        return tree.Unary("*", tree.Cast(tree.Pointer(kind), place))

    def zero(self) -> tree.Expr:
        """A vector of zeros."""
        return tree.Compound(self.kind, tree.Braces((number(0),)))

    def unrolled(self, *body: Any, over: Sequence[tuple[Form, int]]) -> list[Any]:
        """Loops that the compiler unrolls, the innermost given first: sums stay in registers."""
        made: tuple[Any, ...] = body
        for digit, count in over:
            if digit != ZERO:
                inner = loop(self.speller.names[name_of(digit)], number(count), *made)
                made = (tree.Directive(f"#pragma GCC unroll {count}"), inner)
        return list(made)

    def result(self, found: tree.Expr, place: Callable[[Form], Form]) -> Any:
        """The store of one output: what the sum came to, its start, the epilogue, the test."""
        nest = self.nest
        if not is_zero(self.total.first):
            start = self.speller.value(reformed(self.total.first, place))
            found = tree.Binary("+", start, found)
        total, mark = nest.sum, Load("", ZERO)
        marked = rewritten(nest.value, lambda v: mark if v == total else v)
        value = self.speller.value(reformed(marked, place), {mark: found})
        target = tree.Index(tree.Name(nest.array), self.speller.form(place(nest.index)))
        if not nest.test:
            return assign(target, value)
        test = self.speller.test(retested(nest.test, place))
        return tree.If(test, tree.Block((assign(target, value),)))

    def _spread(self) -> list[Any]:
        """The loops around the tiles, over all cores where there is enough to do."""
        loops = self.loops()
        if self.block != ZERO:
            loops.append((self.speller.names[name_of(self.block)], self.blocks))
        body: tuple[Any, ...] = (*self._head(), *self.inside())
        for name, count in reversed(loops):
            body = (loop(name, number(count), *body),)
        products = prod(self.extents[d] for d in (*self.nest.free, *self.nest.over))
        if loops and worth_threads(2 * products):
            body = (parallel(len(loops)), *body)
        return list(body)

    def _head(self) -> list[Any]:
        """The first row: the last block of rows overlaps the one before it."""
        if not self.uneven:
            return []
        assert self.tile.down
        last = number(self.extents[self.tile.down] - self.tile.rows)
        start = self.speller.form(self.block * self.tile.rows)
        least = tree.Call(tree.Name("min_int"), (start, last))
        return [declared(self.speller.names[name_of(self.first)], types.INT, least)]
