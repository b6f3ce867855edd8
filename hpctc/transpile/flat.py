"""Blocks and threads as one loop, where a kernel asks for them only together.

``bx * 256 + tx`` becomes ``i``; so do ``bx * 8 + (tx >> 5)`` (``i >> 5``) and ``tx & 31`` where the
block's extent is a multiple. A guard around the whole body becomes the loop's bound.
"""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, constant, linear, number, written
from hpctc.transpile.scope import Geometry

BLOCK, THREAD = tree.Name("bx"), tree.Name("tx")


class _Apart(Exception):
    """The block or the thread is asked for alone."""


def flattened(
    body: Sequence[Any], geometry: Geometry, used: set[str]
) -> tuple[str, tree.Expr, tuple[Any, ...]] | None:
    """The loop's variable, its bound and its body; None where two loops are needed."""
    if any(constant(e) != 1 for e in geometry.grid[1:]) or geometry.block[1:] != (1, 1):
        return None
    if constant(geometry.grid[0]) == 1 or geometry.block[0] == 1:
        return None
    name, body = _titled(body, geometry, used)
    try:
        made = tuple(_changed(s, geometry.block[0], tree.Name(name)) for s in body)
    except _Apart:
        return None
    blocks = constant(geometry.grid[0])
    extent = (
        number(blocks * geometry.block[0])
        if blocks is not None
        else tree.Binary("*", geometry.grid[0], number(geometry.block[0]))
    )
    bound, made = bounded(name, extent, made, geometry)
    return name, bound, made


def _titled(body: Sequence[Any], geometry: Geometry, used: set[str]) -> tuple[str, tuple[Any, ...]]:
    """The name that the source gave the flat index, with its declaration taken out."""
    for place, statement in enumerate(body):
        if isinstance(statement, tree.Declaration) and statement.variables[0].value is not None:
            variable = statement.variables[0]
            form = linear(variable.value) if variable.value is not None else Linear({})
            flat = Linear({BLOCK: geometry.block[0], THREAD: 1})
            fixed = variable.name not in _assigned(body)
            if dict(form.terms) == dict(flat.terms) and form.constant == 0 and fixed:
                return variable.name, (*body[:place], *body[place + 1 :])
    name = next(n for n in ("i", "i_flat", "flat_index") if n not in used)
    return name, tuple(body)


def _assigned(body: Sequence[Any]) -> set[str]:
    from hpctc.transpile.statements import mutated

    return {n for s in body for n in mutated(s)}


def _changed(node: Any, threads: int, flat: tree.Name) -> Any:
    if isinstance(node, tree.Name) and node in (BLOCK, THREAD):
        raise _Apart
    if isinstance(node, tree.Binary):
        if (made := _together(node, threads, flat)) is not None:
            return made
        if (made := _within(node, threads, flat)) is not None:
            return made
    return edit.rebuild(node, lambda n: _changed(n, threads, flat))


def _together(node: tree.Binary, threads: int, flat: tree.Name) -> tree.Expr | None:
    """A sum in which the block's stride is as many threads of a block."""
    if node.op not in ("+", "-"):
        return None
    form = linear(node)
    stride = form.of("bx")
    if not stride:
        return None
    terms = dict(form.terms)
    for term, factor in form.terms.items():
        step = _step(term)
        if step is None or threads % step or stride != factor * (threads // step):
            continue
        del terms[BLOCK], terms[term]
        whole = flat if step == 1 else tree.Binary(term.op, flat, term.right)  # type: ignore[union-attr]
        made = Linear({whole: factor, **terms}, form.constant)
        changed = {
            _changed(t, threads, flat) if t != whole else t: f for t, f in made.terms.items()
        }
        return written(Linear(changed, made.constant))
    return None


def _step(term: tree.Expr) -> int | None:
    match term:
        case tree.Name("tx"):
            return 1
        case tree.Binary(">>", tree.Name("tx"), by) if (shift := constant(by)) is not None:
            return 1 << shift
        case tree.Binary("/", tree.Name("tx"), by):
            return constant(by)
        case _:
            return None


def _within(node: tree.Binary, threads: int, flat: tree.Name) -> tree.Expr | None:
    """``tx % 32`` where the block holds whole groups of 32."""
    by = constant(node.right)
    if node.left != THREAD or by is None or by < 0:
        return None
    if node.op == "%" and by and threads % by == 0:
        return tree.Binary("%", flat, node.right)
    if node.op == "&" and by & (by + 1) == 0 and threads % (by + 1) == 0:
        return tree.Binary("&", flat, node.right)
    return None


def bounded(
    name: str, extent: tree.Expr, body: Sequence[Any], geometry: Geometry
) -> tuple[tree.Expr, tuple[Any, ...]]:
    """A guard ``name < n`` around the whole body as the loop's bound."""
    match tuple(body):
        case (tree.If(tree.Binary("<", left, right), tree.Block(inner), None),):
            form = linear(left).plus(linear(right), -1)
            if form.of(name) != 1 or name in edit.mentions(written(form.without(name))):
                return extent, tuple(body)
            limit = written(Linear({}).plus(form.without(name), -1))
            if not _stable(limit):
                return extent, tuple(body)
            return _least(extent, limit, geometry), inner
        case _:
            return extent, tuple(body)


def _stable(limit: tree.Expr) -> bool:
    return all(
        isinstance(n, tree.Name | tree.Number | tree.Binary | tree.Unary) for n in tree.walk(limit)
    ) and not any(isinstance(n, tree.Unary) and n.op in "*&++--" and n.op != "-"
                  for n in tree.walk(limit))  # fmt: skip


def _least(extent: tree.Expr, limit: tree.Expr, geometry: Geometry) -> tree.Expr:
    """The smaller bound; ``(n + 255) / 256`` blocks of 256 always reach n."""
    a, b = constant(extent), constant(limit)
    if a is not None and b is not None:
        return number(min(a, b))
    threads = geometry.block[0]
    match geometry.grid[0]:
        case tree.Binary("/", sum_, by) if constant(by) == threads:
            spare = linear(sum_).plus(linear(limit), -1)
            if not spare.terms and spare.constant == threads - 1:
                return limit
        case _:
            pass
    return tree.Call(tree.Name("min_int"), (extent, limit))


__all__ = ["bounded", "flattened"]
