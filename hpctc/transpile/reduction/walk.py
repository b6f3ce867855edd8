"""The loops of a kernel that reduces, as a person would write them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fission import Fission, Threads
from hpctc.transpile.fold import constant, number
from hpctc.transpile.reduction.across import counted, side_by_side
from hpctc.transpile.reduction.bags import worth
from hpctc.transpile.reduction.combine import spread
from hpctc.transpile.reduction.hoist import Uniforms, hoisted
from hpctc.transpile.reduction.keep import kept
from hpctc.transpile.reduction.lower import identity, join
from hpctc.transpile.reduction.machine import Facts, Machine, Mask, Stop
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.reduction.operators import Operator
from hpctc.transpile.reduction.pointers import unwritten
from hpctc.transpile.reduction.rows import Row, row
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.extremes import compared
from hpctc.transpile.shape.guards import conjuncts
from hpctc.transpile.shape.scalars import declared_late
from hpctc.transpile.simd import SIMD, worth_simd
from hpctc.transpile.tidy import vectorisable
from hpctc.transpile.uniform import THREAD

PARTS = (8, 7, 6, 5, 4, 3, 2)
"""Into how many parts a row is cut whose additions would wait for one another."""

VECTOR = 16
"""Elements of which a part should be a multiple."""


def walked(
    body: Sequence[Any], fission: Fission, loop: tuple[str, int] | None
) -> tuple[list[Any], Geometry]:
    """Block-level statements with rows for thread loops that are some, and the launch they need.

    ``loop`` is the loop over groups of threads that is to stand around them.
    """
    geometry = fission.geometry
    walk = _Walk(fission)
    if not any(isinstance(n, Reduction) for s in fission.kernel.body for n in tree.walk(s)):
        made = list(body)
    else:
        rows = walk.rows(body)
        if (done := side_by_side(rows, fission, loop)) is not None:
            return done
        made = walk.written(rows)
    return ([counted(loop[0], number(loop[1]), made)] if loop is not None else made), geometry


@dataclass
class _Walk:
    """One kernel on its way."""

    fission: Fission

    @cached_property
    def machine(self) -> Machine:
        """Knows the threads' numbers and what is computed from them."""
        return Machine(Facts(self.fission.kernel, self.fission.geometry))

    def rows(self, body: Sequence[Any]) -> list[Any]:
        """A list of statements at block level, with rows in it."""
        made: list[Any] = []
        uniform: Uniforms = {}
        for node in body:
            if isinstance(node, Threads):
                before, now = self._threads(node, uniform)
                place = len(made) - len(node.joins)
                made[place:place] = before
                made += now
            elif isinstance(node, tree.Block):
                made.append(tree.Block(tuple(self.written(self.rows(node.body)))))
            elif isinstance(node, tree.For | tree.While | tree.Do | tree.If):
                made.append(edit.rebuild(node, self._nested))
            else:
                made.append(node)
        for i, node in enumerate(made):
            if isinstance(node, Row):
                made[:i] = [_started(s, node) for s in made[:i]]
        return made

    def written(self, body: Sequence[Any]) -> list[Any]:
        """A list of statements with its rows as loops."""
        made = kept(body, unwritten(self.fission.kernel, self.fission.const), self.fission.kernel)
        return [s for node in made for s in (self._row(node) if isinstance(node, Row) else [node])]

    def _nested(self, node: Any) -> Any:
        if isinstance(node, tree.Block):
            return tree.Block(tuple(self.written(self.rows(node.body))))
        return node

    def _threads(self, node: Threads, uniform: Uniforms) -> tuple[list[Any], list[Any]]:
        """What is the same for all threads, and what they do."""
        kernel = self.fission.kernel
        if (only := self._few(node)) is not None:
            return [], only
        body = declared_late(node.body, kernel)
        steady, body = self._steady(body, uniform)
        before, node = hoisted(replace(node, body=body), self.fission, uniform)
        found = row(node, self.fission.geometry, kernel)
        before = [*steady, *before]
        if found is not None:
            return before, [found]
        body = compared(node.body, kernel.locals, kernel.used)
        return before, [replace(node, body=body)]

    def _steady(self, body: Sequence[Any], uniform: Uniforms) -> tuple[list[Any], tuple[Any, ...]]:
        """Constants that are the same for all threads, taken out of their loop."""
        kernel = self.fission.kernel
        made: list[Any] = []
        rest: list[Any] = []
        for node in body:
            match node:
                case tree.Declaration((tree.Variable(name, kind, value=value),)) if (
                    name in kernel.constants and value is not None and self._same(value, uniform)
                ):
                    if tree.Name(name) not in uniform:
                        uniform[tree.Name(name)] = name, types.name(kind)
                        made.append(node)
                case _:
                    rest.append(node)
        return made, tuple(rest)

    def _same(self, value: tree.Expr, uniform: Uniforms) -> bool:
        """Whether an expression of constants has one value for all threads of the block."""
        quiet = tree.Name | tree.Number | tree.Binary | tree.Cast
        for node in tree.walk(value):
            if isinstance(node, tree.Name):
                own = node.name in self.fission.locals and node not in uniform
                if node.name in THREAD or (own and node.name not in self.fission.block):
                    return False
            if isinstance(node, tree.Expr) and not isinstance(node, quiet):
                return False
        return True

    def _few(self, node: Threads) -> list[Any] | None:
        """What one thread, or one line of threads, does alone: without the loops over the rest."""
        taken = _branches(node, self.machine)
        x, y, z = self.fission.geometry.block
        if taken is None or z > 1:
            return None
        chosen, inner = taken
        places = [t for t, there in enumerate(chosen) if there]
        if len(places) == 1:
            at = {"tx": number(places[0] % x), "ty": number(places[0] // x)}
            alone = _read([edit.substitute(s, at) for s in inner])
            declares = any(isinstance(s, tree.Declaration) for s in alone)
            return [tree.Block(tuple(alone))] if declares else alone
        line = places[0] // x if places else 0
        if y == 1 or places != list(range(line * x, line * x + x)):
            return None
        loop = counted("tx", number(x), [edit.substitute(s, {"ty": number(line)}) for s in inner])
        return [SIMD, loop] if vectorisable(inner) and worth_simd(x, inner) else [loop]

    # --- rows ---

    def _row(self, node: Row) -> list[Any]:
        parts = self._parts(node)
        body = node.body if parts == 1 else self._side_by_side(node, parts)
        extent = node.extent if parts == 1 else number((constant(node.extent) or 0) // parts)
        loop = counted(node.name, extent, body)
        note = f"// {parts} parts of the row at once: their additions do not wait for one another."
        made: list[Any] = [tree.Directive(note)] if parts > 1 else []
        rounds = constant(extent) or float("inf")
        if not vectorisable(body) or not worth_simd(rounds, body):
            return [*made, loop]
        clauses = "".join(f" reduction({op}:{name})" for op, name in node.joins)
        return [*made, tree.Directive(f"#pragma omp simd{clauses}"), loop]

    def _parts(self, node: Row) -> int:
        size = constant(node.extent)
        calls = any(isinstance(n, tree.Call) for s in node.body for n in tree.walk(s))
        if size is None or not node.joins or calls:
            return 1
        for multiple in (VECTOR, VECTOR // 2, 1):
            for parts in PARTS:
                if size % (parts * multiple) == 0 and size // parts >= VECTOR:
                    return parts
        return 1

    def _side_by_side(self, node: Row, parts: int) -> tuple[Any, ...]:
        """One round of a loop over parts of the row, which do not wait for one another."""
        length = (constant(node.extent) or 0) // parts
        inner = self.fission.fresh("part")
        names = {total: tree.Name(self.fission.fresh(f"{total}_part")) for _, total in node.joins}
        body = tuple(spread(edit.substitute(s, names), node.name, inner, length) for s in node.body)
        before, after = [], []
        for symbol, total in node.joins:
            kind = self.fission.kernel.locals[total].type
            op = Operator(symbol)
            first = next((f for n, f in node.starts if n == total), identity(op, kind))
            before.append(tree.Declaration((tree.Variable(names[total].name, kind, value=first),)))
            value = join(op, tree.Name(total), names[total])
            after.append(tree.Evaluate(tree.Assign("=", tree.Name(total), value)))
        return (*before, counted(inner, number(parts), body), *after)


def _started(node: Any, made: Row) -> Any:
    """The declaration of a total, which begins with what its accumulators began with."""
    match node:
        case tree.Declaration((tree.Variable(name, value=value) as variable,)):
            first = dict(made.starts).get(name)
            symbol = next((op for op, total in made.joins if total == name), "")
            if first is not None and value is not None and symbol in ("max", "min"):
                pick = max if symbol == "max" else min
                best = pick((worth(value) or 0.0, value), (worth(first) or 0.0, first),
                            key=lambda pair: pair[0])  # fmt: skip
                return tree.Declaration((replace(variable, value=best[1]),))
            return node
        case _:
            return node


def _read(body: list[Any]) -> list[Any]:
    """The statements without declarations of what none of them reads."""
    read = {n for s in body for n in edit.mentions(s)}
    return [
        s for s in body
        if not isinstance(s, tree.Declaration) or {v.name for v in s.variables} & read
    ]  # fmt: skip


def _branches(node: Threads, machine: Machine) -> tuple[Mask, list[Any]] | None:
    """The threads that do something in a loop, if they are the same throughout, and what."""
    if node.mask is not None or node.joins:
        return None
    made: list[Any] = []
    who: Mask | None = None
    for statement in node.body:
        if isinstance(statement, tree.Declaration):
            made.append(statement)
            continue
        chosen, body = _branch(statement, machine)
        if who not in (None, chosen):
            return None
        who = chosen
        made += body
    return None if who is None else (who, made)


def _branch(node: Any, machine: Machine) -> tuple[Mask, tuple[Any, ...]]:
    """Who takes a branch, those in it included, and what they do there."""
    chosen = machine.everybody
    body: tuple[Any, ...] = (node,)
    while len(body) == 1 and isinstance(body[0], tree.If) and body[0].otherwise is None:
        open_: list[tree.Expr] = []
        for part in conjuncts(body[0].condition):
            try:
                chosen = machine.choice(part, chosen)
            except Stop:
                open_.append(part)
        then = body[0].then
        if open_:
            return chosen, (tree.If(reduce(_both, open_), then),)
        body = then.body if isinstance(then, tree.Block) else (then,)
    return chosen, body


def _both(left: tree.Expr, right: tree.Expr) -> tree.Expr:
    return tree.Binary("&&", left, right)


__all__ = ["walked"]
