"""Two loop variables as one: ``32 * big + small`` becomes ``new`` wherever they occur."""

from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, linear, written


class Apart(Exception):
    """One of the two variables is asked for alone."""


def combined(node: Any, big: str, small: str, step: int, new: tree.Expr) -> Any:
    """The tree with ``step * big + small`` as ``new``; :class:`Apart` where that does not do."""
    if not {big, small} & edit.mentions(node):
        return node
    if isinstance(node, tree.Name):
        raise Apart
    if isinstance(node, tree.Binary) and node.op in ("+", "-", "*"):
        form = linear(node)
        factor = form.of(small)
        if factor:
            if form.of(big) != factor * step:
                raise Apart
            rest = form.without(big, small)
            terms = {combined(t, big, small, step, new): f for t, f in rest.terms.items()}
            return written(Linear({new: factor}).plus(Linear(terms, rest.constant)))
    return edit.rebuild(node, lambda n: combined(n, big, small, step, new))


__all__ = ["Apart", "combined"]
