"""Guards around what threads do: one around all of it, then bounds of the loops."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.shape.memory import declared
from hpctc.transpile.statements import mutated


def unswitched(body: Sequence[Any]) -> tuple[Any, ...]:
    """``if (g) a; for (..) if (g) b;`` as ``if (g) { a; for (..) b; }``: a thread is in or out.

    TVM guards every statement by itself. The guard may not change on the way: it reads neither
    memory nor what the body sets.
    """
    body = tuple(_turned(s) for s in body)
    first = next((g for s in body if (g := _guard(s)) is not None), None)
    if first is None or not _fixed(first):
        return body
    if edit.mentions(first) & {n for s in body for n in (*mutated(s), *declared(s))}:
        return body
    if not all(_plain(s) or _all_under(s, first) for s in body):
        return body
    inner = tuple(s for part in body for s in _opened(part, first))
    return (tree.If(first, tree.Block(inner)),)


def conjuncts(node: tree.Expr) -> Iterator[tree.Expr]:
    """The parts of a condition that all have to hold."""
    if isinstance(node, tree.Binary) and node.op == "&&":
        yield from conjuncts(node.left)
        yield from conjuncts(node.right)
    else:
        yield node


def peeled(body: Sequence[Any]) -> tuple[list[tree.Expr], tuple[Any, ...]]:
    """The conditions around the whole body, and the body within them.

    What only declares may stand before the guard: nothing of it is left where the guard fails.
    """
    held: list[tree.Expr] = []
    body = tuple(body)
    while True:
        match body:
            case (*before, tree.If(condition, then, None)) if (
                all(_plain(s) for s in before)
                and _fixed(condition)
                and not edit.mentions(condition) & {n for s in before for n in declared(s)}
            ):
                held += conjuncts(condition)
                body = (*before, *parts(then))
            case _:
                return held, body


def parts(node: Any) -> tuple[Any, ...]:
    """The statements of a block, or the one statement."""
    return node.body if isinstance(node, tree.Block) else (node,)


def _turned(node: Any) -> Any:
    """``if (out) {} else rest`` as ``if (!out) rest``."""
    match node:
        case tree.If(condition, tree.Block(()), rest) if rest is not None:
            return replace(node, condition=_not(condition), then=rest, otherwise=None)
        case _:
            return node


def _not(condition: tree.Expr) -> tree.Expr:
    match condition:
        case tree.Binary("||", left, right):
            return tree.Binary("&&", _not(left), _not(right))
        case tree.Unary("!", operand):
            return operand
        case _:
            return tree.Unary("!", condition)


def _guard(node: Any) -> tree.Expr | None:
    """The condition that a statement stands under; None where it has none of its own."""
    match node:
        case tree.If(condition, _, None):
            return condition
        case tree.For(body=body) | tree.Block((body,)):
            return _guard(parts(body)[0]) if len(parts(body)) == 1 else None
        case _:
            return None


def _all_under(node: Any, guard: tree.Expr) -> bool:
    match node:
        case tree.If(condition, _, None):
            return condition == guard
        case tree.For(start, condition, step, body):
            head = [p for p in (start, condition, step) if p is not None]
            quiet = not any(
                isinstance(n, tree.Call | tree.Index) for p in head for n in tree.walk(p)
            )
            inner = parts(body)
            return quiet and bool(inner) and all(_all_under(s, guard) for s in inner)
        case _:
            return False


def _opened(node: Any, guard: tree.Expr) -> tuple[Any, ...]:
    match node:
        case tree.If(_, then, None) if node.condition == guard:
            return parts(then)
        case tree.For(body=body):
            inner = tuple(s for part in parts(body) for s in _opened(part, guard))
            return (replace(node, body=tree.Block(inner)),)
        case _:
            return (node,)


def _fixed(condition: tree.Expr) -> bool:
    plain = tree.Name | tree.Number | tree.Binary | tree.Unary
    return all(
        (isinstance(n, plain) or type(n).__name__ == "Digit")
        and not (isinstance(n, tree.Unary) and n.op not in ("-", "!", "~"))
        for n in tree.walk(condition)
    )


def _plain(node: Any) -> bool:
    """Whether a statement only declares, without reading memory or calling anything."""
    return isinstance(node, tree.Declaration) and not any(
        isinstance(n, tree.Call | tree.Index | tree.Assign | tree.Postfix)
        or (isinstance(n, tree.Unary) and n.op in ("*", "++", "--"))
        for v in node.variables
        if v.value is not None
        for n in tree.walk(v.value)
    )
