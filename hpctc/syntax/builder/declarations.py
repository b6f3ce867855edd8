"""Declarators, the words before them, and types: one method a rule of the grammar."""

from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.builder.parts import (
    ANONYMOUS,
    Constructor,
    Declarator,
    Far,
    Specs,
    Star,
    position,
    present,
    symbol,
    typed,
    unscoped,
)


@v_args(meta=True, inline=True)
class Declarations(Transformer_NonRecursive[Token, tree.Unit]):
    """What C writes around a name, turned inside out into a type."""

    def declaration(self, meta: Meta, specs: Specs, *declarators: Declarator) -> tree.Declaration:
        at = position(meta)
        return tree.Declaration(tuple(d.variable(specs, at) for d in declarators), at=at)

    def declarator(
        self, _meta: Meta, pointers: Any, name: Token, extents: Any, *rest: Any
    ) -> Declarator:
        attributes = tuple(r for r in rest if isinstance(r, tree.Attribute))
        values = [r for r in rest if r is not None and not isinstance(r, tree.Attribute)]
        value = values[0] if values else None
        if isinstance(value, Constructor):
            return Declarator(pointers, str(name), extents, attributes, None, value.args)
        return Declarator(pointers, str(name), extents, attributes, value, None)

    def far_declarator(
        self, _meta: Meta, pointers: Any, far: Far, extents: Any, value: Any = None
    ) -> Declarator:
        made = Declarator(pointers, far.name, extents, (), None, None, far.pointer)
        if isinstance(value, Constructor):
            return replace(made, constructor=value.args)
        return replace(made, value=value)

    def far_name(self, _meta: Meta, opening: Token, *words: Token) -> Far:
        return Far(symbol(opening), tuple(str(w) for w in words[:-1]), str(words[-1]))

    def constructor(self, _meta: Meta, args: Any) -> Constructor:
        return Constructor(args or ())

    def init_list(self, meta: Meta, *items: Any) -> tree.Braces:
        return tree.Braces(present(items), at=position(meta))

    def designated(self, meta: Meta, *parts: Any) -> tree.Designated:
        return tree.Designated(tuple(parts[:-1]), parts[-1], at=position(meta))

    def designator(self, _meta: Meta, *parts: Any) -> tree.Member | tree.Index:
        step = parts[-1]
        if isinstance(step, Token):
            return tree.Member(ANONYMOUS, str(step))
        return tree.Index(ANONYMOUS, step)

    def extents(self, _meta: Meta, *sizes: Any) -> tuple[tree.Expr | None, ...]:
        return sizes

    def specs(self, meta: Meta, *parts: Any) -> Specs:
        words: list[str] = []
        qualifiers: list[str] = []
        storage: list[str] = []
        kind: tree.Named | tree.Inner | None = None
        last: tree.Named | str = ""
        attributes = tuple(p for p in parts if isinstance(p, tree.Attribute))
        for part in parts:
            if isinstance(part, tree.Inner):
                kind = part
            elif isinstance(part, tree.Named):
                kind, last = (part if kind is None and not words else kind), part
            elif isinstance(part, Token) and part.type in ("BUILTIN", "TYPENAME"):
                words.append(last := str(part))
            elif isinstance(part, Token) and part in ("const", "volatile"):
                qualifiers.append(str(part))
            elif not isinstance(part, tree.Attribute):
                storage.append(str(part))
        named: tree.Type = kind or tree.Named(" ".join(words) or "int", at=position(meta))
        if qualifiers:
            named = tree.Qualified(tuple(qualifiers), named)
        return Specs(tuple(storage), attributes, named, last)

    def inner_type(self, meta: Meta, _word: Token, holder: tree.Named, name: Token) -> tree.Inner:
        return tree.Inner(holder, unscoped(name), at=position(meta))

    def inner_name(self, meta: Meta, _word: Token, name: Token) -> tree.Inner | tree.Named:
        holder, _, last = str(name).rpartition("::")
        if not holder:
            return tree.Named(last)
        return tree.Inner(tree.Named(holder), last, at=position(meta))

    def access(self, _meta: Meta, _word: Token) -> None:
        """Who may see a member is the programmer's affair."""

    def word(self, _meta: Meta, token: Token) -> Token:
        return token

    def extern_c(self, _meta: Meta, _extern: Token, language: Token) -> str:
        return f"extern {language}"

    def extern(self, _meta: Meta, _extern: Token) -> str:
        return "extern"

    def elaborated(self, _meta: Meta, word: Token, name: Token) -> tree.Named:
        return tree.Named(f"{word} {name}")

    def template_type(self, meta: Meta, name: Token, _lt: Token, *args: Any) -> tree.Named:
        return tree.Named(str(name), present(args[:-1]), at=position(meta))

    def gnu_attribute(self, meta: Meta, word: Token, args: Any) -> tree.Attribute:
        return tree.Attribute(str(word), args or (), at=position(meta))

    def alignas(self, meta: Meta, word: Token, arg: Any) -> tree.Attribute:
        return tree.Attribute(str(word), (arg,), at=position(meta))

    def launch_bounds(self, meta: Meta, word: Token, args: Any) -> tree.Attribute:
        return tree.Attribute(str(word), args, at=position(meta))

    def pointers(self, _meta: Meta, *items: Star) -> tuple[Star, ...]:
        return items

    def pointer(self, _meta: Meta, star: Token, *qualifiers: Token) -> Star:
        return str(star), tuple(str(q) for q in qualifiers)

    def type(
        self, _meta: Meta, specs: Specs, pointers: Any, far: Token | None, extents: Any
    ) -> tree.Type:
        kind = typed(specs.type, pointers, extents)
        return kind if far is None else typed(kind, ((symbol(far), ()),))
