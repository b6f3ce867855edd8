"""Elements that a thread adds to in memory, kept in a variable meanwhile.

``A[e] = 0; for (k) A[e] = A[e] + x[k];`` stores in every round. Where ``e`` does not change, every
access to ``A`` is to such an element and one of them is certain, the element is a local variable
that is loaded before (if it is read before it is set) and stored after. Other arguments are other
arrays (the C says restrict), so nobody sees the difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, linear
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Local
from hpctc.transpile.shape.arithmetic import rounds
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.memory import declared, places
from hpctc.transpile.statements import mutated

MOST = 16
"""Elements of one array that are worth variables: about as many registers as there are."""

_LOOPS = tree.For | tree.While | tree.Do


@dataclass(frozen=True)
class _Element:
    """One place of an array, touched by a statement list only at that place."""

    base: str
    index: tree.Expr
    form: Linear


def accumulated(body: Sequence[Any], kernel: Translated, used: set[str]) -> tuple[Any, ...]:
    """The statements with elements that are accumulated in memory as local variables."""
    made = tuple(body)
    if not any(isinstance(s, tree.Jump | tree.Return) for s in made):
        for base in sorted(_stored_in_loops(made)):
            elements = _elements(made, base, kernel)
            for element in elements:
                made = _kept(made, element, kernel, used)
    return tuple(_below(s, kernel, used) for s in made)


def _below(node: Any, kernel: Translated, used: set[str]) -> Any:
    match node:
        case tree.Block(body):
            return tree.Block(accumulated(body, kernel, used))
        case tree.If() | tree.For() | tree.While() | tree.Do():
            return edit.rebuild(node, lambda n: _below(n, kernel, used))
        case _:
            return node


def _stored_in_loops(body: Sequence[Any]) -> set[str]:
    return {
        n.target.base.name
        for s in body
        if isinstance(s, _LOOPS)
        for n in tree.walk(s)
        if isinstance(n, tree.Assign)
        and isinstance(n.target, tree.Index)
        and isinstance(n.target.base, tree.Name)
    }


def _elements(body: Sequence[Any], base: str, kernel: Translated) -> list[_Element]:
    """The elements of an array that the statements touch, if these are few, fixed and certain."""
    if base not in kernel.pointers or base in kernel.aliased:
        return []
    moving = {n for s in body for n in (*mutated(s), *declared(s))}
    found: dict[tuple[Any, ...], _Element] = {}
    for place in places(body, base):
        if place is None or edit.mentions(place) & moving or _loads(place):
            return []
        form = linear(place)
        key = (frozenset(form.terms.items()), form.constant)
        found.setdefault(key, _Element(base, place, form))
    elements = list(found.values())
    apart = all(
        not a.form.plus(b.form, -1).terms for i, a in enumerate(elements) for b in elements[:i]
    )
    certain = all(any(_surely(s, e) for s in body) for e in elements)
    return elements if apart and certain and len(elements) <= MOST else []


def _loads(index: tree.Expr) -> bool:
    return any(isinstance(n, tree.Index | tree.Call | tree.Assign) for n in tree.walk(index))


def _surely(node: Any, element: _Element) -> bool:
    """Whether a statement stores the element on every way through."""
    match node:
        case tree.Evaluate(tree.Assign(_, target, _)):
            return _is(target, element)
        case tree.Block(body):
            return any(_surely(s, element) for s in body)
        case tree.For(body=body):
            left = any(isinstance(n, tree.Jump | tree.Return) for n in tree.walk(body))
            return rounds(node) > 0 and not left and any(_surely(s, element) for s in parts(body))
        case _:
            return False


def _is(node: Any, element: _Element) -> bool:
    return (
        isinstance(node, tree.Index)
        and node.base == tree.Name(element.base)
        and linear(node.index) == element.form
    )


def _kept(
    body: tuple[Any, ...], element: _Element, kernel: Translated, used: set[str]
) -> tuple[Any, ...]:
    name = next(n for n in _candidates() if n not in used)
    used.add(name)
    kind = kernel.pointers[element.base]
    kernel.locals[name] = Local(kind)
    place = tree.Index(tree.Name(element.base), element.index)

    def change(node: tree.Node) -> tree.Node:
        return tree.Name(name) if _is(node, element) else node

    touched = [i for i, s in enumerate(body) if any(_is(n, element) for n in tree.walk(s))]
    first, last = touched[0], touched[-1]
    fresh = _surely(body[first], element) and not any(
        _is(n, element) for n in tree.walk(_value(body[first]))
    )
    declared = tree.Variable(name, kind, value=None if fresh else place)
    inner = tuple(edit.transform(s, change) for s in body[first : last + 1])
    stored = tree.Evaluate(tree.Assign("=", place, tree.Name(name)))
    return (*body[:first], tree.Declaration((declared,)), *inner, stored, *body[last + 1 :])


def _value(node: Any) -> Any:
    """What a statement computes before it stores."""
    match node:
        case tree.Evaluate(tree.Assign("=", _, value)):
            return value
        case _:
            return node


def _candidates() -> Iterator[str]:
    yield "acc"
    yield from (f"acc{i}" for i in range(1, 10_000))


__all__ = ["accumulated"]
