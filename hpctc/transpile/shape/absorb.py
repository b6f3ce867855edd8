"""A loop around all that a thread does, as one more part of its axis.

``for (r) { if (r * N + i < n) A[r * N + i] = ...; }`` with N threads, and the grid-stride loop
``for (j = i; j < n; j += N)``, are how CUDA covers more points than it has threads. Where the
rounds of one thread touch different elements, they may run in any order: round and thread are the
digits of one axis.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, constant, linear
from hpctc.transpile.kernel import Translated
from hpctc.transpile.shape.arithmetic import span_of
from hpctc.transpile.shape.digits import Digit
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.memory import declared, places
from hpctc.transpile.statements import mutated


@dataclass(frozen=True)
class Absorbed:
    """A loop that becomes part of an axis."""

    body: tuple[Any, ...]
    name: str
    """The loop's variable: the whole new axis if it strides, else its upper digit."""
    end: tree.Expr
    """Points of the new axis if it strides, else rounds."""
    strides: bool


def absorbed(body: Sequence[Any], axis: str, extent: tree.Expr) -> Absorbed | None:
    """The loop that is the whole body, if its rounds continue the axis."""
    match tuple(body):
        case (tree.For() as loop,):
            pass
        case _:
            return None
    if (span := span_of(loop)) is not None:
        name, first, end = span
        fixed = constant(first) == 0 and constant(end) is not None
        found = Absorbed(parts(loop.body), name, end, strides=False) if fixed else None
    else:
        found = _strided(loop, axis, extent)
    if found is None or found.name in {n for s in found.body for n in mutated(s)}:
        return None
    return None if any(isinstance(n, tree.Jump | tree.Return) for s in found.body
                       for n in tree.walk(s)) else found  # fmt: skip


def _strided(loop: tree.For, axis: str, extent: tree.Expr) -> Absorbed | None:
    """``for (j = i; j < n; j += N)`` with i all of an axis of N threads."""
    match loop:
        case tree.For(
            tree.Declaration((tree.Variable(name, value=first),)),
            tree.Binary("<", tree.Name(tested), end),
            tree.Assign("+=", tree.Name(stepped), step),
        ) if name == tested == stepped and first is not None:
            same = linear(step) == linear(extent)
            if same and first == _whole(axis) and not _varies(end, name):
                return Absorbed(parts(loop.body), name, end, strides=True)
        case _:
            pass
    return None


def _whole(axis: str) -> Any:
    return Digit(axis)


def _varies(end: tree.Expr, name: str) -> bool:
    plain = tree.Name | tree.Number | tree.Binary
    return name in edit.mentions(end) or any(
        isinstance(n, Digit) or not isinstance(n, plain) for n in tree.walk(end)
    )


def independent(body: Sequence[Any], axis: str, kernel: Translated) -> bool:
    """Whether different points of an axis touch different elements, but for what is only read.

    Every access to a written array is at one place, which moves with the axis.
    """
    own = _inner(body)
    changed = {n for s in body for n in mutated(s)}
    if changed - own.keys() - set(kernel.pointers):
        return False
    for base in kernel.pointers:
        found = list(places(body, base))
        if None in found or (found and base in kernel.aliased):
            return False
        if base not in changed:
            continue
        forms = [linear(p) for p in found if p is not None]
        if any(f.plus(forms[0], -1) != Linear({}) for f in forms) or not _moves(
            forms[0], axis, own
        ):
            return False
    return True


def _moves(form: Linear, axis: str, inner: Mapping[str, float]) -> bool:
    """Whether a place is another one for every point of an axis.

    It is ``c * axis``, or all digits of the axis with factors that keep their values apart, as a
    transpose writes them. What else it has is the same for all points, or a variable of the body
    (``inner``: to the largest value of those that count from 0) that stays below ``c``.
    """
    terms: dict[Any, int] = dict(form.terms)
    mine = {t: f for t, f in terms.items() if isinstance(t, Digit) and t.axis == axis}
    others = {t: f for t, f in terms.items() if t not in mine}
    if any(isinstance(n, Digit) and n.axis == axis for t in others for n in tree.walk(t)):
        return False
    reach: float = 0
    for term, factor in others.items():
        if not edit.mentions(term) & inner.keys():
            continue
        most = inner[term.name] if isinstance(term, tree.Name) else math.inf
        reach += most * abs(factor) if most else 0
    return _apart(mine, reach)


def _apart(digits: Mapping[Digit, int], reach: float) -> bool:
    """Whether digits are all of an axis, and no two of its points come within ``reach``."""
    cuts = sorted(digits, key=lambda d: d.low)
    ends = [1, *(d.high for d in cuts)]
    if not cuts or [d.low for d in cuts] != ends[:-1] or ends[-1] is not None:
        return False
    for digit, factor in sorted(digits.items(), key=lambda item: abs(item[1])):
        if abs(factor) <= reach or (digit.high or 0) % digit.low:
            return False
        extent = math.inf if digit.high is None else digit.high // digit.low
        reach += abs(factor) * (extent - 1)
    return True


def _inner(body: Sequence[Any]) -> dict[str, float]:
    """What the body declares: the largest value of a counter from 0, else infinity."""
    counters: dict[str, float] = {}
    for loop in (n for s in body for n in tree.walk(s) if isinstance(n, tree.For)):
        if (span := span_of(loop)) is not None:
            name, first, end = span
            stop = constant(end)
            fixed = constant(first) == 0 and stop is not None and name not in mutated(loop.body)
            most = max(0, stop - 1) if fixed and stop is not None else math.inf
            counters[name] = max(counters.get(name, 0), most)
    return {name: counters.get(name, math.inf) for s in body for name in declared(s)}


__all__ = ["Absorbed", "absorbed", "independent"]
