"""Which loops are asked to be SIMD: those that are long enough for what is in them.

What is marked ``omp simd`` the compiler cuts into vectors and a rest, and no longer writes out. Of
a loop that is shorter than the widest vector it then makes the rest of a loop, with masks or one
element after the other. That is still the best for plain arithmetic. Where elements change their
width on the way, or lie where a quotient says, a short loop is several times faster written out.
"""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.fold import COMPARISONS
from hpctc.transpile.shape.radix import LANES

SIMD = tree.Directive("#pragma omp simd")

FEW = 3
"""Rounds up to which any loop is written out."""


def worth_simd(rounds: float, body: Sequence[Any]) -> bool:
    """Whether a loop of so many rounds, which may run in step, is better off so."""
    if rounds <= FEW:
        return False
    return rounds >= LANES or not any(_awkward(n) for s in body for n in tree.walk(s))


def _awkward(node: tree.Node) -> bool:
    match node:
        case tree.Cast(kind, operand):
            return not isinstance(kind, tree.Pointer) and not isinstance(operand, tree.Number)
        case tree.Assign("=", tree.Index(), tree.Binary(op, _, _)) if op in COMPARISONS:
            return True
        case tree.Index(_, index):
            return any(isinstance(n, tree.Binary) and n.op in "/%" for n in tree.walk(index))
        case _:
            return False


__all__ = ["FEW", "SIMD", "worth_simd"]
