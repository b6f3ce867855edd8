"""Statements: one method a rule of the grammar."""

from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.builder.parts import flat, position


@v_args(meta=True, inline=True)
class Statements(Transformer_NonRecursive[Token, tree.Unit]):
    """What a body is made of."""

    def block(self, meta: Meta, *body: Any) -> tree.Block:
        return tree.Block(flat(body), at=position(meta))

    marked = block

    def empty(self, meta: Meta) -> tree.Block:
        return tree.Block((), at=position(meta))

    def expression_statement(self, meta: Meta, value: tree.Expr) -> tree.Evaluate:
        return tree.Evaluate(value, at=position(meta))

    def if_(self, meta: Meta, *parts: Any) -> tree.If:
        rest = [p for p in parts if not isinstance(p, Token)]
        constexpr = any(isinstance(p, Token) and p.type == "CONSTEXPR" for p in parts)
        condition, then, otherwise = rest if len(rest) == 3 else (*rest, None)
        return tree.If(condition, then, otherwise, constexpr, at=position(meta))

    def for_(
        self, meta: Meta, _word: Token, start: Any, condition: Any, step: Any, body: Any
    ) -> tree.For:
        begin = None if isinstance(start, tree.Block) else start
        return tree.For(begin, condition, step, body, at=position(meta))

    def while_(self, meta: Meta, _word: Token, condition: tree.Expr, body: Any) -> tree.While:
        return tree.While(condition, body, at=position(meta))

    def do(self, meta: Meta, _do: Token, body: Any, _while: Token, condition: Any) -> tree.Do:
        return tree.Do(body, condition, at=position(meta))

    def switch(self, meta: Meta, _word: Token, value: tree.Expr, body: Any) -> tree.Switch:
        return tree.Switch(value, body, at=position(meta))

    def case(self, meta: Meta, _word: Token, value: tree.Expr) -> tree.Case:
        return tree.Case(value, at=position(meta))

    def default(self, meta: Meta, _word: Token) -> tree.Case:
        return tree.Case(None, at=position(meta))

    def label(self, meta: Meta, name: Token) -> tree.Label:
        return tree.Label(str(name), at=position(meta))

    def break_(self, meta: Meta, word: Token) -> tree.Jump:
        return tree.Jump(str(word), at=position(meta))

    continue_ = break_

    def goto(self, meta: Meta, word: Token, label: Token) -> tree.Jump:
        return tree.Jump(str(word), str(label), at=position(meta))

    def return_(self, meta: Meta, _word: Token, value: Any = None) -> tree.Return:
        return tree.Return(value, at=position(meta))

    def asm(self, meta: Meta, text: Token) -> tree.Asm:
        return tree.Asm(str(text), at=position(meta))


for _word in ("if", "for", "while", "break", "continue", "return"):
    # Python's keywords cannot be method names; the grammar's rules are named after C's keywords.
    setattr(Statements, _word, getattr(Statements, f"{_word}_"))
