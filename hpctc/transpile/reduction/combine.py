"""Two loop variables as one, ``32 * big + small`` as ``new``; and one as two."""

from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, constant, linear, number, written


class Apart(Exception):
    """One of the two variables is asked for alone."""


def combined(node: Any, big: str, small: str, step: int, new: tree.Expr) -> Any:
    """The tree with ``step * big + small`` as ``new``; :class:`Apart` where that does not do."""
    if not {big, small} & edit.mentions(node):
        return node
    if isinstance(node, tree.Name):
        raise Apart
    if (whole := _digit(node, small, step, new)) is not None:
        return whole
    if isinstance(node, tree.Binary) and node.op in ("+", "-", "*"):
        form = linear(node)
        factor = form.of(small)
        if not factor and (shifted := _shifted(form, big, small, step)) is not None:
            term, factor = shifted
            rest = form.without(big)
            kept = {
                combined(t, big, small, step, new): f for t, f in rest.terms.items() if t != term
            }
            whole = edit.substitute(term, {small: new})
            return written(Linear({whole: factor}).plus(Linear(kept, rest.constant)))
        if factor:
            if form.of(big) != factor * step:
                raise Apart
            rest = form.without(big, small)
            terms = {combined(t, big, small, step, new): f for t, f in rest.terms.items()}
            return written(Linear({new: factor}).plus(Linear(terms, rest.constant)))
    return edit.rebuild(node, lambda n: combined(n, big, small, step, new))


def spread(node: Any, name: str, inner: str, length: int) -> Any:
    """``name`` as ``length * inner + name``; sums stay flat."""
    if name not in edit.mentions(node):
        return node
    if node == tree.Name(name):
        return tree.Binary("+", tree.Binary("*", tree.Name(inner), number(length)), node)
    if isinstance(node, tree.Binary) and node.op in ("+", "-", "*"):
        form = linear(node)
        factor = form.of(name)
        rest = form.without(name)
        if factor and not any(name in edit.mentions(t) for t in rest.terms):
            terms: dict[tree.Expr, int] = {
                tree.Name(inner): factor * length,
                tree.Name(name): factor,
            }
            return written(rest.plus(Linear(terms)))
    return edit.rebuild(node, lambda n: spread(n, name, inner, length))


def _digit(node: tree.Expr, small: str, step: int, new: tree.Expr) -> tree.Expr | None:
    """``small % c`` and ``small & (c - 1)`` where ``c`` divides the step: the same of the sum."""
    match node:
        case tree.Binary("%", tree.Name(name), by) if name == small:
            modulus = constant(by)
        case tree.Binary("&", tree.Name(name), by) if name == small:
            modulus = (constant(by) or 0) + 1
            modulus = modulus if modulus & (modulus - 1) == 0 else 0
        case _:
            return None
    return tree.Binary(node.op, new, by) if modulus and step % modulus == 0 else None


def _shifted(form: Linear, big: str, small: str, step: int) -> tuple[tree.Expr, int] | None:
    """The term ``small / c`` (or ``small >> s``) of a sum that has ``big * step / c`` as well."""
    for term, factor in form.terms.items():
        match term:
            case tree.Binary("/", tree.Name(name), by) if name == small:
                divisor = constant(by) or 0
            case tree.Binary(">>", tree.Name(name), by) if name == small:
                divisor = 1 << (constant(by) or 0)
            case _:
                continue
        if divisor > 0 and step % divisor == 0 and form.of(big) == factor * (step // divisor):
            return term, factor
    return None


__all__ = ["Apart", "combined", "spread"]
