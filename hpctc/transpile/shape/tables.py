"""A dear function of few whole numbers is looked up: ``cosf(c * (k * i % 7))`` has seven values.

A Fourier transform asks for a cosine at each of its n^2 steps, and there are n of them. On a GPU
each thread computes its own; here a loop ahead fills a table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.intrinsics import FLOAT_MATH
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.shape.arithmetic import rounds, span_of
from hpctc.transpile.shape.emit import emitted
from hpctc.transpile.shape.radix import Loop
from hpctc.transpile.statements import mutated

OFTEN = 4
"""Times that each value is asked for, from which on a table pays."""
MOST = 4096
"""Values of a table: it lies on the stack."""

_FUNCTIONS = frozenset(f"{name}f" for name in FLOAT_MATH)
_NATURAL = frozenset({"+", "*", "/", "%"})
"""Operators that make no negative number of natural ones."""


@dataclass(frozen=True)
class _Asked:
    """A call whose arguments are constants but for one remainder."""

    call: tree.Call
    rest: tree.Binary
    count: int


def looked_up(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """The statements of a nest, with a table ahead for each function of few whole numbers."""
    times: dict[_Asked, float] = {}
    for asked, often in _asked(body, 1.0, frozenset()):
        times[asked] = times.get(asked, 0.0) + often
    taken = {*kernel.used, *(n for s in body for n in edit.mentions(s)), *_declared(body)}
    ahead: list[Any] = []
    for asked, often in times.items():
        if often < OFTEN * asked.count:
            continue
        name = claimed(f"{_function(asked.call).removesuffix('f')}_of", taken)
        place = tree.Index(tree.Name(name), asked.rest)
        body = [_replaced(s, asked.call, place) for s in body]
        ahead += _filled(name, asked, claimed("turn", taken))
    return (*ahead, *body)


def _replaced(node: Any, old: tree.Expr, new: tree.Expr) -> Any:
    return edit.transform(node, lambda n: new if n == old else n)


def _filled(name: str, asked: _Asked, each: str) -> list[Any]:
    """``float name[7]; for (each < 7) name[each] = call(each);``."""
    value = _replaced(asked.call, asked.rest, tree.Name(each))
    store = tree.Evaluate(tree.Assign("=", tree.Index(tree.Name(name), tree.Name(each)), value))
    memory = tree.Variable(name, tree.Array(types.FLOAT, number(asked.count)), ("_Alignas(64)",))
    return [
        tree.Declaration((memory,)),
        *emitted([Loop(each, number(asked.count))], (store,), vector=True),
    ]


def _asked(
    body: Sequence[Any], times: float, counters: frozenset[str]
) -> Iterator[tuple[_Asked, float]]:
    """Each call that could be looked up, and how often it runs at most."""
    for node in body:
        if isinstance(node, tree.For):
            inside = counters | _counter(node)
            yield from _asked((node.body,), times * (rounds(node) or 1), inside)
        elif isinstance(node, tree.Call) and (found := _few(node, counters)) is not None:
            yield found, times
        elif isinstance(node, tree.Node):
            yield from _asked(list(tree.children(node)), times, counters)


def _counter(node: tree.For) -> frozenset[str]:
    """The variable of a loop that counts up from a natural number, and is left alone."""
    span = span_of(node)
    if span is None or span[0] in mutated(node.body) or (constant(span[1]) or 0) < 0:
        return frozenset()
    return frozenset({span[0]}) if constant(span[1]) is not None else frozenset()


def _few(call: tree.Call, counters: frozenset[str]) -> _Asked | None:
    """A call of a float function as one of a single remainder of the loops' counters."""
    if _function(call) not in _FUNCTIONS:
        return None
    found = {n for a in call.args for n in _remainders(a, counters)}
    if len(found) != 1:
        return None
    (rest,) = found
    count = constant(rest.right)
    if count is None or not 2 <= count <= MOST:
        return None
    others = [_replaced(a, rest, number(0)) for a in call.args]
    return _Asked(call, rest, count) if all(map(_fixed, others)) else None


def _fixed(node: tree.Expr) -> bool:
    """Whether an expression is made of numbers alone."""
    plain = tree.Number | tree.Binary | tree.Unary | tree.Cast | tree.Named
    return all(isinstance(n, plain) for n in tree.walk(node))


def _remainders(node: Any, counters: frozenset[str]) -> Iterator[tree.Binary]:
    """The outermost remainders of natural numbers in an expression."""
    match node:
        case tree.Binary("%", left, tree.Number()) if _natural(left, counters):
            yield node
        case _:
            for child in tree.children(node):
                yield from _remainders(child, counters)


def _natural(node: Any, counters: frozenset[str]) -> bool:
    match node:
        case tree.Name(name):
            return name in counters
        case tree.Number():
            return (constant(node) or 0) >= 0
        case tree.Binary(op, left, right) if op in _NATURAL:
            return _natural(left, counters) and _natural(right, counters)
        case _:
            return False


def _function(call: tree.Call) -> str:
    return call.function.name if isinstance(call.function, tree.Name) else ""


def _declared(body: Sequence[Any]) -> set[str]:
    return {n.name for s in body for n in tree.walk(s) if isinstance(n, tree.Variable)}


__all__ = ["looked_up"]
