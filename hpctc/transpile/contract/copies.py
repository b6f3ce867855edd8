"""The C of a copy: its memory, the loops that fill it, its end."""

from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.operands import LANES, Copy, Dimension, Scratch, strides
from hpctc.transpile.contract.spell import Speller, assign, comment, declared, loop
from hpctc.transpile.contract.values import loads
from hpctc.transpile.fold import number
from hpctc.transpile.simd import SIMD
from hpctc.transpile.work import MOVED, parallel, worth_threads

STACK = 16_384
"""Bytes up to which a copy lies on the stack."""


def filled(copy: Copy, speller: Speller, scratch: Scratch) -> list[Any]:
    """The declaration of a copy and the loops that fill it."""
    for dimension in copy.dimensions:
        wanted = dimension.digit.rstrip("_0123456789")
        speller.names.setdefault(dimension.digit, scratch.name(wanted))
    target = tree.Index(tree.Name(copy.name), speller.form(copy.index({})))
    body: tuple[Any, ...] = (assign(target, speller.value(copy.value)),)
    dimensions = [d for d in copy.dimensions if d.extent > 1]
    if _turned(copy, dimensions):
        body = _chunked(dimensions[-2:], body, speller, scratch)
    else:
        for place, dimension in enumerate(reversed(dimensions[-2:])):
            made = loop(speller.names[dimension.digit], number(dimension.extent), *body)
            body = (SIMD, made) if place == 0 and dimension.extent >= LANES else (made,)
    for dimension in reversed(dimensions[:-2]):
        body = (loop(speller.names[dimension.digit], number(dimension.extent), *body),)
    outer = [d.extent for d in dimensions[:-1]]
    if worth_threads(MOVED * copy.cells) and outer:
        body = (parallel(2 if len(outer) > 1 and outer[0] < 8 else 1), *body)
    return [comment(f"{copy.source}, {copy.words}."), _memory(copy), *body, *_cleared(copy)]


def _turned(copy: Copy, dimensions: list[Dimension]) -> bool:
    """Whether rows of the source become columns of the copy, long ones."""
    if len(dimensions) < 2 or dimensions[-2].extent < 4 * LANES:
        return False
    steps = [strides(load.index) for load in loads(copy.value)]
    return all(by.get(dimensions[-2].digit) == 1 for by in steps)


def _chunked(
    dimensions: list[Dimension], body: tuple[Any, ...], speller: Speller, scratch: Scratch
) -> tuple[Any, ...]:
    """A cache line of each source row at a time: it is read once, and whole."""
    rows, columns = dimensions
    chunk = tree.Name(scratch.name("chunk"))
    name, extent = speller.names[rows.digit], number(rows.extent)
    start = tree.Binary("*", chunk, number(LANES))
    end: tree.Expr = tree.Binary("+", start, number(LANES))
    if rows.extent % LANES:
        end = tree.Call(tree.Name("min_int"), (end, extent))
    inner = loop(name, end, *body, start=start)
    lanes = loop(speller.names[columns.digit], number(columns.extent), inner)
    return (loop(chunk.name, number(-(-rows.extent // LANES)), lanes),)


def _cleared(copy: Copy) -> list[Any]:
    """The room behind a copy, zeroed.

    Sums of what lies there are not kept, but old memory often holds numbers next to zero, and with
    those arithmetic is a hundred times slower.
    """
    if not copy.room:
        return []
    place = tree.Unary("&", tree.Index(tree.Name(copy.name), number(copy.cells)))
    size = tree.Binary("*", number(copy.room), tree.SizeOf(tree.Named(copy.kind)))
    return [tree.Evaluate(tree.Call(tree.Name("memset"), (place, number(0), size)))]


def _memory(copy: Copy) -> tree.Declaration:
    size = copy.cells + copy.room
    kind = tree.Named(copy.kind)
    if not on_heap(copy):
        return declared(
            copy.name, tree.Array(kind, number(size)), None, "_Alignas(64)"
        )  # fmt: skip
    bytes_ = number(-(-4 * size // 64) * 64)
    made = tree.Call(tree.Name("aligned_alloc"), (number(64), bytes_))
    return declared(copy.name, tree.Pointer(kind, ("restrict",)), made)


def on_heap(copy: Copy) -> bool:
    """Whether a copy must be freed."""
    return 4 * (copy.cells + copy.room) > STACK


def freed(copies: list[Copy]) -> list[Any]:
    """The end of copies."""
    return [
        tree.Evaluate(tree.Call(tree.Name("free"), (tree.Name(c.name),)))
        for c in reversed(copies)
        if on_heap(c)
    ]
