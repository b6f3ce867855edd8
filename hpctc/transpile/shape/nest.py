"""A barrier-free kernel as a nest of parallel loops."""

from collections.abc import Sequence
from typing import Any, cast

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import Linear, Range, constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.hoist import before
from hpctc.transpile.scope import Geometry, Local
from hpctc.transpile.shape import extremes, guards, radix, repeats
from hpctc.transpile.shape.absorb import absorbed, independent
from hpctc.transpile.shape.accumulate import accumulated
from hpctc.transpile.shape.arithmetic import Arithmetic
from hpctc.transpile.shape.bounds import least
from hpctc.transpile.shape.columns import together
from hpctc.transpile.shape.digits import Digit, Digits
from hpctc.transpile.shape.emit import emitted
from hpctc.transpile.shape.merge import merged
from hpctc.transpile.shape.order import accesses, gathers, ordered, scatters, tiled
from hpctc.transpile.shape.radix import Axis, Loop
from hpctc.transpile.shape.reduce import along
from hpctc.transpile.shape.scalars import declared_late
from hpctc.transpile.shape.segments import segments
from hpctc.transpile.work import cost, worth_threads


def nested(body: Sequence[Any], geometry: Geometry, kernel: Translated) -> tuple[Any, ...]:
    """The loops of a kernel whose threads never meet."""
    return _Nest(geometry, kernel).made(body)


class _Nest:
    """One kernel on its way from threads to loops."""

    def __init__(self, geometry: Geometry, kernel: Translated) -> None:
        self.kernel = kernel
        self.geometry = geometry
        self.axes: dict[str, Axis] = {}
        self.leaves: dict[str, Linear] = {}
        self.used = set(kernel.used)
        self.titles: dict[Digit, str] = {}
        self.ranges: dict[str, Range] = {}
        """Of the loops' variables."""
        for name, threads, blocks in zip("xyz", geometry.block, geometry.grid, strict=True):
            self._axis(name, threads, blocks)

    def _axis(self, name: str, threads: int, blocks: tree.Expr) -> None:
        count = constant(blocks)
        extent: tree.Expr = tree.Binary("*", blocks, number(threads))
        if count is not None:
            extent = number(count * threads)
        elif threads == 1:
            extent = blocks
        if constant(extent) != 1:
            self.axes[name] = Axis(name, extent)
        digits = self._digits()
        self.leaves[f"t{name}"] = digits.digit(name, 1, threads) if threads > 1 else Linear({})
        self.leaves[f"b{name}"] = digits.digit(name, threads) if count != 1 else Linear({})

    def _digits(self) -> Digits:
        extents = {name: constant(axis.extent) for name, axis in self.axes.items()}
        ranges = {n: r for n, r in self.kernel.folder.ranges.items() if n not in self.leaves}
        return Digits(ranges, extents)

    def _arithmetic(self, leaves: dict[str, Linear]) -> Arithmetic:
        known = {n: Local(kind) for n, kind in self.kernel.scalars.items()} | self.kernel.locals
        return Arithmetic(self._digits(), known, self.kernel.constants, leaves)

    def _workshop(self, leaves: dict[str, Linear], further: dict[str, int]) -> Arithmetic:
        """Arithmetic over loops that are there already, with axes of their own."""
        made = self._arithmetic(leaves)
        made.digits.extents |= further
        made.digits.ranges |= self.ranges
        made.locals = {**made.locals, **{name: Local(types.INT) for name in self.ranges}}
        return made

    def made(self, body: Sequence[Any]) -> tuple[Any, ...]:
        """The loops."""
        first = self._arithmetic(self.leaves)
        body = self._absorbed(first.statements(guards.unswitched(body)))
        held, body = guards.peeled(guards.unswitched(body))
        self.titles |= first.titles
        rest = [c for c in held if not self._bounded(c)]
        second = self._arithmetic({})  # the same in shorter axes
        body = second.statements(body)
        rest = [second.write(c) for c in rest]
        self.titles |= second.titles
        loops, third = self._split(body, rest)
        body = third.statements(body)
        loops, late = self._late([c for r in rest for c in guards.conjuncts(third.write(r))], loops)
        if any(loop.points <= 0 for loop in loops):
            return ()
        loops, body = _without_single(loops, body)
        body = merged(body, self._workshop)
        condition = None
        for c in late:
            condition = c if condition is None else tree.Binary("&&", condition, c)
        if condition is not None:
            body = (tree.If(condition, tree.Block(body)),)
        return self._written(loops, body)

    def _absorbed(self, body: tuple[Any, ...]) -> tuple[Any, ...]:
        """The body without a loop that is part of the only axis, which then is longer."""
        if len(self.axes) != 1:
            return body
        ((name, axis),) = self.axes.items()
        threads = constant(axis.extent)
        found = absorbed(body, name, axis.extent)
        if found is None or (threads is None and not found.strides):
            return body
        rounds, longer = constant(found.end), f"{name}+"
        points = found.end
        if threads is not None and rounds is not None and not found.strides:
            points = number(rounds * threads)
        kept, self.axes = self.axes, {longer: Axis(longer, points)}
        arithmetic = self._arithmetic({})
        whole = arithmetic.digits.digit(longer)
        arithmetic.leaves[found.name] = whole
        if threads is not None:
            arithmetic.whole[name] = arithmetic.digits.remainder(whole, threads)
            if not found.strides:
                arithmetic.leaves[found.name] = arithmetic.digits.quotient(whole, threads)
        made = arithmetic.statements(found.body)
        left = any(isinstance(n, Digit) and n.axis == name for s in made for n in tree.walk(s))
        if left or not independent(made, longer, self.kernel):
            self.axes = kept
            return body
        if found.strides:
            self.titles[Digit(longer)] = found.name
        return made

    def _bounded(self, condition: tree.Expr) -> bool:
        """Whether a guard is a bound of an axis, which then has it."""
        match condition:
            case tree.Binary("<", Digit(name, 1, None), limit):
                axis = self.axes[name]
                points, most = constant(axis.extent), constant(limit)
                if points is not None and most is not None:
                    axis.extent = number(min(points, most))
                    return True
                if points is None and not any(isinstance(n, Digit) for n in tree.walk(limit)):
                    axis.limit = limit
                    return False
            case _:
                pass
        return False

    def _split(self, body: Sequence[Any], rest: list[tree.Expr]) -> tuple[list[Loop], Arithmetic]:
        loops: list[Loop] = []
        wholes: dict[str, Linear] = {}
        for name in sorted(self.axes, reverse=True):
            axis = self.axes[name]
            self._cut(axis, [*body, *rest])
            lows = (1, *axis.cuts)
            highs = (*axis.cuts, None)
            names = [
                self._name(Digit(name, low, high))
                for low, high in zip(reversed(lows), reversed(highs), strict=True)
            ]
            made, whole = radix.split(axis, names)
            loops += made
            wholes[name] = whole
            for one in made:
                self.ranges[one.name] = (0, one.points - 1)
            points = constant(axis.extent)
            if points is not None and axis.cuts and points % axis.cuts[-1]:
                rest.append(tree.Binary("<", cast(tree.Expr, Digit(name)), number(points)))
        third = self._workshop({}, {})
        third.whole = wholes
        return loops, third

    def _cut(self, axis: Axis, body: Sequence[Any]) -> None:
        points = constant(axis.extent)
        chain = radix.cuts(radix.digits_in(body, axis.name), points)
        if points is None:
            threads = self.geometry.block["xyz".index(axis.name[0])]
            below = tuple(c for c in chain if threads % c == 0 and c < threads)
            chain = (*below, threads) if chain else ()
            if not chain and axis.limit is not None:
                axis.extent = least(axis.extent, axis.limit)
        elif not chain and self._chunked(points * cost(body), body):
            part = radix.chunks(points)
            chain = () if part is None else (part,)
        axis.cuts = chain

    def _chunked(self, work: float, body: Sequence[Any]) -> bool:
        """Whether an axis is long, alone and walked without loops inside: SIMD all the way."""
        loops = any(isinstance(n, tree.For | tree.While) for s in body for n in tree.walk(s))
        return len(self.axes) == 1 and worth_threads(work) and not loops

    def _name(self, digit: Digit) -> str:
        if (title := self.titles.get(digit)) is not None and title not in self.leaves:
            return title
        name = radix.fresh(self.used)
        self.used.add(name)
        return name

    def _late(
        self, conditions: list[tree.Expr], loops: list[Loop]
    ) -> tuple[list[Loop], list[tree.Expr]]:
        """Guards that are bounds of loops, and those that are not."""
        late = []
        names = {loop.name for loop in loops}
        for condition in conditions:
            match condition:
                case tree.Number("1"):
                    pass
                case tree.Binary("<", tree.Name(name), limit) if name in names and not (
                    edit.mentions(limit) & names
                ):
                    loops = [_shorter(x, limit) if x.name == name else x for x in loops]
                case _:
                    late.append(condition)
        return loops, late

    def _written(self, loops: list[Loop], body: Sequence[Any]) -> tuple[Any, ...]:
        from hpctc.transpile.tidy import vectorisable

        body = declared_late(accumulated(body, self.kernel, self.used), self.kernel)
        body = extremes.compared(body, self.kernel.locals, self.used)
        body = repeats.named(body, self.kernel, self.used)
        touched = list(accesses(body, self.kernel.locals))
        loops = ordered(loops, touched)
        summed = along(body, loops[-1] if loops else None, self.kernel)
        if summed is not None:
            return emitted(loops, summed, vector=False)
        apart = loops and (gathers(loops[-1], touched) or scatters(loops[-1], touched))
        vector = vectorisable(body) and not apart
        tile = tiled(loops, touched) if vector else None
        if tile is not None or not loops:
            return emitted(loops, body, vector, tile)
        split = segments(loops[-1], loops[:-1], body, self._workshop({}, {}))
        if vector and len(split) < 2 and (tiles := together(loops, body, touched, self.used)):
            return emitted(*tiles, vector=False)
        if len(split) > 1:
            return emitted(loops, body, vector, split=split)
        head, body = self._ahead(loops[-1], body)
        return emitted(loops, body, vector, before=head)

    def _ahead(self, inner: Loop, body: tuple[Any, ...]) -> tuple[Sequence[Any], tuple[Any, ...]]:
        """What the rounds of the innermost loop have in common, and the body that reads it."""
        if not 1 < inner.points < float("inf"):
            return (), body  # it may have no rounds at all
        self.kernel.used.update(self.used)
        return before(body, inner.name, self.kernel)


def _shorter(loop: Loop, limit: tree.Expr) -> Loop:
    return Loop(loop.name, least(loop.extent, limit))


def _without_single(loops: list[Loop], body: Sequence[Any]) -> tuple[list[Loop], tuple[Any, ...]]:
    """Loops of one round are no loops."""
    single = {x.name: number(0) for x in loops if constant(x.extent) == 1}
    kept = [x for x in loops if x.name not in single]
    return kept, tuple(edit.substitute(s, single) for s in body)
