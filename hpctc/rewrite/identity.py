"""Rewrites that are nothing but their rule: ``a * (b + c) = a * b + a * c``.

The rule is read as a Python expression: names are variables, calls are operators of the registry
with their attributes as keywords (a name there binds the attribute's value), numbers are literals.
Operands of commutative operators match in either order.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from hpctc.graph.ir import Arg, Attr, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, Refused, View

COMMUTATIVE = (
    "add", "mul", "maximum", "minimum", "equal", "not_equal", "logical_and", "logical_or",
    "logical_xor",
)  # fmt: skip
"""Operators whose operands may be swapped."""

INFIX: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.BitAnd: "logical_and", ast.BitOr: "logical_or",
    ast.BitXor: "logical_xor", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less",
    ast.LtE: "less_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
    ast.USub: "neg", ast.Invert: "logical_not",
}  # fmt: skip

Bound = Mapping[str, Arg]
"""Variable -> what it stands for."""


@dataclass(frozen=True)
class Term:
    """An operator applied to terms; attributes are numbers or names of variables."""

    op: str
    args: "tuple[Pattern, ...]"
    attrs: tuple[tuple[str, Attr], ...] = ()


@dataclass(frozen=True)
class Var:
    """Stands for any operand."""

    name: str


Pattern = Term | Var | int | float


@dataclass(frozen=True)
class Identity(Rewrite):
    """A rewrite whose ``rule`` is an equation of expressions, taken from left to right."""

    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float16")
    """Element types of the result for which the rule holds."""

    def __init_subclass__(cls) -> None:
        """Read the rule once, so that a wrong one is told when the class is made."""
        if "rule" in vars(cls):
            left, right = equation(cls.rule)
            cls.constants = _binds_numbers(left) or any(_rounds(n) for n in _numbers(right))

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["Identity"]:
        """The node itself, if it is an application of the operator at the rule's head."""
        left, _ = equation(cls.rule)
        if not isinstance(left, Term) or left.op == node.op:
            yield cls(at=node.results[0].name)

    def build(self, edit: Edit, node: Node) -> Built:
        """Bind the variables of the left side, emit the right side."""
        if node.results[0].type.dtype not in self.dtypes:
            return None
        left, right = equation(self.rule)
        reason = "the operands do not have the form of the rule"
        for bound in match(left, node.results[0].name, edit.view, {}):
            try:
                value = emit(right, bound, edit)
            except Refused as problem:
                reason = str(problem)
                continue
            if isinstance(value, str) and edit.type(value) == node.results[0].type:
                return value
        raise Refused(reason)


@cache
def equation(rule: str) -> tuple[Pattern, Pattern]:
    """The two sides of ``left = right``."""
    left, _, right = rule.partition(" = ")
    return expression(left), expression(right)


def expression(text: str) -> Pattern:
    """One side of a rule; raises :class:`ValueError` or :class:`SyntaxError`."""
    return _pattern(ast.parse(text, mode="eval").body)


def match(pattern: Pattern, arg: Arg, view: View, bound: Bound) -> Iterator[Bound]:
    """Every way to bind the pattern's variables so that it is ``arg``."""
    if isinstance(pattern, Var):
        if bound.get(pattern.name, arg) == arg:
            yield {**bound, pattern.name: arg}
    elif isinstance(pattern, Term):
        node = view.producer(arg, pattern.op)
        if node is not None and len(node.args) == len(pattern.args):
            yield from _match_node(pattern, node, view, bound)
    elif not isinstance(arg, str) and arg == pattern:
        yield bound


def emit(pattern: Pattern, bound: Bound, edit: Edit) -> Arg:
    """Emit the nodes of a side and return its value."""
    if isinstance(pattern, Var):
        return bound[pattern.name]
    if not isinstance(pattern, Term):
        return pattern
    args = [emit(p, bound, edit) for p in pattern.args]
    return edit.op(pattern.op, *args, **{k: _bound_attr(v, bound) for k, v in pattern.attrs})


def _numbers(pattern: Pattern) -> Iterator[float]:
    if isinstance(pattern, Term):
        for part in pattern.args:
            yield from _numbers(part)
        yield from (v for _, v in pattern.attrs if isinstance(v, float))
    elif not isinstance(pattern, Var):
        yield float(pattern)


def _binds_numbers(pattern: Pattern) -> bool:
    return isinstance(pattern, Term) and (
        any(isinstance(v, str) for _, v in pattern.attrs) or any(map(_binds_numbers, pattern.args))
    )


def _rounds(number: float) -> bool:
    return float(np.float32(number)) != number


def _match_node(pattern: Term, node: Node, view: View, bound: Bound) -> Iterator[Bound]:
    attrs = dict(node.attrs)
    for key, value in pattern.attrs:
        given = attrs[key]
        if isinstance(value, str) and isinstance(given, int | float):
            bound = {**bound, value: given}
        elif given != value:
            return
    orders = [node.args]
    if node.op in COMMUTATIVE and node.args[0] != node.args[1]:
        orders.append(node.args[::-1])
    for args in orders:
        yield from _match_all(pattern.args, args, view, bound)


def _match_all(
    patterns: tuple[Pattern, ...], args: tuple[Arg, ...], view: View, bound: Bound
) -> Iterator[Bound]:
    if not patterns:
        yield bound
        return
    for first in match(patterns[0], args[0], view, bound):
        yield from _match_all(patterns[1:], args[1:], view, first)


def _bound_attr(value: Attr, bound: Bound) -> Attr:
    return bound[value] if isinstance(value, str) and value in bound else value


def _pattern(tree: ast.expr) -> Pattern:
    match tree:
        case ast.Name(id=name):
            return Var(name)
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.UnaryOp(op=op, operand=operand):
            return Term(INFIX[type(op)], (_pattern(operand),))
        case ast.BinOp(left=left, op=op, right=right):
            return Term(INFIX[type(op)], (_pattern(left), _pattern(right)))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return Term(INFIX[type(op)], (_pattern(left), _pattern(right)))
        case ast.Call(func=ast.Name(id=op), args=args, keywords=keywords):
            attrs = tuple((str(k.arg), _attr(k.value)) for k in keywords)
            return Term(op, tuple(map(_pattern, args)), attrs)
    raise ValueError(f"{ast.unparse(tree)} has no place in a rule")


def _attr(tree: ast.expr) -> Attr:
    value = tree.id if isinstance(tree, ast.Name) else ast.literal_eval(tree)
    return tuple(value) if isinstance(value, tuple | list) else value
