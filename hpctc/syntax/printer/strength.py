"""How strongly operators bind, and where parentheses follow from that."""

from collections.abc import Iterable
from functools import singledispatch

from hpctc.syntax import tree

BINARY = {
    ",": 1, "||": 4, "&&": 5, "|": 6, "^": 7, "&": 8, "==": 9, "!=": 9, "<": 10, ">": 10,
    "<=": 10, ">=": 10, "<<": 11, ">>": 11, "+": 12, "-": 12, "*": 13, "/": 13, "%": 13,
}  # fmt: skip
"""Operator -> how strongly it binds."""

ASSIGN, SELECT, UNARY, POSTFIX, PRIMARY = 2, 3, 14, 15, 16

CONFUSING = {
    "||": {"&&"},
    "|": {"+", "-", "&", "^", "<<", ">>"},
    "^": {"+", "-", "&"},
    "&": {"+", "-", "==", "!=", "<", ">"},
    "<<": {"+", "-"},
    ">>": {"+", "-"},
}
"""Outer operator -> inner ones whose mix is legal and misread: they get parentheses."""


@singledispatch
def expr(node: tree.Node) -> tuple[str, int]:
    """The source of an expression, and how strongly its outermost operator binds."""
    raise TypeError(f"{type(node).__name__} is no expression")


def at_least(node: tree.Expr, strength: int) -> str:
    """An expression where only what binds so strongly may stand bare."""
    text, mine = expr(node)
    return text if mine >= strength else f"({text})"


def listed(args: Iterable[tree.Expr]) -> str:
    """Arguments: a comma between them is no operator."""
    return ", ".join(at_least(a, ASSIGN) for a in args)
