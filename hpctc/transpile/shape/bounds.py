"""Bounds of loops from guards, where they are known and where only the program knows them."""

from collections.abc import Collection, Sequence
from functools import reduce
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, constant, linear, number, written
from hpctc.transpile.shape.guards import conjuncts


def bounded(
    name: str, extent: tree.Expr, body: Sequence[Any], inside: Collection[str] = ()
) -> tuple[tree.Expr, tuple[Any, ...]]:
    """A guard ``name < n`` around the whole body, alone or with others, as the loop's bound.

    ``inside`` are the variables of loops inside this one: there is no bound from them.
    """
    match tuple(body):
        case (tree.If(condition, tree.Block(inner), None),):
            pass
        case _:
            return extent, tuple(body)
    left: list[tree.Expr] = []
    for part in conjuncts(condition):
        limit = _limit(name, part)
        if limit is None or edit.mentions(limit) & set(inside):
            left.append(part)
        else:
            extent = least(extent, limit)
    if not left:
        return extent, inner
    rest = reduce(lambda a, b: tree.Binary("&&", a, b), left)
    return extent, (tree.If(rest, tree.Block(inner)),)


def _limit(name: str, condition: tree.Expr) -> tree.Expr | None:
    """``n`` of ``name < n``, or of what says the same."""
    match condition:
        case tree.Binary("<", left, right):
            form = linear(left).plus(linear(right), -1)
        case _:
            return None
    if form.of(name) != 1 or name in edit.mentions(written(form.without(name))):
        return None
    limit = written(Linear({}).plus(form.without(name), -1))
    return limit if _stable(limit) else None


def _stable(limit: tree.Expr) -> bool:
    return all(
        isinstance(n, tree.Name | tree.Number | tree.Binary | tree.Unary) for n in tree.walk(limit)
    ) and not any(isinstance(n, tree.Unary) and n.op in "*&++--" and n.op != "-"
                  for n in tree.walk(limit))  # fmt: skip


def least(extent: tree.Expr, limit: tree.Expr) -> tree.Expr:
    """The smaller bound; ``(n + 255) / 256`` blocks of 256 threads reach n."""
    a, b = constant(extent), constant(limit)
    if a is not None and b is not None:
        return number(min(a, b))
    match extent:
        case tree.Binary("*", tree.Binary("/", sum_, by), threads) if threads == by:
            spare = linear(sum_).plus(linear(limit), -1)
            if not spare.terms and spare.constant == (constant(by) or 0) - 1:
                return limit
        case tree.Call(tree.Name("min_int"), held) if limit in held:
            return extent
        case _:
            pass
    return extent if extent == limit else tree.Call(tree.Name("min_int"), (extent, limit))
