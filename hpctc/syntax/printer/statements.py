"""Statements as lines, and lambdas, which hold some."""

from collections.abc import Iterable
from functools import singledispatch

from hpctc.syntax import tree
from hpctc.syntax.printer.declarations import declaration, parameter
from hpctc.syntax.printer.strength import PRIMARY, expr
from hpctc.syntax.printer.types import declare


def indented(lines: Iterable[str]) -> list[str]:
    """One level deeper; a whole-line ``#include`` stays at the margin."""
    return [f"  {line}" if line and not line.startswith("#include") else line for line in lines]


def inner(nodes: Iterable[tree.Node]) -> list[str]:
    """What stands between braces."""
    return indented(line for node in nodes for line in lines_of(node))


def under(head: str, body: tree.Stmt) -> list[str]:
    """A statement below its head: a block opens on the head's line."""
    if isinstance(body, tree.Block):
        if not body.body:
            return [f"{head} {{}}"]
        return [f"{head} {{", *inner(body.body), "}"]
    return [f"{head}", *inner([body])]


@singledispatch
def lines_of(node: tree.Node) -> list[str]:
    """The source of a statement or an item, line by line."""
    raise TypeError(f"{type(node).__name__} is no statement")


@lines_of.register
def _(node: tree.Block) -> list[str]:
    return ["{", *inner(node.body), "}"] if node.body else [";"]


@lines_of.register
def _(node: tree.Declaration) -> list[str]:
    return [declaration(node)]


@lines_of.register
def _(node: tree.Evaluate) -> list[str]:
    return [f"{expr(node.value)[0]};"]


@lines_of.register
def _(node: tree.If) -> list[str]:
    word = "if constexpr" if node.constexpr else "if"
    then = node.then
    if node.otherwise is not None and not isinstance(then, tree.Block):
        then = tree.Block((then,))  # or the else would go to an if inside
    lines = under(f"{word} ({expr(node.condition)[0]})", then)
    if node.otherwise is None:
        return lines
    tail = lines_of(node.otherwise) if isinstance(node.otherwise, tree.If) else None
    if tail is not None:
        return [*lines[:-1], f"{lines[-1]} else {tail[0]}", *tail[1:]]
    rest = under("else", node.otherwise)
    return [*lines[:-1], f"{lines[-1]} {rest[0]}", *rest[1:]]


@lines_of.register
def _(node: tree.For) -> list[str]:
    start = lines_of(node.start)[0] if node.start is not None else ";"
    condition = f" {expr(node.condition)[0]}" if node.condition is not None else ""
    step = f" {expr(node.step)[0]}" if node.step is not None else ""
    return under(f"for ({start}{condition};{step})", node.body)


@lines_of.register
def _(node: tree.While) -> list[str]:
    return under(f"while ({expr(node.condition)[0]})", node.body)


@lines_of.register
def _(node: tree.Do) -> list[str]:
    lines = under("do", node.body)
    return [*lines[:-1], f"{lines[-1]} while ({expr(node.condition)[0]});"]


@lines_of.register
def _(node: tree.Switch) -> list[str]:
    lines = [f"switch ({expr(node.value)[0]}) {{"]
    for statement in node.body.body:
        mine = lines_of(statement)
        lines += mine if isinstance(statement, tree.Case) else indented(mine)
    return [*lines, "}"]


@lines_of.register
def _(node: tree.Case) -> list[str]:
    return ["default:"] if node.value is None else [f"case {expr(node.value)[0]}:"]


@lines_of.register
def _(node: tree.Label) -> list[str]:
    return [f"{node.name}:"]


@lines_of.register
def _(node: tree.Jump) -> list[str]:
    return [f"{node.kind} {node.label};" if node.label else f"{node.kind};"]


@lines_of.register
def _(node: tree.Return) -> list[str]:
    return ["return;"] if node.value is None else [f"return {expr(node.value)[0]};"]


@lines_of.register
def _(node: tree.Asm) -> list[str]:
    return [f"{node.text};"]


@expr.register
def _(node: tree.Lambda) -> tuple[str, int]:
    first = "".join(f" {w}" for w in node.words if w.startswith("__"))
    words = "".join(f" {w}" for w in node.words if not w.startswith("__"))
    result = "" if node.result is None else f" -> {declare(node.result, '')}"
    given = ", ".join(parameter(p) for p in node.parameters)
    body = " ".join(line.strip() for line in lines_of(node.body))
    opening = f"{first} (" if first else "("
    return f"{node.captures}{opening}{given}){words}{result} {body}", PRIMARY
