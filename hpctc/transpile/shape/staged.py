"""Kernels that only move elements, through shared memory: without it they are plain loops.

A transpose on a GPU goes through a tile so that loads and stores are both contiguous. The dataflow
of :mod:`hpctc.transpile.contract` says which element each output element is in the end; where no
sum is in it, that is the whole kernel, and tiles for a cache are chosen anew.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract import definitions
from hpctc.transpile.contract.bounds import limit, single
from hpctc.transpile.contract.flow import Definition
from hpctc.transpile.contract.forms import Doubt, Form, Space
from hpctc.transpile.contract.merge import merged
from hpctc.transpile.contract.spell import Speller
from hpctc.transpile.contract.values import (
    Coordinate,
    Load,
    Sum,
    forms,
    reformed,
    retested,
    walk,
)
from hpctc.transpile.fold import number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Barrier, Geometry
from hpctc.transpile.shape.emit import emitted
from hpctc.transpile.shape.order import accesses, ordered, tiled
from hpctc.transpile.shape.radix import Loop, fresh

Change = Callable[[Form], Form]


def unstaged(kernel: Translated, geometry: Geometry) -> tuple[Any, ...] | None:
    """The loops of a kernel that moves elements between barriers; None where it does more."""
    if not any(isinstance(n, Barrier) for s in kernel.body for n in tree.walk(s)):
        return None
    try:
        found, reader = definitions(kernel, geometry)
        if not all(map(_moves, found)):
            return None
        return tuple(s for one in found for s in _loops(one, deepcopy(reader.space), kernel))
    except Doubt:
        return None


def _moves(one: Definition) -> bool:
    """Whether a definition takes an element from elsewhere as it is."""
    parts = list(walk(one.value))
    more = any(isinstance(part, Sum | Coordinate) for part in parts)
    return not more and any(isinstance(part, Load) for part in parts)


def _loops(one: Definition, space: Space, kernel: Translated) -> tuple[Any, ...]:
    index, value, test = one.index, one.value, one.test

    def apply(change: Change) -> None:
        nonlocal index, value, test
        index, value, test = change(index), reformed(value, change), retested(test, change)

    def every() -> list[Form]:
        return [index, *forms(value), *(b.form for b in test)]

    apply(lambda form: space.mapped(form, {}))
    ends = [b for b in test if single(b) and b.low is None]
    for bound in ends:
        limit(space, bound)
    test = tuple(b for b in test if b not in ends)
    digits = sorted({d for f in every() for d in f.digits()})
    change, digits = merged(space, every(), digits)
    apply(change)
    apply(lambda form: space.mapped(form, {}))
    if {d for f in every() for d in f.digits()} != set(digits) or set(index.digits()) != set(
        digits
    ):
        raise Doubt
    digits.sort(key=lambda d: -abs(index.coefficient(d)))
    names: dict[str, str] = {}
    for digit in digits:
        names[digit] = fresh({*kernel.used, *names.values()})
    speller = Speller(space, names)
    loops = [Loop(speller.names[d], number(space.extents[d])) for d in digits]
    target = tree.Index(tree.Name(one.array), speller.form(index))
    body: tuple[Any, ...] = (tree.Evaluate(tree.Assign("=", target, speller.value(value))),)
    if test:
        body = (tree.If(speller.test(test), tree.Block(body)),)
    touched = list(accesses(body, kernel.locals))
    loops = ordered(loops, touched)
    return emitted(loops, body, vector=True, tile=tiled(loops, touched))


__all__ = ["unstaged"]
