"""Tiles whose vectors run along the reduction: matrix by vector, with the matrix as it lies."""

from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.forms import Form, name_of
from hpctc.transpile.contract.operands import LANES, strides
from hpctc.transpile.contract.spell import assign, declared, loop
from hpctc.transpile.contract.values import Load, Value, loads, reformed
from hpctc.transpile.contract.writer import Writer
from hpctc.transpile.fold import number


class Dot(Writer):
    """One vector of partial sums a row; its lanes are added at the end."""

    def heading(self) -> str:
        """See the base class."""
        return f"{self.tile.rows} sums at a time, each in the lanes of a vector."

    def loops(self) -> list[tuple[str, int]]:
        """All places of the output but the rows, in its order."""
        by = strides(self.nest.index)
        order = sorted((d for d in self.nest.free if d != self.tile.down), key=lambda d: -by[d])
        return [(self.speller.names[d], self.extents[d]) for d in order]

    def inside(self) -> list[Any]:
        """Sums of zero, the reduction, the stores."""
        spell = self.speller.form
        rows = number(self.tile.rows)
        partial = tree.Name(self.scratch.name("lanes"))
        total = tree.Name(self.scratch.name("sum"))
        part, whole = (tree.Index(n, spell(self.row)) for n in (partial, total))
        lane = self.variable("lane", LANES)
        added = assign(whole, tree.Index(part, spell(lane)), "+=")
        folded = loop(self.speller.names[name_of(lane)], number(LANES), added)
        element = tree.Named(self.nest.kind)
        return [
            declared(partial.name, tree.Array(self.kind, rows)),
            *self._each(assign(part, self.zero())),
            *self._reduced(part),
            declared(total.name, tree.Array(element, rows), tree.Braces((number(0),))),
            *self._rest(whole),
            *self._rows(folded, self.result(whole, lambda f: self.placed(f, Form()))),
        ]

    def _each(self, *body: Any) -> list[Any]:
        return self.unrolled(*body, over=((self.row, self.tile.rows),))

    def _rows(self, *body: Any) -> list[Any]:
        """For each row that no other block has stored."""
        if self.row == Form():
            return list(body)
        skip = self.speller.form(self.block * self.tile.rows - self.first)
        start = skip if self.uneven else number(0)
        name = self.speller.names[name_of(self.row)]
        return [loop(name, number(self.tile.rows), *body, start=start)]

    def _reduced(self, part: tree.Expr) -> list[Any]:
        """Whole vectors of the reduction."""
        along = self.tile.along
        count = self.extents[along] // LANES
        vector = self.variable("vector", count)
        at = vector * LANES
        leaves: dict[Value, tree.Expr] = {}
        for load in loads(self.total.term):
            if strides(load.index).get(along):
                index = self.placed(load.index, at)
                leaves[Load(load.array, index)] = self.vector(load.array, index, const=True)
        term = reformed(self.total.term, lambda f: self.placed(f, at))
        body = self._each(assign(part, self.speller.value(term, leaves), "+="))
        if vector != Form():
            body = [loop(self.speller.names[name_of(vector)], number(count), *body)]
        return self._around(body)

    def _rest(self, whole: tree.Expr) -> list[Any]:
        """What is left of the reduction when it is no multiple of a vector."""
        along = self.tile.along
        done = self.extents[along] // LANES * LANES
        if done == self.extents[along]:
            return []
        at = Form(((along, 1),))
        term = self.speller.value(reformed(self.total.term, lambda f: self.placed(f, at)))
        body = self._each(assign(whole, term, "+="))
        name, end = self.speller.names[along], number(self.extents[along])
        return self._around([loop(name, end, *body, start=number(done))])

    def _around(self, body: list[Any]) -> list[Any]:
        """The outer loops of the reduction."""
        for digit in reversed(self.nest.over):
            if digit != self.tile.along:
                body = [loop(self.speller.names[digit], number(self.extents[digit]), *body)]
        return body
