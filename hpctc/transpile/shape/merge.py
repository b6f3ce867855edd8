"""Nested loops of a thread that walk through memory in one go, as one loop.

``for (i < 15) for (j < 7) x[i * 7 + j]`` is ``for (k < 105) x[k]``: longer SIMD, less to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import Linear, constant, number
from hpctc.transpile.shape.arithmetic import Arithmetic, span_of
from hpctc.transpile.shape.digits import Digit
from hpctc.transpile.shape.guards import parts

_AXIS = "merged"

Workshop = Callable[[dict[str, Linear], dict[str, int]], Arithmetic]
"""Makes arithmetic with these leaves and further axes of these extents."""


def merged(body: Sequence[Any], workshop: Workshop) -> tuple[Any, ...]:
    """The statements with every nest of two loops that is one loop written so, inside out."""
    return tuple(_below(s, workshop) for s in body)


def _below(node: Any, workshop: Workshop) -> Any:
    match node:
        case tree.Block() | tree.If():
            return edit.rebuild(node, lambda n: _below(n, workshop))
        case tree.For():
            inner = tree.Block(merged(parts(node.body), workshop))
            return _one(replace(node, body=inner), workshop)
        case _:
            return node


def _one(loop: tree.For, workshop: Workshop) -> tree.For:
    """Two perfectly nested loops as one, where only their common count is asked for."""
    match parts(loop.body):
        case (tree.For() as inner,):
            pass
        case _:
            return loop
    outer_span, inner_span = _rounds(loop), _rounds(inner)
    if outer_span is None or inner_span is None:
        return loop
    (outer_name, outer_rounds), (name, rounds) = outer_span, inner_span
    whole = Digit(_AXIS)
    arithmetic = workshop({}, {_AXIS: outer_rounds * rounds})
    digit = arithmetic.digits.digit(_AXIS)
    arithmetic.leaves[outer_name] = arithmetic.digits.quotient(digit, rounds)
    arithmetic.leaves[name] = arithmetic.digits.remainder(digit, rounds)
    made = arithmetic.statements(parts(inner.body))
    asked = {n for s in made for n in tree.walk(s) if isinstance(n, Digit) and n.axis == _AXIS}
    if asked != {whole}:
        return loop

    def named(node: tree.Node) -> tree.Node:
        return tree.Name(name) if node == whole else node

    inside = tuple(edit.transform(s, named) for s in made)
    start = tree.Declaration((tree.Variable(name, types.INT, value=number(0)),))
    end = tree.Binary("<", tree.Name(name), number(outer_rounds * rounds))
    return tree.For(start, end, tree.Unary("++", tree.Name(name)), tree.Block(inside))


def _rounds(loop: tree.For) -> tuple[str, int] | None:
    if (span := span_of(loop)) is None or constant(span[1]) != 0:
        return None
    count = constant(span[2])
    return None if count is None or count < 1 else (span[0], count)


__all__ = ["merged"]
