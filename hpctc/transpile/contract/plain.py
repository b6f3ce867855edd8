"""A nest as plain loops: sums of what the vectors of a register tile do not know.

A Hamming distance counts the bits of ``x ^ w``, a distance adds up ``fabsf(x - w)``. Their kernels
are staged like a product of matrices, in blocks that reach beyond small arrays; what is left when
the staging is undone is a thread an output. That is a kernel without barriers, and
:mod:`hpctc.transpile.shape` knows how to write those.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.forms import ZERO
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import strides
from hpctc.transpile.contract.spell import Speller, assign, declared, loop
from hpctc.transpile.contract.values import Load, Pick, Value, is_zero, rewritten
from hpctc.transpile.fold import Folder, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.scope import Geometry, Local
from hpctc.transpile.shape.nest import nested


def looped(nest: Nest, kernel: Translated, taken: set[str]) -> tuple[Any, ...]:
    """The loops of a nest; ``taken`` are the names that the C has already."""
    nest.value = rewritten(nest.value, lambda v: _typed(nest, v))
    speller = Speller(nest.space)
    places, threads = _places(nest, speller, taken)
    for count, digit in enumerate(nest.over):
        title = f"k{count}" if len(nest.over) > 1 else "k"
        speller.names[digit] = claimed(title, taken)
    total = claimed("sum", taken)
    body: tuple[Any, ...] = tuple(_summed(nest, speller, total))
    if nest.test:
        body = (tree.If(speller.test(nest.test), tree.Block(body)),)
    ints = {name: Local(types.INT) for name in places}
    made = replace(
        kernel,
        body=(*(declared(name, types.INT, value) for name, value in places.items()), *body),
        locals={**ints, total: Local(tree.Named(nest.kind))},
        constants=frozenset(ints),
        folder=Folder(),  # the ranges of variables that are gone
        used=taken,
    )
    one = number(1)
    return nested(made.body, Geometry((number(threads), one, one), (1, 1, 1), number(0)), made)


def _places(nest: Nest, speller: Speller, taken: set[str]) -> tuple[Mapping[str, tree.Expr], int]:
    """Name -> value of each place of the output, in terms of the thread; how many threads."""
    by = strides(nest.index)
    threads = 1
    found: dict[str, tree.Expr] = {}
    free = sorted(nest.free, key=lambda d: -by[d])
    for digit, title in zip(free, _titles(len(free)), strict=True):
        speller.names[digit] = claimed(title, taken)
    for digit in reversed(free):
        extent = nest.space.extents[digit]
        value: tree.Expr = tree.Name("bx")
        if threads > 1:
            value = tree.Binary("/", value, number(threads))
        if digit != free[0]:
            value = tree.Binary("%", value, number(extent))
        found[speller.names[digit]] = value
        threads *= extent
    return found, threads


def _titles(count: int) -> list[str]:
    """i, j, ...: k is for the sum."""
    letters = "ijlmnpqrs"
    return [letters[i] if i < len(letters) else f"s{i}" for i in range(count)]


def _summed(nest: Nest, speller: Speller, total: str) -> list[Any]:
    """What one thread does: the sum, then what is made of it."""
    name, whole = tree.Name(total), nest.sum
    body: tuple[Any, ...] = (assign(name, speller.value(whole.term), "+="),)
    for digit in reversed(nest.over):
        body = (loop(speller.names[digit], number(nest.space.extents[digit]), *body),)
    first = speller.value(nest.zero if is_zero(whole.first) else whole.first)
    mark = Load("", ZERO)
    value = rewritten(nest.value, lambda v: mark if v == whole else v)
    target = tree.Index(tree.Name(nest.array), speller.form(nest.index))
    return [
        declared(total, tree.Named(nest.kind), first),
        *body,
        assign(target, speller.value(value, {mark: name})),
    ]


def _typed(nest: Nest, value: Value) -> Value:
    """A choice between whole numbers and zero is one between whole numbers."""
    if not isinstance(value, Pick) or not is_zero(value.no):
        return value
    whole = types.is_integer(tree.Named(nest.kinds.of(value)))
    return replace(value, no=nest.zero_of("int" if whole else "float"))


__all__ = ["looped"]
