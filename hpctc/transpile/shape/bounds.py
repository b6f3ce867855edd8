"""Bounds of loops from guards, where they are known and where only the program knows them."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, constant, linear, number, written


def bounded(name: str, extent: tree.Expr, body: Sequence[Any]) -> tuple[tree.Expr, tuple[Any, ...]]:
    """A guard ``name < n`` around the whole body as the loop's bound."""
    match tuple(body):
        case (tree.If(tree.Binary("<", left, right), tree.Block(inner), None),):
            form = linear(left).plus(linear(right), -1)
            if form.of(name) != 1 or name in edit.mentions(written(form.without(name))):
                return extent, tuple(body)
            limit = written(Linear({}).plus(form.without(name), -1))
            if not _stable(limit):
                return extent, tuple(body)
            return least(extent, limit), inner
        case _:
            return extent, tuple(body)


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
