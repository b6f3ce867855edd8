"""What a broadcast repeats is computed once: functions of operands that lack the outermost loop.

``y[j][k] = f(x[j][k]) - exp(g(b[k]))`` asks for every exponential as often as there are rows, which
on a GPU hides behind the traffic. Where such a value is dear and its operands are only read, a loop
of its own keeps it in memory, and the rows load it.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from math import prod
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import Linear, constant, number, written
from hpctc.transpile.intrinsics import FLOAT_MATH
from hpctc.transpile.kernel import Translated
from hpctc.transpile.shape.emit import emitted
from hpctc.transpile.shape.radix import Loop
from hpctc.transpile.work import CALL, cost

DEAR = 2 * CALL
"""Operations from which on a value is worth a place in memory."""
ROWS = 8
"""Repeats from which on it pays."""
MOST = 1 << 18
"""Elements that stay in a cache."""
STACK = 16_384
"""Bytes up to which they lie on the stack."""

_FUNCTIONS = frozenset(f"{name}f" for name in FLOAT_MATH)


def broadcast(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """The statements of a nest; what its outermost loop repeats stands in front."""
    nest = tuple(body)
    loops, inner = _chain(nest)
    if len(loops) < 2 or loops[0].points < ROWS or prod(x.points for x in loops[1:]) > MOST:
        return nest
    named = _named(inner, {x.name for x in loops}, kernel)
    if named is None:
        return nest
    row = {loops[0].name}
    local = {n for n, value in named.items() if not _steady(value, named, row, kernel)} | row
    found = next((e for s in inner for e in _dear(s, local, named, kernel)), None)
    if found is None:
        return nest
    taken = {*kernel.used, *named, *(x.name for x in loops), *edit.mentions(tree.Block(nest))}
    name = next(n for i in count() if (n := f"once{i or ''}") not in taken)
    place = tree.Index(tree.Name(name), _place(loops[1:]))
    changed = _unused(edit.transform(tree.Block(nest), lambda n: place if n == found else n))
    end = tree.Evaluate(tree.Call(tree.Name("free"), (tree.Name(name),)))
    ended = (end,) if _on_heap(loops[1:]) else ()
    return (*_filled(place, _whole(found, named), loops[1:]), *changed.body, *ended)


def _chain(body: Sequence[Any]) -> tuple[list[Loop], tuple[Any, ...]]:
    """The loops of a perfect nest, and what is inside."""
    loops: list[Loop] = []
    while True:
        rest = [s for s in body if not isinstance(s, tree.Directive)]
        match rest:
            case [
                tree.For(
                    tree.Declaration((tree.Variable(name, value=tree.Number("0")),)),
                    tree.Binary("<", tree.Name(tested), end),
                    tree.Unary("++", tree.Name(stepped)),
                    tree.Block(inside),
                )
            ] if name == tested == stepped and constant(end) is not None:
                loops.append(Loop(name, end))
                body = inside
            case _:
                return loops, tuple(body)


def _named(
    inner: Sequence[Any], loops: set[str], kernel: Translated
) -> dict[str, tree.Expr] | None:
    """The constants of a body that is nothing but them and stores to arrays."""
    named: dict[str, tree.Expr] = {}
    for statement in inner:
        match statement:
            case tree.Declaration(
                (tree.Variable(name, tree.Qualified(("const",), _), value=value),)
            ):
                if value is None or name in loops:
                    return None
                named[name] = value
            case tree.Evaluate(tree.Assign("=", tree.Index(tree.Name(array), _), _)):
                if array not in kernel.pointers:
                    return None
            case tree.Directive():
                pass
            case _:
                return None
    return named


def _steady(node: Any, named: dict[str, tree.Expr], row: set[str], kernel: Translated) -> bool:
    """Whether an expression is the same in every row: nothing that it reads is written."""
    for name in edit.mentions(node):
        if name in row or name in kernel.written or name in kernel.aliased:
            return False
        if name in named and not _steady(named[name], named, row, kernel):
            return False
    return True


def _dear(
    node: Any, local: set[str], named: dict[str, tree.Expr], kernel: Translated
) -> Iterator[tree.Call]:
    """Calls of float functions, on every way through a statement, that are worth their place."""
    match node:
        case tree.Call(tree.Name(name), _) if name in _FUNCTIONS:
            whole = _whole(node, named)
            alone = not edit.mentions(node) & local and _steady(whole, named, local, kernel)
            if alone and cost([whole]) >= DEAR:
                yield node
                return
        case tree.Select(condition, _, _):
            yield from _dear(condition, local, named, kernel)
            return
        case tree.Binary("&&" | "||", left, _):
            yield from _dear(left, local, named, kernel)
            return
        case _:
            pass
    for child in tree.children(node):
        yield from _dear(child, local, named, kernel)


def _whole(node: Any, named: dict[str, tree.Expr]) -> Any:
    """An expression with the body's constants put in."""
    while edit.mentions(node) & named.keys():
        node = edit.substitute(node, named)
    return node


def _place(loops: Sequence[Loop]) -> tree.Expr:
    terms: dict[Any, int] = {}
    step = 1
    for each in reversed(loops):
        terms[tree.Name(each.name)] = step
        step *= int(each.points)
    return written(Linear(terms))


def _filled(place: tree.Index, value: tree.Expr, loops: Sequence[Loop]) -> tuple[Any, ...]:
    """The memory and the loops that fill it."""
    assert isinstance(place.base, tree.Name)
    size = int(prod(x.points for x in loops))
    variable = tree.Variable(
        place.base.name, tree.Array(types.FLOAT, number(size)), ("_Alignas(64)",)
    )
    if _on_heap(loops):
        bytes_ = number(-(-4 * size // 64) * 64)
        memory = tree.Call(tree.Name("aligned_alloc"), (number(64), bytes_))
        kind = tree.Pointer(types.FLOAT, ("restrict",))
        variable = tree.Variable(place.base.name, kind, value=memory)
    store = tree.Evaluate(tree.Assign("=", place, value))
    return (tree.Declaration((variable,)), *emitted(loops, (store,), vector=True))


def _on_heap(loops: Sequence[Loop]) -> bool:
    return 4 * prod(x.points for x in loops) > STACK


def _unused(block: Any) -> Any:
    """Without the constants that nobody reads now."""

    def change(node: Any) -> Any:
        if not isinstance(node, tree.Block):
            return node
        kept = list(node.body)
        for statement in node.body:
            match statement:
                case tree.Declaration((tree.Variable(name, tree.Qualified(("const",), _)),)):
                    if not any(name in edit.mentions(s) for s in kept if s is not statement):
                        kept.remove(statement)
                case _:
                    pass
        return tree.Block(tuple(kept))

    return edit.transform(block, change)


__all__ = ["broadcast"]
