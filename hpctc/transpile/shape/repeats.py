"""What is asked for several times is got once: ``const float v = x[i];``.

It reads better, and gcc then sees that a choice between two values needs no branch. A call of libm
it would make anew each time, for the call may set ``errno``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.intrinsics import FLOAT_MATH
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Local
from hpctc.transpile.shape.memory import declared
from hpctc.transpile.statements import mutated

_CALLS = frozenset(f"{name}f" for name in FLOAT_MATH)


def named(body: Sequence[Any], kernel: Translated, used: set[str]) -> tuple[Any, ...]:
    """The statements with repeated loads and calls named before their first use."""
    made = list(body)
    place = 0
    while place < len(made):
        found = _repeated(made[place:], kernel)
        if found is not None:
            value, kind = found
            name = next(n for n in _candidates() if n not in used)
            used.add(name)
            kernel.locals[name] = Local(kind)
            rest = [_replaced(s, value, tree.Name(name)) for s in made[place:]]
            first = tree.Variable(name, tree.Qualified(("const",), kind), value=value)
            made[place:] = [tree.Declaration((first,)), *rest]
        place += 1
    return tuple(_below(s, kernel, used) for s in made)


def _below(node: Any, kernel: Translated, used: set[str]) -> Any:
    match node:
        case tree.Block(body):
            return tree.Block(named(body, kernel, used))
        case tree.If() | tree.For() | tree.While() | tree.Do():
            return edit.rebuild(node, lambda n: _below(n, kernel, used))
        case _:
            return node


def _repeated(body: Sequence[Any], kernel: Translated) -> tuple[tree.Expr, tree.Type] | None:
    """What the first statement asks for for sure, what comes again and stays the same; its type."""
    moving = {n for s in body for n in (*mutated(s), *declared(s))} | kernel.aliased
    again = Counter(n for s in body for n in tree.walk(s) if isinstance(n, tree.Index | tree.Call))
    for node in _certain(body[0]):
        kind = _type(node, kernel)
        if kind is not None and again[node] > 1 and not edit.mentions(node) & moving:
            return node, kind
    return None


def _type(node: Any, kernel: Translated) -> tree.Type | None:
    """The type of a load from memory, or of a call of libm; None for all else."""
    match node:
        case tree.Index(tree.Name(base), _):
            return kernel.pointers.get(base)
        case tree.Call(tree.Name(name), args) if name in _CALLS and all(map(_simple, args)):
            return types.FLOAT
        case _:
            return None


def _simple(node: tree.Expr) -> bool:
    """Whether an argument touches no memory, so that it is the same wherever it is asked for."""
    return not any(isinstance(n, tree.Index | tree.Assign | tree.Postfix) for n in tree.walk(node))


def _certain(node: Any) -> Iterator[Any]:
    """What of a statement is evaluated on every way through."""
    match node:
        case tree.Evaluate(value):
            yield from _expression(value)
        case tree.Declaration(variables):
            for variable in variables:
                if variable.value is not None:
                    yield from _expression(variable.value)
        case tree.If(condition, _, _):
            yield from _expression(condition)
        case _:
            pass


def _expression(node: Any) -> Iterator[Any]:
    yield node
    match node:
        case tree.Select(certain, _, _) | tree.Binary("&&" | "||", certain, _):
            yield from _expression(certain)
        case _:
            for child in tree.children(node):
                yield from _expression(child)


def _replaced(node: Any, value: tree.Expr, name: tree.Name) -> Any:
    return edit.transform(node, lambda n: name if n == value else n)


def _candidates() -> Iterator[str]:
    yield "v"
    yield from (f"v{i}" for i in range(1, 10_000))


__all__ = ["named"]
