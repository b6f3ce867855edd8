"""Expressions: one function a kind of node."""

from hpctc.syntax import tree
from hpctc.syntax.printer.strength import (
    ASSIGN,
    BINARY,
    CONFUSING,
    POSTFIX,
    PRIMARY,
    SELECT,
    UNARY,
    at_least,
    expr,
    listed,
)
from hpctc.syntax.printer.types import declare, templates


@expr.register
def _(node: tree.Name) -> tuple[str, int]:
    return node.name, PRIMARY


@expr.register(tree.Number)
@expr.register(tree.Text)
def _(node: tree.Number | tree.Text) -> tuple[str, int]:
    return node.text, PRIMARY


@expr.register
def _(node: tree.Unary) -> tuple[str, int]:
    inner = at_least(node.operand, UNARY)
    space = " " if inner[:1] in "+-&" and inner[:1] == node.op[-1] else ""
    return f"{node.op}{space}{inner}", UNARY


@expr.register
def _(node: tree.Postfix) -> tuple[str, int]:
    return f"{at_least(node.operand, POSTFIX)}{node.op}", POSTFIX


@expr.register
def _(node: tree.Binary) -> tuple[str, int]:
    strength = BINARY[node.op]
    left = _operand(node.op, node.left, strength)
    right = _operand(node.op, node.right, strength + 1)
    return (f"{left}, {right}" if node.op == "," else f"{left} {node.op} {right}"), strength


def _operand(op: str, node: tree.Expr, strength: int) -> str:
    if isinstance(node, tree.Binary) and node.op in CONFUSING.get(op, ()):
        return f"({expr(node)[0]})"
    return at_least(node, strength)


@expr.register
def _(node: tree.Assign) -> tuple[str, int]:
    target, value = at_least(node.target, UNARY), at_least(node.value, ASSIGN)
    return f"{target} {node.op} {value}", ASSIGN


@expr.register
def _(node: tree.Select) -> tuple[str, int]:
    condition, yes = at_least(node.condition, SELECT + 1), at_least(node.yes, SELECT)
    return f"{condition} ? {yes} : {at_least(node.no, SELECT)}", SELECT


@expr.register
def _(node: tree.Call) -> tuple[str, int]:
    function = f"{at_least(node.function, POSTFIX)}{templates(node.templates)}"
    return f"{function}({listed(node.args)})", POSTFIX


@expr.register
def _(node: tree.Construct) -> tuple[str, int]:
    opening, closing = "{}" if node.braces else "()"
    return f"{declare(node.type, '')}{opening}{listed(node.args)}{closing}", POSTFIX


@expr.register
def _(node: tree.Index) -> tuple[str, int]:
    return f"{at_least(node.base, POSTFIX)}[{expr(node.index)[0]}]", POSTFIX


@expr.register
def _(node: tree.Member) -> tuple[str, int]:
    dot = "->" if node.arrow else "."
    return f"{at_least(node.base, POSTFIX)}{dot}{node.name}", POSTFIX


@expr.register
def _(node: tree.Cast) -> tuple[str, int]:
    return f"({declare(node.type, '')}){at_least(node.operand, UNARY)}", UNARY


@expr.register
def _(node: tree.SizeOf) -> tuple[str, int]:
    if isinstance(node.operand, tree.Type):
        return f"sizeof({declare(node.operand, '')})", UNARY
    if isinstance(node.operand, tree.Unary):
        return f"sizeof {expr(node.operand)[0]}", UNARY
    return f"sizeof({expr(node.operand)[0]})", UNARY


@expr.register
def _(node: tree.Braces) -> tuple[str, int]:
    return f"{{{listed(node.items)}}}", PRIMARY


@expr.register
def _(node: tree.Designated) -> tuple[str, int]:
    steps = (
        f".{s.name}" if isinstance(s, tree.Member) else f"[{expr(s.index)[0]}]" for s in node.path
    )
    return f"{''.join(steps)} = {at_least(node.value, ASSIGN)}", ASSIGN


@expr.register
def _(node: tree.Compound) -> tuple[str, int]:
    return f"({declare(node.type, '')}){expr(node.value)[0]}", POSTFIX


@expr.register
def _(node: tree.Scoped) -> tuple[str, int]:
    return f"{declare(node.holder, '')}::{node.name}", PRIMARY
