"""Functions, their parameters and templates: one method a rule of the grammar."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from hpctc.syntax import tree
from hpctc.syntax.builder.parts import ANONYMOUS, Far, Parameters, Specs, position, present, typed


@v_args(meta=True, inline=True)
class Functions(Transformer_NonRecursive[Token, tree.Unit]):
    """A signature and what stands around it."""

    def template(self, meta: Meta, *parts: Any) -> tree.Template:
        parameters = tuple(p for p in parts if isinstance(p, tree.TemplateParameter))
        return tree.Template(parameters, parts[-1], at=position(meta))

    def type_param(self, _meta: Meta, _word: Token, *rest: Any) -> tree.TemplateParameter:
        name, default = rest if len(rest) == 2 else ("", *rest)
        return tree.TemplateParameter(str(name or ""), None, default)

    def value_param(
        self, _meta: Meta, specs: Specs, name: Token, default: Any = None
    ) -> tree.TemplateParameter:
        return tree.TemplateParameter(str(name), specs.type, default)

    def function(self, meta: Meta, *parts: Any) -> tree.Function:
        *head, body = parts
        return _function(meta, head, body)

    def prototype(self, meta: Meta, *parts: Any) -> tree.Function:
        return _function(meta, parts, None)

    def const_method(self, meta: Meta, *parts: Any) -> tree.Function:
        return _function(meta, parts[:-1], parts[-1])

    def special(self, meta: Meta, specs: Specs, given: Any, body: tree.Block) -> tree.Function:
        name = specs.last
        if not isinstance(name, tree.Named) or name.args is None:
            raise ValueError(f"{name or 'this'} is defined like a function and has no type")
        made = _function(meta, [specs, (), name.name, *present([given])], body)
        return replace(made, templates=name.args)

    def maker(self, meta: Meta, specs: Specs, given: Any, *rest: Any) -> tree.Function:
        begin = tuple(r for r in rest if isinstance(r, tree.Designated))
        plain = replace(specs, type=tree.Named("void"))
        made = _function(meta, [plain, (), specs.last, *present([given])], rest[-1])
        return replace(made, maker=True, begin=begin)

    def begin(self, meta: Meta, name: Token, value: Any = None) -> tree.Designated:
        braces = value if isinstance(value, tree.Braces) else tree.Braces(value or ())
        return tree.Designated((tree.Member(ANONYMOUS, str(name)),), braces, at=position(meta))

    def params(self, _meta: Meta, *items: Any) -> Parameters:
        found = tuple(p for p in items if isinstance(p, tree.Parameter))
        variadic = any(isinstance(p, Token) for p in items)
        if len(found) == 1 and found[0] == tree.Parameter("", tree.Named("void")):
            found = ()
        return Parameters(found, variadic)

    def param(
        self, meta: Meta, specs: Specs, pointers: Any, name: Any, extents: Any, value: Any = None
    ) -> tree.Parameter:
        kind = typed(specs.type, pointers, extents)
        return tree.Parameter(str(name or ""), kind, value, at=position(meta))

    def far_param(
        self, meta: Meta, specs: Specs, pointers: Any, far: Far, extents: Any
    ) -> tree.Parameter:
        kind = typed(typed(specs.type, pointers, extents), (far.pointer,))
        return tree.Parameter(far.name, kind, at=position(meta))


def _function(meta: Meta, parts: Sequence[Any], body: Any) -> tree.Function:
    specs, pointers, name, *rest = parts
    given = next((p for p in rest if isinstance(p, Parameters)), Parameters((), False))
    attributes = tuple(p for p in rest if isinstance(p, tree.Attribute))
    suffix = tuple(str(p) for p in rest if isinstance(p, Token))
    return tree.Function(
        str(name),
        typed(specs.type, pointers),
        given.items,
        body,
        specs.storage,
        specs.attributes + attributes,
        suffix,
        given.variadic,
        at=position(meta),
    )
