"""Rows that a block of threads walks together, as one loop over the row.

Thread ``tx`` of T takes the elements ``tx, tx + T, tx + 2 T, ...``. All threads together take every
element once, and as one loop they do so in order: ``for (i = 0; i < n; ++i)``. A value that every
thread reduces on the way goes straight into the block's total (:mod:`~.straight`).

Threads without an element hold the identity of the operator, or a constant that the total begins
with as well: ``float v = 0; if (tx < 17) v += x[tx];`` in a block of 256 is a row of 17.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fission import Threads
from hpctc.transpile.fold import constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.bags import worth
from hpctc.transpile.reduction.combine import Apart, combined
from hpctc.transpile.reduction.straight import joining, straight
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.bounds import bounded
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.statements import mutated

FEW = 64
"""Threads from which on an element and its neighbour T further never share a SIMD vector."""


@dataclass(frozen=True)
class Row(tree.Node):
    """``for (int name = 0; name < extent; ++name) body``, its rounds independent but for joins."""

    name: str
    extent: tree.Expr
    body: tuple[Any, ...]
    joins: tuple[tuple[str, str], ...] = ()
    """Operators and the totals that the rounds join values into."""
    starts: tuple[tuple[str, tree.Expr], ...] = ()
    """What totals begin with: the first value of the threads' accumulators."""


def row(node: Threads, geometry: Geometry, kernel: Translated) -> Row | None:
    """A thread loop as a row; None where it is none."""
    if node.mask is not None or node.ordered or geometry.block[1:] != (1, 1):
        return None
    loops = [i for i, s in enumerate(node.body) if isinstance(s, tree.For)]
    if not loops:
        return _guarded(node, geometry.block[0], kernel)
    if len(loops) != 1:
        return None
    place = loops[0]
    made = _merged(node.body[place], geometry.block[0])
    before, after = node.body[:place], node.body[place + 1 :]
    if made is None or (before and not node.joins):
        return None
    joined = straight(made.body, before, after, node.joins, kernel)
    if joined is None:
        return None
    body, starts = joined
    made = replace(made, body=body, joins=node.joins, starts=starts)
    return made if _independent(made, geometry.block[0]) else None


def _guarded(node: Threads, threads: int, kernel: Translated) -> Row | None:
    """Threads of which a guard lets some bring something along, as a row of just these."""
    statements = [s for part in node.body for s in _branched(part)]
    places = [i for i, s in enumerate(statements) if isinstance(s, tree.If)]
    if not places:
        return None
    first, end = places[0], places[-1] + 1
    guards = [s for s in statements[first:end] if isinstance(s, tree.If)]
    between = [s for s in statements[first:end] if not isinstance(s, tree.If)]
    guard = _joint(guards)
    if guard is None or not all(isinstance(s, tree.Declaration) for s in between):
        return None
    extent, body = bounded("tx", number(threads), (guard,))
    if body == (guard,):
        return None
    before, after = [*statements[:first], *between], statements[end:]
    if (constant(extent) or threads) < threads:
        body = joining(body, after, node.joins)
    joined = straight(body, before, after, node.joins, kernel)
    if joined is None:
        return None
    body, starts = joined
    made = Row("tx", extent, body, node.joins, starts)
    return made if _independent(made, threads) else None


def _branched(node: Any) -> tuple[Any, ...]:
    """``float v = c ? x : 0;`` as ``float v = 0; if (c) v = x;``, and likewise what is joined."""
    match node:
        case tree.Declaration(
            (tree.Variable(name, value=tree.Select(test, yes, no)) as variable,)
        ) if worth(no) is not None:
            begun = replace(variable, type=types.bare(variable.type), value=no)
            return tree.Declaration((begun,)), _given(test, name, yes)
        case tree.Evaluate(
            tree.Assign(
                "=",
                tree.Name(total),
                tree.Binary(_, _, tree.Select(test, yes, no) as value)
                | tree.Select(_, tree.Select(test, yes, no) as value, _),
            )
        ) if worth(no) is not None:
            mine = tree.Name(f"@{total}")  # straight() leaves none of it
            begun = tree.Variable(mine.name, types.FLOAT, value=no)
            joined = edit.transform(node, lambda n: mine if n == value else n)
            return tree.Declaration((begun,)), _given(test, mine.name, yes), joined
        case _:
            return (node,)


def _given(test: tree.Expr, name: str, value: tree.Expr) -> tree.If:
    """``if (test) name = value;``."""
    return tree.If(test, tree.Block((tree.Evaluate(tree.Assign("=", tree.Name(name), value)),)))


def _joint(guards: Sequence[tree.If]) -> tree.If | None:
    """Branches with the same condition as one; None where they differ or change it."""
    first = guards[0]
    inside = [s for g in guards for s in parts(g.then)]
    changed = {n for s in inside for n in mutated(s)}
    if any(g.condition != first.condition or g.otherwise is not None for g in guards):
        return None
    if edit.mentions(first.condition) & changed:
        return None
    return tree.If(first.condition, tree.Block(tuple(inside)))


def _merged(loop: tree.For, threads: int) -> Row | None:
    """The threads' loops as one, its body not yet looked at."""
    match loop:
        case tree.For(
            tree.Declaration((tree.Variable(name, kind, value=first),)),
            tree.Binary("<", tree.Name(tested), limit),
            step,
            tree.Block(body),
        ) if tested == name and types.name(kind) in ("int", "index", "unsigned"):
            pass
        case _:
            return None
    stable = all(isinstance(n, tree.Name | tree.Number | tree.Binary) for n in tree.walk(limit))
    changed = {n for s in body for n in mutated(s)}
    if not stable or changed & {name, *edit.mentions(limit)} or "tx" in edit.mentions(limit):
        return None
    if first == tree.Name("tx") and _step(step, name) == threads:
        return None if any("tx" in edit.mentions(s) for s in body) else Row(name, limit, body)
    rounds = constant(limit)
    if first is None or constant(first) != 0 or _step(step, name) != 1 or rounds is None:
        return None
    threads, body = _working(body, threads)
    try:
        flat = [combined(s, name, "tx", threads, tree.Name("@")) for s in body]
    except Apart:
        return None
    body = tuple(edit.substitute(s, {"@": tree.Name(name)}) for s in flat)
    return _bounded(Row(name, number(rounds * threads), body))


def _working(body: tuple[Any, ...], threads: int) -> tuple[int, tuple[Any, ...]]:
    """How many threads do something in a loop, and what they do: ``if (tx < 32)`` is a few."""
    match body:
        case (tree.If(tree.Binary("<", tree.Name("tx"), limit), tree.Block(inner), None),):
            few = constant(limit)
            return (min(few, threads), inner) if few is not None else (threads, body)
        case _:
            return threads, body


def _bounded(made: Row) -> Row:
    """A guard ``i < n`` (or ``i / c < n``) around all of the body as the row's end."""
    match made.body:
        case (tree.If(tree.Binary("<", left, right), tree.Block(inner), None),):
            limit, extent = constant(right), constant(made.extent)
        case _:
            return made
    match left:
        case tree.Name(name):
            factor = 1
        case tree.Binary("/", tree.Name(name), by):
            factor = constant(by) or 0
        case tree.Binary(">>", tree.Name(name), by):
            factor = 1 << (constant(by) or 0)
        case _:
            return made
    if name != made.name or limit is None or extent is None or factor < 1:
        return made
    return replace(made, extent=number(min(extent, limit * factor)), body=inner)


def _step(step: tree.Expr | None, name: str) -> int | None:
    match step:
        case tree.Unary("++", tree.Name(counted)) | tree.Postfix("++", tree.Name(counted)):
            return 1 if counted == name else None
        case tree.Assign("+=", tree.Name(counted), by):
            return constant(by) if counted == name else None
        case _:
            return None


# --- legality ---


def _independent(made: Row, threads: int) -> bool:
    """Whether rounds have nothing in common but totals and, T apart, what one thread stored."""
    declared = {v.name for s in made.body for n in tree.walk(s) if isinstance(n, tree.Declaration)
                for v in n.variables}  # fmt: skip
    totals = {name for _, name in made.joins}
    nodes = [n for s in made.body for n in tree.walk(s)]
    if any(isinstance(n, tree.Jump | tree.Return) for n in nodes):
        return False
    targets = [n.target for n in nodes if isinstance(n, tree.Assign)]
    stored = {base for t in targets if isinstance(t, tree.Index) and (base := _base(t))}
    changed = {n for s in made.body for n in mutated(s)} - declared - totals
    if changed - stored or any(made.name not in edit.mentions(t) for t in targets
                               if isinstance(t, tree.Index)):  # fmt: skip
        return False
    kept = {id(n.target) for n in nodes if isinstance(n, tree.Assign) and n.op == "="}
    read = {_base(n) for n in nodes if isinstance(n, tree.Index) and id(n) not in kept}
    return threads >= FEW or not stored & read


def _base(node: tree.Expr) -> str:
    while isinstance(node, tree.Index):
        node = node.base
    return node.name if isinstance(node, tree.Name) else ""


__all__ = ["Row", "row"]
