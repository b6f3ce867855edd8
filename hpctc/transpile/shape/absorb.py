"""A loop around all that a thread does, as one more part of its axis.

``for (r) { if (r * N + i < n) A[r * N + i] = ...; }`` with N threads, and the grid-stride loop
``for (j = i; j < n; j += N)``, are how CUDA covers more points than it has threads. Where the
rounds of one thread touch different elements, they may run in any order: round and thread are the
digits of one axis.
"""

from collections.abc import Sequence
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
    own = {n for s in body for n in declared(s)}
    changed = {n for s in body for n in mutated(s)}
    if changed - own - set(kernel.pointers):
        return False
    for base in kernel.pointers:
        found = list(places(body, base))
        if None in found or (found and base in kernel.aliased):
            return False
        if base not in changed:
            continue
        forms = [linear(p) for p in found if p is not None]
        if any(f.plus(forms[0], -1) != Linear({}) for f in forms) or not _moves(forms[0], axis):
            return False
    return True


def _moves(form: Linear, axis: str) -> bool:
    """Whether a place is ``c * axis`` and what does not depend on the axis."""
    others = Linear({t: f for t, f in form.terms.items() if t != _whole(axis)})
    return _whole(axis) in form.terms and not any(
        isinstance(n, Digit) and n.axis == axis for t in others.terms for n in tree.walk(t)
    )


__all__ = ["Absorbed", "absorbed", "independent"]
