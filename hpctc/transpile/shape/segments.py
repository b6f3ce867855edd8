"""The innermost loop cut where a test changes: borders apart, the middle without tests.

``for (k < 58) y[k] = k >= 1 && k < 57 ? x[k - 1] : 0`` is a copy of 56 elements between two zeros;
with the test inside, gcc makes no SIMD of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import COMPARISONS, Linear, constant
from hpctc.transpile.shape.arithmetic import Arithmetic
from hpctc.transpile.shape.radix import LANES, Loop

MOST = 5
"""Parts beyond which the text grows more than the time shrinks."""


@dataclass(frozen=True)
class Segment:
    """A part of a loop and what its rounds do."""

    first: int
    end: int
    body: tuple[Any, ...]


def segments(
    loop: Loop, outer: Sequence[Loop], body: Sequence[Any], arithmetic: Arithmetic
) -> list[Segment]:
    """The parts of a loop, one where no test asks to cut it."""
    points = constant(loop.extent)
    whole = [Segment(0, points or 0, tuple(body))]
    if points is None or points < LANES:
        return whole
    fixed = {x.name for x in outer}
    body = arithmetic.statements(body)  # from here on it knows the ranges of the loops inside
    cuts = sorted({c for s in body for c in _cuts(s, loop.name, fixed, arithmetic)
                   if 0 < c < points})  # fmt: skip
    if not cuts or len(cuts) >= MOST:
        return whole
    found = []
    for first, end in zip((0, *cuts), (*cuts, points), strict=True):
        arithmetic.digits.ranges[loop.name] = (first, end - 1)
        part = arithmetic.statements(body)
        if end - first == 1:
            arithmetic.leaves[loop.name] = Linear({}, first)
            part = arithmetic.statements(part)
            del arithmetic.leaves[loop.name]
        found.append(Segment(first, end, part))
    return found


def _cuts(node: Any, name: str, fixed: set[str], arithmetic: Arithmetic) -> Iterator[int]:
    """Where a test below is decided from, or up to."""
    for part in tree.walk(node):
        match part:
            case tree.Binary(op, left, right) if op in COMPARISONS:
                if arithmetic.integer(left) and arithmetic.integer(right):
                    form = arithmetic.form(left).plus(arithmetic.form(right), -1)
                    yield from _turns(op, form, name, fixed, arithmetic)
            case _:
                pass


def _turns(
    op: str, form: Linear, name: str, fixed: set[str], arithmetic: Arithmetic
) -> Iterator[int]:
    """The values of a variable where the sign of a form begins and ceases to be known."""
    factor, rest = form.of(name), form.without(name)
    others = {n for t in rest.terms for n in edit.mentions(t)}
    if not factor or others & {*fixed, name}:
        return
    if factor < 0:
        factor, rest = -factor, Linear({}).plus(rest, -1)
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
    low, high = arithmetic.digits.range_of(rest)
    if low in (float("-inf"), float("inf")) or high == float("inf"):
        return
    for end in {int(low), int(high)}:
        if op in ("<", ">=", "==", "!="):
            yield -(end // factor)  # the first value from which factor * v + end >= 0
        if op in ("<=", ">", "==", "!="):
            yield -end // factor + 1  # and > 0


__all__ = ["Segment", "segments"]
