"""Expressions: one method a rule of the grammar."""

from dataclasses import dataclass
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.builder.parts import Parameters, position, unscoped


@dataclass(frozen=True)
class Head:
    """A lambda's parameters, words after them and result."""

    parameters: tuple[tree.Parameter, ...]
    words: tuple[str, ...]
    result: tree.Type | None


@v_args(meta=True, inline=True)
class Expressions(Transformer_NonRecursive[Token, tree.Unit]):
    """What has a value."""

    def comma(self, meta: Meta, left: tree.Expr, right: tree.Expr) -> tree.Binary:
        return tree.Binary(",", left, right, at=position(meta))

    def assign(self, meta: Meta, target: Any, op: Token, value: Any) -> tree.Assign:
        return tree.Assign(str(op), target, value, at=position(meta))

    def select(self, meta: Meta, condition: Any, yes: Any, no: Any) -> tree.Select:
        return tree.Select(condition, yes, no, at=position(meta))

    def binary(self, meta: Meta, left: Any, op: Token, right: Any) -> tree.Binary:
        return tree.Binary(str(op), left, right, at=position(meta))

    def unary(self, meta: Meta, op: Token, operand: Any) -> tree.Unary:
        return tree.Unary(str(op), operand, at=position(meta))

    def postfix(self, meta: Meta, operand: Any, op: Token) -> tree.Postfix:
        return tree.Postfix(str(op), operand, at=position(meta))

    def cast(self, meta: Meta, kind: tree.Type, operand: tree.Expr) -> tree.Cast:
        return tree.Cast(kind, operand, at=position(meta))

    def sizeof_expression(self, meta: Meta, _word: Token, operand: tree.Expr) -> tree.SizeOf:
        return tree.SizeOf(operand, at=position(meta))

    def sizeof_pointee(self, meta: Meta, _word: Token, op: Token, operand: Any) -> tree.SizeOf:
        return tree.SizeOf(tree.Unary(str(op), operand), at=position(meta))

    def sizeof_type(self, meta: Meta, _word: Token, operand: tree.Type) -> tree.SizeOf:
        return tree.SizeOf(operand, at=position(meta))

    def call(self, meta: Meta, function: tree.Expr, args: Any) -> tree.Call:
        return tree.Call(function, args or (), at=position(meta))

    def template_call(self, meta: Meta, function: tree.Named, args: Any) -> tree.Call:
        return tree.Call(tree.Name(function.name), args or (), function.args, at=position(meta))

    def scoped(self, meta: Meta, holder: tree.Named, name: Token) -> tree.Scoped:
        return tree.Scoped(holder, unscoped(name), at=position(meta))

    def functional_cast(self, meta: Meta, kind: Token, args: Any) -> tree.Construct:
        return tree.Construct(tree.Named(str(kind)), args or (), at=position(meta))

    def braced(self, meta: Meta, kind: Any, value: tree.Braces) -> tree.Construct:
        named = tree.Named(str(kind)) if isinstance(kind, Token) else kind
        return tree.Construct(named, value.items, braces=True, at=position(meta))

    def compound(self, meta: Meta, kind: tree.Type, value: tree.Braces) -> tree.Compound:
        return tree.Compound(kind, value, at=position(meta))

    def index(self, meta: Meta, base: tree.Expr, index: tree.Expr) -> tree.Index:
        return tree.Index(base, index, at=position(meta))

    def member(self, meta: Meta, base: tree.Expr, op: Token, name: str) -> tree.Member:
        return tree.Member(base, name, op == "->", at=position(meta))

    def member_name(self, _meta: Meta, name: Token) -> str:
        return str(name)

    def name(self, meta: Meta, token: Token) -> tree.Name:
        return tree.Name(str(token), at=position(meta))

    def number(self, meta: Meta, token: Token) -> tree.Number:
        return tree.Number(str(token), at=position(meta))

    def string(self, meta: Meta, *tokens: Token) -> tree.Text:
        return tree.Text(" ".join(str(t) for t in tokens), at=position(meta))

    character = string

    def lambda_(self, meta: Meta, captures: Token, *parts: Any) -> tree.Lambda:
        words = tuple(str(p) for p in parts if isinstance(p, Token))
        head = next((p for p in parts if isinstance(p, Head)), Head((), (), None))
        return tree.Lambda(
            str(captures),
            head.parameters,
            parts[-1],
            words + head.words,
            head.result,
            at=position(meta),
        )

    def lambda_head(self, _meta: Meta, given: Parameters | None, *rest: Any) -> Head:
        words = tuple(str(p) for p in rest if isinstance(p, Token) and p.type == "QUALIFIER")
        result = rest[-1] if rest and isinstance(rest[-1], tree.Type) else None
        return Head(given.items if given else (), words, result)

    def arguments(self, _meta: Meta, *args: tree.Expr) -> tuple[tree.Expr, ...]:
        return args


setattr(Expressions, "lambda", Expressions.lambda_)  # a keyword of Python's is no method's name
