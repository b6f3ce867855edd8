"""Accumulators of threads left out: what they take in goes straight into the block's total."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.reduction.bags import worth
from hpctc.transpile.reduction.lower import join
from hpctc.transpile.reduction.operators import EXTREMES, IDEMPOTENT, JOINING, Operator, extreme

Starts = tuple[tuple[str, tree.Expr], ...]


def straight(
    body: Sequence[Any],
    before: Sequence[Any],
    after: Sequence[Any],
    joins: Sequence[tuple[str, str]],
    kernel: Translated,
) -> tuple[tuple[Any, ...], Starts] | None:
    """A loop's body that joins into totals, and what these begin with.

    ``before`` the loop the accumulators begin, ``after`` it they are joined into the totals.
    """
    firsts = _begun(before)
    totals = [_total(s) for s in after]
    if firsts is None or len(totals) != len(joins):
        return None
    made: tuple[Any, ...] = tuple(body)
    starts = []
    for symbol, total in joins:
        value = next((t[1] for t in totals if t is not None and t[0] == total), None)
        first = None if value is None else firsts.pop(value, None)
        changed = None if value is None else _through(made, value, symbol, total, kernel)
        if first is None or changed is None or not _harmless(first, symbol):
            return None
        made = changed
        if symbol in IDEMPOTENT:
            starts.append((total, first))
    return None if firsts else (made, tuple(starts))


def joining(
    body: Sequence[Any], after: Sequence[Any], joins: Sequence[tuple[str, str]]
) -> tuple[Any, ...]:
    """The body with ``v = e`` of an accumulator as ``v = v op e``.

    For a body that not all threads run: the others bring the value with which ``v`` begins into the
    total, so that it is in there whether those that run the body keep it or not.
    """
    symbols = {total: symbol for symbol, total in joins}
    totals = [t for s in after if (t := _total(s)) is not None]
    held = {value: symbols[total] for total, value in totals if total in symbols}

    def change(node: Any) -> Any:
        match node:
            case tree.Evaluate(tree.Assign("=", tree.Name(name) as mine, value)) if (
                name in held and name not in edit.mentions(value)
            ):
                return tree.Evaluate(
                    tree.Assign("=", mine, join(Operator(held[name]), mine, value))
                )
            case _:
                return node

    return tuple(change(s) for s in body)


def _begun(before: Sequence[Any]) -> dict[str, tree.Expr] | None:
    """The constants with which accumulators begin; None where more happens."""
    found: dict[str, tree.Expr] = {}
    for statement in before:
        match statement:
            case tree.Declaration((tree.Variable(_, value=None),)):
                continue
            case tree.Declaration((tree.Variable(name, value=value),)):
                pass
            case tree.Evaluate(tree.Assign("=", tree.Name(name), value)):
                pass
            case _:
                return None
        if value is None or worth(value) is None:
            return None
        found[name] = value
    return found


def _harmless(first: tree.Expr, symbol: str) -> bool:
    """Whether it does not matter that every thread began with this value."""
    return symbol in IDEMPOTENT or worth(first) == (1.0 if symbol == "*" else 0.0)


def _total(node: Any) -> tuple[str, str] | None:
    """The total and the accumulator of ``total = total op accumulator``."""
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name(total), tree.Binary(_, _, tree.Name(value)))):
            return total, value
        case tree.Evaluate(tree.Assign("=", tree.Name(total), tree.Select(_, tree.Name(value), _))):
            return total, value
        case _:
            return None


def _through(
    body: Sequence[Any], name: str, symbol: str, total: str, kernel: Translated
) -> tuple[Any, ...] | None:
    """The body with what it joins into an accumulator joined into the total."""
    using = [i for i, s in enumerate(body) if name in edit.mentions(s)]
    value = taken(body[using[0]], name, symbol) if len(using) == 1 else None
    if value is None:
        return None
    made: list[Any] = []
    target = tree.Name(total)
    if symbol in ("max", "min") and not isinstance(value, tree.Name | tree.Number):
        held = claimed("value", kernel.used)
        kind = tree.Qualified(("const",), kernel.locals[total].type)
        made.append(tree.Declaration((tree.Variable(held, kind, value=value),)))
        value = tree.Name(held)
    joined = join(Operator(symbol), target, value)
    made.append(tree.Evaluate(tree.Assign("=", target, joined)))
    return (*body[: using[0]], *made, *body[using[0] + 1 :])


def taken(node: Any, name: str, symbol: str) -> tree.Expr | None:
    """``e`` of ``name = name op e``."""
    mine = tree.Name(name)
    found = None
    match node:
        case tree.Evaluate(tree.Assign("=", target, value)) if target == mine:
            found = _partner(value, mine, symbol)
        case tree.Evaluate(tree.Assign(op, target, value)) if target == mine:
            found = value if op == f"{symbol}=" else None
        case tree.If(
            condition, tree.Block((tree.Evaluate(tree.Assign("=", target, value)),)), None
        ):
            better = extreme(condition, value, mine) if target == mine else None
            found = value if better is not None and better.symbol == symbol else None
        case _:
            pass
    return None if found is None or name in edit.mentions(found) else found


def _partner(value: tree.Expr, mine: tree.Name, symbol: str) -> tree.Expr | None:
    """What the accumulator is joined with."""
    pair: tuple[tree.Expr, ...] = ()
    match value:
        case tree.Binary(op, left, right) if op == symbol and op in JOINING:
            pair = (left, right)
        case tree.Call(tree.Name(called), (left, right)) if EXTREMES.get(called) == symbol:
            pair = (left, right)
        case tree.Select(condition, yes, no):
            better = extreme(condition, yes, no)
            pair = (yes, no) if better is not None and better.symbol == symbol else ()
        case _:
            pass
    if mine not in pair:
        return None
    return pair[1 - pair.index(mine)]


__all__ = ["Starts", "joining", "straight", "taken"]
