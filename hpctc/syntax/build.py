"""From the grammar's matches to :mod:`hpctc.syntax.tree`: one method a rule of the grammar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.tree import Position

_ANONYMOUS = tree.Name("")


@dataclass(frozen=True)
class _Specs:
    """What stands before a declarator: storage words, attributes and the base type."""

    storage: tuple[str, ...]
    attributes: tuple[tree.Attribute, ...]
    type: tree.Type
    last: tree.Named | str = ""
    """The last word that names a type; of a constructor or a specialisation, its own name."""


@dataclass(frozen=True)
class _Declarator:
    pointers: tuple[tuple[str, tuple[str, ...]], ...]
    name: str
    extents: tuple[tree.Expr | None, ...]
    attributes: tuple[tree.Attribute, ...]
    value: tree.Expr | None
    constructor: tuple[tree.Expr, ...] | None
    far: "_Pointer | None" = None
    """Of ``(*name)[4]``: what stands between the name and its extents."""

    def type(self, base: tree.Type) -> tree.Type:
        """The declared type, given the specifiers'."""
        kind = _typed(base, self.pointers, self.extents)
        return kind if self.far is None else _typed(kind, (self.far,))


_Pointer = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Far:
    symbol: str
    qualifiers: tuple[str, ...]
    name: str

    @property
    def pointer(self) -> _Pointer:
        return self.symbol, self.qualifiers


def _unscoped(name: Token) -> str:
    return "".join(str(name).split()).removeprefix("::")


def _symbol(opening: Token) -> str:
    return "&" if "&" in opening else "*"


@dataclass(frozen=True)
class _Constructor:
    args: tuple[tree.Expr, ...]


N = TypeVar("N")


def _present(nodes: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(n for n in nodes if n is not None)


def _typed(
    base: tree.Type,
    pointers: Sequence[tuple[str, tuple[str, ...]]],
    extents: Sequence[tree.Expr | None] = (),
) -> tree.Type:
    """Apply the pointers left to right and the extents right to left, as C reads a declarator."""
    kind = base
    for symbol, qualifiers in pointers:
        kind = tree.Pointer(kind, qualifiers) if symbol == "*" else tree.Reference(kind, symbol)
    for size in reversed(extents):
        kind = tree.Array(kind, size)
    return kind


def _at(meta: Meta) -> Position | None:
    return None if meta.empty else Position(meta.line, meta.column)


def _variable(specs: _Specs, d: _Declarator, at: Position | None) -> tree.Variable:
    return tree.Variable(
        d.name,
        d.type(specs.type),
        specs.storage,
        specs.attributes + d.attributes,
        d.value,
        d.constructor,
        at=at,
    )


@v_args(meta=True, inline=True)
class Builder(Transformer_NonRecursive[Token, tree.Unit]):
    """Builds the tree bottom up, without recursion: a sum of ten thousand terms is no harm."""

    # --- items ---

    def start(self, meta: Meta, *items: Any) -> tree.Unit:
        return tree.Unit(_items(items), at=_at(meta))

    def linkage(self, meta: Meta, _extern: Token, language: Token, *items: Any) -> tree.Linkage:
        return tree.Linkage(f"extern {language}", _items(items), at=_at(meta))

    def namespace(self, meta: Meta, _word: Token, name: Any = None, *items: Any) -> tree.Linkage:
        if isinstance(name, Token):
            return tree.Linkage(f"namespace {name}", _items(items), at=_at(meta))
        return tree.Linkage("namespace", _items([name, *items]), at=_at(meta))

    def template(self, meta: Meta, *parts: Any) -> tree.Template:
        parameters = tuple(p for p in parts if isinstance(p, tree.TemplateParameter))
        return tree.Template(parameters, parts[-1], at=_at(meta))

    def type_param(self, _meta: Meta, _word: Token, *rest: Any) -> tree.TemplateParameter:
        name, default = rest if len(rest) == 2 else ("", *rest)
        return tree.TemplateParameter(str(name or ""), None, default)

    def value_param(
        self, _meta: Meta, specs: _Specs, name: Token, default: Any = None
    ) -> tree.TemplateParameter:
        return tree.TemplateParameter(str(name), specs.type, default)

    def function(self, meta: Meta, *parts: Any) -> tree.Function:
        *head, body = parts
        return self._function(meta, head, body)

    def prototype(self, meta: Meta, *parts: Any) -> tree.Function:
        return self._function(meta, parts, None)

    def const_method(self, meta: Meta, *parts: Any) -> tree.Function:
        return self._function(meta, parts[:-1], parts[-1])

    def special(self, meta: Meta, specs: _Specs, given: Any, body: tree.Block) -> tree.Function:
        name = specs.last
        if not isinstance(name, tree.Named) or name.args is None:
            raise ValueError(f"{name or 'this'} is defined like a function and has no type")
        made = self._function(meta, [specs, (), name.name, *_present([given])], body)
        return replace(made, templates=name.args)

    def maker(self, meta: Meta, specs: _Specs, given: Any, *rest: Any) -> tree.Function:
        begin = tuple(r for r in rest if isinstance(r, tree.Designated))
        plain = replace(specs, type=tree.Named("void"))
        made = self._function(meta, [plain, (), specs.last, *_present([given])], rest[-1])
        return replace(made, maker=True, begin=begin)

    def begin(self, meta: Meta, name: Token, value: Any = None) -> tree.Designated:
        braces = value if isinstance(value, tree.Braces) else tree.Braces(value or ())
        return tree.Designated((tree.Member(_ANONYMOUS, str(name)),), braces, at=_at(meta))

    def _function(self, meta: Meta, parts: Sequence[Any], body: Any) -> tree.Function:
        specs, pointers, name, *rest = parts
        given = next((p for p in rest if isinstance(p, _Parameters)), _Parameters((), False))
        attributes = tuple(p for p in rest if isinstance(p, tree.Attribute))
        suffix = tuple(str(p) for p in rest if isinstance(p, Token))
        return tree.Function(
            str(name),
            _typed(specs.type, pointers),
            given.items,
            body,
            specs.storage,
            specs.attributes + attributes,
            suffix,
            given.variadic,
            at=_at(meta),
        )

    def params(self, _meta: Meta, *items: Any) -> "_Parameters":
        found = tuple(p for p in items if isinstance(p, tree.Parameter))
        variadic = any(isinstance(p, Token) for p in items)
        if len(found) == 1 and found[0] == tree.Parameter("", tree.Named("void")):
            found = ()
        return _Parameters(found, variadic)

    def param(
        self, meta: Meta, specs: _Specs, pointers: Any, name: Any, extents: Any, value: Any = None
    ) -> tree.Parameter:
        kind = _typed(specs.type, pointers, extents)
        return tree.Parameter(str(name or ""), kind, value, at=_at(meta))

    def far_param(
        self, meta: Meta, specs: _Specs, pointers: Any, far: _Far, extents: Any
    ) -> tree.Parameter:
        kind = _typed(_typed(specs.type, pointers, extents), (far.pointer,))
        return tree.Parameter(far.name, kind, at=_at(meta))

    # --- declarations ---

    def declaration(self, meta: Meta, specs: _Specs, *declarators: _Declarator) -> tree.Declaration:
        at = _at(meta)
        return tree.Declaration(tuple(_variable(specs, d, at) for d in declarators), at=at)

    def declarator(
        self, _meta: Meta, pointers: Any, name: Token, extents: Any, *rest: Any
    ) -> _Declarator:
        attributes = tuple(r for r in rest if isinstance(r, tree.Attribute))
        values = [r for r in rest if r is not None and not isinstance(r, tree.Attribute)]
        value = values[0] if values else None
        if isinstance(value, _Constructor):
            return _Declarator(pointers, str(name), extents, attributes, None, value.args)
        return _Declarator(pointers, str(name), extents, attributes, value, None)

    def far_declarator(
        self, _meta: Meta, pointers: Any, far: "_Far", extents: Any, value: Any = None
    ) -> _Declarator:
        made = _Declarator(pointers, far.name, extents, (), None, None, far.pointer)
        if isinstance(value, _Constructor):
            return replace(made, constructor=value.args)
        return replace(made, value=value)

    def far_name(self, _meta: Meta, opening: Token, *words: Token) -> "_Far":
        return _Far(_symbol(opening), tuple(str(w) for w in words[:-1]), str(words[-1]))

    def constructor(self, _meta: Meta, args: Any) -> _Constructor:
        return _Constructor(args or ())

    def init_list(self, meta: Meta, *items: Any) -> tree.Braces:
        return tree.Braces(_present(items), at=_at(meta))

    def designated(self, meta: Meta, *parts: Any) -> tree.Designated:
        return tree.Designated(tuple(parts[:-1]), parts[-1], at=_at(meta))

    def designator(self, _meta: Meta, *parts: Any) -> tree.Member | tree.Index:
        step = parts[-1]
        if isinstance(step, Token):
            return tree.Member(_ANONYMOUS, str(step))
        return tree.Index(_ANONYMOUS, step)

    def extents(self, _meta: Meta, *sizes: Any) -> tuple[tree.Expr | None, ...]:
        return sizes

    def specs(self, meta: Meta, *parts: Any) -> _Specs:
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
        named: tree.Type = kind or tree.Named(" ".join(words) or "int", at=_at(meta))
        if qualifiers:
            named = tree.Qualified(tuple(qualifiers), named)
        return _Specs(tuple(storage), attributes, named, last)

    def inner_type(self, meta: Meta, _word: Token, holder: tree.Named, name: Token) -> tree.Inner:
        return tree.Inner(holder, _unscoped(name), at=_at(meta))

    def inner_name(self, meta: Meta, _word: Token, name: Token) -> tree.Inner | tree.Named:
        holder, _, last = str(name).rpartition("::")
        return tree.Inner(tree.Named(holder), last, at=_at(meta)) if holder else tree.Named(last)

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
        return tree.Named(str(name), _present(args[:-1]), at=_at(meta))

    def gnu_attribute(self, meta: Meta, word: Token, args: Any) -> tree.Attribute:
        return tree.Attribute(str(word), args or (), at=_at(meta))

    def alignas(self, meta: Meta, word: Token, arg: Any) -> tree.Attribute:
        return tree.Attribute(str(word), (arg,), at=_at(meta))

    def launch_bounds(self, meta: Meta, word: Token, args: Any) -> tree.Attribute:
        return tree.Attribute(str(word), args, at=_at(meta))

    def pointers(self, _meta: Meta, *items: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return items

    def pointer(
        self, _meta: Meta, symbol: Token, *qualifiers: Token
    ) -> tuple[str, tuple[str, ...]]:
        return str(symbol), tuple(str(q) for q in qualifiers)

    def type(
        self, _meta: Meta, specs: _Specs, pointers: Any, far: Token | None, extents: Any
    ) -> tree.Type:
        kind = _typed(specs.type, pointers, extents)
        return kind if far is None else _typed(kind, ((_symbol(far), ()),))

    def record(self, meta: Meta, head: Token, *parts: Any) -> tree.Record:
        return self._record(meta, head, parts, "")

    def typedef_record(self, meta: Meta, _word: Token, head: Token, *parts: Any) -> tree.Record:
        return self._record(meta, head, parts[:-1], str(parts[-1]))

    def _record(self, meta: Meta, head: Token, parts: Sequence[Any], alias: str) -> tree.Record:
        plain, bracket, arguments = str(head).partition("<")
        words = plain.split()
        keywords = ("struct", "union", "class")
        name = words[-1] if words[-1] not in keywords and not words[-1].endswith(")") else ""
        kept = words[:-1] if name else words
        name += "".join((bracket + arguments).split())
        own = _Specs((), (), tree.Named(" ".join([*kept, name]).strip()))
        variables = (p for p in parts if isinstance(p, _Declarator))
        return tree.Record(
            " ".join(kept),
            name,
            _items(p for p in parts if not isinstance(p, tree.Attribute | _Declarator)),
            tuple(p for p in parts if isinstance(p, tree.Attribute)),
            alias,
            tuple(_variable(own, d, _at(meta)) for d in variables),
            at=_at(meta),
        )

    def typedef(self, meta: Meta, _word: Token, specs: _Specs, *names: _Declarator) -> Any:
        made = [
            tree.Alias(
                d.name,
                d.type(specs.type),
                specs.attributes + d.attributes,
                typedef=True,
                at=_at(meta),
            )
            for d in names
        ]
        return made[0] if len(made) == 1 else tuple(made)

    def using(self, meta: Meta, *parts: Any) -> tree.Alias:
        return tree.Alias(str(parts[1]), parts[-1], at=_at(meta))

    def using_namespace(self, meta: Meta, *words: Token) -> tree.Using:
        return tree.Using(f"using namespace {words[-1]}", at=_at(meta))

    def using_name(self, meta: Meta, *words: Token) -> tree.Using:
        return tree.Using(f"using {words[-1]}", at=_at(meta))

    def namespace_alias(self, meta: Meta, _word: Token, name: Token, *rest: Token) -> tree.Using:
        return tree.Using(f"namespace {name} = {rest[-1]}", at=_at(meta))

    def enum(self, meta: Meta, head: Token, *parts: Any) -> tree.Enum:
        name = parts[0] if parts and isinstance(parts[0], Token) else ""
        base = next((p.type for p in parts if isinstance(p, _Specs)), None)
        values = tuple(p for p in parts if isinstance(p, tuple))
        return tree.Enum(str(head), str(name), values, base, at=_at(meta))

    def enumerator(self, _meta: Meta, name: Token, *rest: Any) -> tuple[str, tree.Expr | None]:
        return str(name), rest[-1] if rest else None

    def static_assert(self, meta: Meta, _word: Token, args: Any) -> tree.StaticAssert:
        return tree.StaticAssert(args, at=_at(meta))

    def pragma(self, meta: Meta, text: Token) -> tree.Directive:
        return tree.Directive(" ".join(str(text).split()), at=_at(meta))

    include = pragma

    # --- statements ---

    def block(self, meta: Meta, *body: Any) -> tree.Block:
        return tree.Block(_items(body), at=_at(meta))

    marked = block

    def empty(self, meta: Meta) -> tree.Block:
        return tree.Block((), at=_at(meta))

    def expression_statement(self, meta: Meta, value: tree.Expr) -> tree.Evaluate:
        return tree.Evaluate(value, at=_at(meta))

    def if_(self, meta: Meta, *parts: Any) -> tree.If:
        rest = [p for p in parts if not isinstance(p, Token)]
        constexpr = any(isinstance(p, Token) and p.type == "CONSTEXPR" for p in parts)
        condition, then, otherwise = rest if len(rest) == 3 else (*rest, None)
        return tree.If(condition, then, otherwise, constexpr, at=_at(meta))

    def for_(
        self, meta: Meta, _word: Token, start: Any, condition: Any, step: Any, body: Any
    ) -> tree.For:
        begin = None if isinstance(start, tree.Block) else start
        return tree.For(begin, condition, step, body, at=_at(meta))

    def while_(self, meta: Meta, _word: Token, condition: tree.Expr, body: Any) -> tree.While:
        return tree.While(condition, body, at=_at(meta))

    def do(self, meta: Meta, _do: Token, body: Any, _while: Token, condition: Any) -> tree.Do:
        return tree.Do(body, condition, at=_at(meta))

    def switch(self, meta: Meta, _word: Token, value: tree.Expr, body: Any) -> tree.Switch:
        return tree.Switch(value, body, at=_at(meta))

    def case(self, meta: Meta, _word: Token, value: tree.Expr) -> tree.Case:
        return tree.Case(value, at=_at(meta))

    def default(self, meta: Meta, _word: Token) -> tree.Case:
        return tree.Case(None, at=_at(meta))

    def label(self, meta: Meta, name: Token) -> tree.Label:
        return tree.Label(str(name), at=_at(meta))

    def break_(self, meta: Meta, word: Token) -> tree.Jump:
        return tree.Jump(str(word), at=_at(meta))

    continue_ = break_

    def goto(self, meta: Meta, word: Token, label: Token) -> tree.Jump:
        return tree.Jump(str(word), str(label), at=_at(meta))

    def return_(self, meta: Meta, _word: Token, value: Any = None) -> tree.Return:
        return tree.Return(value, at=_at(meta))

    def asm(self, meta: Meta, text: Token) -> tree.Asm:
        return tree.Asm(str(text), at=_at(meta))

    # --- expressions ---

    def comma(self, meta: Meta, left: tree.Expr, right: tree.Expr) -> tree.Binary:
        return tree.Binary(",", left, right, at=_at(meta))

    def assign(self, meta: Meta, target: Any, op: Token, value: Any) -> tree.Assign:
        return tree.Assign(str(op), target, value, at=_at(meta))

    def select(self, meta: Meta, condition: Any, yes: Any, no: Any) -> tree.Select:
        return tree.Select(condition, yes, no, at=_at(meta))

    def binary(self, meta: Meta, left: Any, op: Token, right: Any) -> tree.Binary:
        return tree.Binary(str(op), left, right, at=_at(meta))

    def unary(self, meta: Meta, op: Token, operand: Any) -> tree.Unary:
        return tree.Unary(str(op), operand, at=_at(meta))

    def postfix(self, meta: Meta, operand: Any, op: Token) -> tree.Postfix:
        return tree.Postfix(str(op), operand, at=_at(meta))

    def cast(self, meta: Meta, kind: tree.Type, operand: tree.Expr) -> tree.Cast:
        return tree.Cast(kind, operand, at=_at(meta))

    def sizeof_expression(self, meta: Meta, _word: Token, operand: tree.Expr) -> tree.SizeOf:
        return tree.SizeOf(operand, at=_at(meta))

    def sizeof_pointee(self, meta: Meta, _word: Token, op: Token, operand: Any) -> tree.SizeOf:
        return tree.SizeOf(tree.Unary(str(op), operand), at=_at(meta))

    def sizeof_type(self, meta: Meta, _word: Token, operand: tree.Type) -> tree.SizeOf:
        return tree.SizeOf(operand, at=_at(meta))

    def call(self, meta: Meta, function: tree.Expr, args: Any) -> tree.Call:
        return tree.Call(function, args or (), at=_at(meta))

    def template_call(self, meta: Meta, function: tree.Named, args: Any) -> tree.Call:
        return tree.Call(tree.Name(function.name), args or (), function.args, at=_at(meta))

    def scoped(self, meta: Meta, holder: tree.Named, name: Token) -> tree.Scoped:
        return tree.Scoped(holder, _unscoped(name), at=_at(meta))

    def functional_cast(self, meta: Meta, kind: Token, args: Any) -> tree.Construct:
        return tree.Construct(tree.Named(str(kind)), args or (), at=_at(meta))

    def braced(self, meta: Meta, kind: Any, value: tree.Braces) -> tree.Construct:
        named = tree.Named(str(kind)) if isinstance(kind, Token) else kind
        return tree.Construct(named, value.items, braces=True, at=_at(meta))

    def compound(self, meta: Meta, kind: tree.Type, value: tree.Braces) -> tree.Compound:
        return tree.Compound(kind, value, at=_at(meta))

    def index(self, meta: Meta, base: tree.Expr, index: tree.Expr) -> tree.Index:
        return tree.Index(base, index, at=_at(meta))

    def member(self, meta: Meta, base: tree.Expr, op: Token, name: str) -> tree.Member:
        return tree.Member(base, name, op == "->", at=_at(meta))

    def member_name(self, _meta: Meta, name: Token) -> str:
        return str(name)

    def name(self, meta: Meta, token: Token) -> tree.Name:
        return tree.Name(str(token), at=_at(meta))

    def number(self, meta: Meta, token: Token) -> tree.Number:
        return tree.Number(str(token), at=_at(meta))

    def string(self, meta: Meta, *tokens: Token) -> tree.Text:
        return tree.Text(" ".join(str(t) for t in tokens), at=_at(meta))

    character = string

    def lambda_(self, meta: Meta, captures: Token, *parts: Any) -> tree.Lambda:
        words = tuple(str(p) for p in parts if isinstance(p, Token))
        head = next((p for p in parts if isinstance(p, _Head)), _Head((), (), None))
        return tree.Lambda(
            str(captures), head.parameters, parts[-1], words + head.words, head.result, at=_at(meta)
        )

    def lambda_head(self, _meta: Meta, given: "_Parameters | None", *rest: Any) -> "_Head":
        words = tuple(str(p) for p in rest if isinstance(p, Token) and p.type == "QUALIFIER")
        result = rest[-1] if rest and isinstance(rest[-1], tree.Type) else None
        return _Head(given.items if given else (), words, result)

    def arguments(self, _meta: Meta, *args: tree.Expr) -> tuple[tree.Expr, ...]:
        return args


@dataclass(frozen=True)
class _Parameters:
    items: tuple[tree.Parameter, ...]
    variadic: bool


@dataclass(frozen=True)
class _Head:
    """A lambda's parameters, words after them and result."""

    parameters: tuple[tree.Parameter, ...]
    words: tuple[str, ...]
    result: tree.Type | None


def _items(items: Iterable[Any]) -> tuple[Any, ...]:
    """Drop stray semicolons and open what declared several names at once."""
    flat: list[Any] = []
    for item in items:
        if isinstance(item, tuple):
            flat.extend(item)
        elif isinstance(item, tree.Node):
            flat.append(item)
    return tuple(flat)


for _word in ("if", "for", "while", "break", "continue", "return", "lambda"):
    # Python's keywords cannot be method names; the grammar's rules are named after C's keywords.
    setattr(Builder, _word, getattr(Builder, f"{_word}_"))
