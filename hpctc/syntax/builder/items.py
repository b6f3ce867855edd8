"""What stands in a file beside functions: one method a rule of the grammar."""

from collections.abc import Sequence
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.builder.parts import Declarator, Specs, flat, position


@v_args(meta=True, inline=True)
class Items(Transformer_NonRecursive[Token, tree.Unit]):
    """Records, other names of types, directives, and the file itself."""

    def start(self, meta: Meta, *items: Any) -> tree.Unit:
        return tree.Unit(flat(items), at=position(meta))

    def linkage(self, meta: Meta, _extern: Token, language: Token, *items: Any) -> tree.Linkage:
        return tree.Linkage(f"extern {language}", flat(items), at=position(meta))

    def namespace(self, meta: Meta, _word: Token, name: Any = None, *items: Any) -> tree.Linkage:
        if isinstance(name, Token):
            return tree.Linkage(f"namespace {name}", flat(items), at=position(meta))
        return tree.Linkage("namespace", flat([name, *items]), at=position(meta))

    def record(self, meta: Meta, head: Token, *parts: Any) -> tree.Record:
        return _record(meta, head, parts, "")

    def typedef_record(self, meta: Meta, _word: Token, head: Token, *parts: Any) -> tree.Record:
        return _record(meta, head, parts[:-1], str(parts[-1]))

    def typedef(self, meta: Meta, _word: Token, specs: Specs, *names: Declarator) -> Any:
        made = [
            tree.Alias(
                d.name,
                d.type(specs.type),
                specs.attributes + d.attributes,
                typedef=True,
                at=position(meta),
            )
            for d in names
        ]
        return made[0] if len(made) == 1 else tuple(made)

    def using(self, meta: Meta, *parts: Any) -> tree.Alias:
        return tree.Alias(str(parts[1]), parts[-1], at=position(meta))

    def using_namespace(self, meta: Meta, *words: Token) -> tree.Using:
        return tree.Using(f"using namespace {words[-1]}", at=position(meta))

    def using_name(self, meta: Meta, *words: Token) -> tree.Using:
        return tree.Using(f"using {words[-1]}", at=position(meta))

    def namespace_alias(self, meta: Meta, _word: Token, name: Token, *rest: Token) -> tree.Using:
        return tree.Using(f"namespace {name} = {rest[-1]}", at=position(meta))

    def enum(self, meta: Meta, head: Token, *parts: Any) -> tree.Enum:
        name = parts[0] if parts and isinstance(parts[0], Token) else ""
        base = next((p.type for p in parts if isinstance(p, Specs)), None)
        values = tuple(p for p in parts if isinstance(p, tuple))
        return tree.Enum(str(head), str(name), values, base, at=position(meta))

    def enumerator(self, _meta: Meta, name: Token, *rest: Any) -> tuple[str, tree.Expr | None]:
        return str(name), rest[-1] if rest else None

    def static_assert(self, meta: Meta, _word: Token, args: Any) -> tree.StaticAssert:
        return tree.StaticAssert(args, at=position(meta))

    def pragma(self, meta: Meta, text: Token) -> tree.Directive:
        return tree.Directive(" ".join(str(text).split()), at=position(meta))

    include = pragma


def _record(meta: Meta, head: Token, parts: Sequence[Any], alias: str) -> tree.Record:
    plain, bracket, arguments = str(head).partition("<")
    words = plain.split()
    keywords = ("struct", "union", "class")
    name = words[-1] if words[-1] not in keywords and not words[-1].endswith(")") else ""
    kept = words[:-1] if name else words
    name += "".join((bracket + arguments).split())
    own = Specs((), (), tree.Named(" ".join([*kept, name]).strip()))
    return tree.Record(
        " ".join(kept),
        name,
        flat(p for p in parts if not isinstance(p, tree.Attribute | Declarator)),
        tuple(p for p in parts if isinstance(p, tree.Attribute)),
        alias,
        tuple(p.variable(own, position(meta)) for p in parts if isinstance(p, Declarator)),
        at=position(meta),
    )
