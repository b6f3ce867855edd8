"""An element that is read several times is read once: ``const float v = x[i];``.

It reads better, and gcc then sees that a choice between two values needs no branch.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Local
from hpctc.transpile.shape.memory import declared
from hpctc.transpile.statements import mutated


def named(body: Sequence[Any], kernel: Translated, used: set[str]) -> tuple[Any, ...]:
    """The statements with repeated loads named before their first use."""
    made = list(body)
    place = 0
    while place < len(made):
        load = _repeated(made[place:], kernel)
        if load is not None:
            name = next(n for n in _candidates() if n not in used)
            used.add(name)
            kind = kernel.pointers[load.base.name]  # type: ignore[union-attr]
            kernel.locals[name] = Local(kind)
            rest = [_replaced(s, load, tree.Name(name)) for s in made[place:]]
            first = tree.Variable(name, tree.Qualified(("const",), kind), value=load)
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


def _repeated(body: Sequence[Any], kernel: Translated) -> tree.Index | None:
    """A load that the first statement makes for sure, that comes again, and that stays the same."""
    moving = {n for s in body for n in (*mutated(s), *declared(s))} | kernel.aliased
    again = Counter(n for s in body for n in tree.walk(s) if isinstance(n, tree.Index))
    for node in _certain(body[0]):
        if (
            isinstance(node, tree.Index)
            and isinstance(node.base, tree.Name)
            and node.base.name in kernel.pointers
            and again[node] > 1
            and not edit.mentions(node) & moving
        ):
            return node
    return None


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


def _replaced(node: Any, load: tree.Index, name: tree.Name) -> Any:
    return edit.transform(node, lambda n: name if n == load else n)


def _candidates() -> Iterator[str]:
    yield "v"
    yield from (f"v{i}" for i in range(1, 10_000))


__all__ = ["named"]
