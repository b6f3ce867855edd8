"""Which overload a call means, and with which template arguments."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.program import Defined

if TYPE_CHECKING:
    from hpctc.transpile.scope import Scopes

Bound = dict[str, tree.Type | tree.Expr]


_FAR = 100
"""A distance at which an argument does not become the parameter at all."""


def select(
    scopes: "Scopes", found: Sequence[Defined], given: Sequence[tree.Type], node: tree.Node
) -> Defined:
    """The overload that takes these arguments with the least conversion, templates last."""
    fitting = [f for f in found if f.item.templates is None and _takes(f, len(given))]
    if not fitting:
        name = found[0].item.name
        raise Diagnosed("HPC0005", f"{name} is called with {len(given)} arguments", node.at)
    if len(fitting) == 1:
        return fitting[0]
    return min(fitting, key=lambda f: (_distance(scopes, f, given), len(f.parameters)))


def viable(scopes: "Scopes", defined: Defined, given: Sequence[tree.Type]) -> bool:
    """Whether a function can take arguments of these types."""
    return _takes(defined, len(given)) and _distance(scopes, defined, given) < _FAR


def specialised(
    scopes: "Scopes", found: Sequence[Defined], general: Defined, bound: Bound
) -> Defined:
    """The specialisation of a template for these arguments, or the template itself."""
    wanted = [bound[p.name] for p in general.parameters]
    for defined in found:
        args = defined.item.templates
        if args is not None and wanted and [scopes.argument(a) for a in args] == wanted:
            return replace(defined, parameters=general.parameters)
    return general


def _takes(defined: Defined, count: int) -> bool:
    least = sum(p.value is None for p in defined.item.parameters)
    return least <= count <= len(defined.item.parameters)


def _distance(scopes: "Scopes", defined: Defined, given: Sequence[tree.Type]) -> int:
    names = {p.name for p in defined.parameters}
    pairs = zip(defined.item.parameters, given, strict=False)
    return sum(_apart(scopes, p.type, kind, names) for p, kind in pairs)


def _apart(scopes: "Scopes", wanted: tree.Type, kind: tree.Type, names: set[str]) -> int:
    """0: the same type; then templates, conversions of numbers, and what cannot be converted."""
    mentioned = {n.name for n in tree.walk(wanted) if isinstance(n, tree.Named | tree.Name)}
    if mentioned & names:
        return 1 if types.is_pointer(wanted) <= types.is_pointer(kind) else _FAR
    wanted, kind = types.bare(scopes.resolve(wanted)), types.bare(kind)
    if types.is_pointer(wanted) or types.is_pointer(kind):
        if not (types.is_pointer(wanted) and types.is_pointer(kind)):
            return _FAR
        return _apart(scopes, types.element(wanted), types.element(kind), set())
    here, there = types.name(wanted), types.name(kind)
    here, there = ("unsigned" if n == "index" else n for n in (here, there))
    if here == there:
        return 0
    if here in types.RANK and there in types.RANK:
        return 2 if types.is_float(wanted) == types.is_float(kind) else 3
    return _FAR


def deduce(
    scopes: "Scopes", defined: Defined, given: Sequence[tree.Type], node: tree.Call
) -> Bound:
    """The template arguments of a call: those written, then those that the arguments show."""
    bound: Bound = {}
    for parameter, argument in zip(defined.parameters, node.templates or (), strict=False):
        bound[parameter.name] = scopes.argument(argument)
    names = {p.name for p in defined.parameters}
    for place, kind in zip(defined.item.parameters, given, strict=False):
        match(place.type, kind, names, bound)
    for parameter in defined.parameters:
        if parameter.name not in bound:
            if parameter.default is None:
                raise Diagnosed("HPC0018", f"{parameter.name} of {defined.item.name}", node.at)
            bound[parameter.name] = scopes.argument(parameter.default)
    return bound


def match(pattern: tree.Type, kind: tree.Type, names: set[str], bound: Bound) -> None:
    """Note what a parameter's type says of the template arguments, given an argument's type."""
    pattern, kind = types.bare(pattern), types.bare(kind)
    match pattern:
        case tree.Named(name, None) if name in names:
            kind = types.decayed(kind)
            bound.setdefault(name, types.UNSIGNED if types.name(kind) == "index" else kind)
        case tree.Pointer(to) if types.is_pointer(kind):
            match(to, types.element(kind), names, bound)
        case tree.Array(of, size) if isinstance(kind, tree.Array):
            match(of, kind.of, names, bound)
            if isinstance(size, tree.Name) and size.name in names and kind.size is not None:
                bound.setdefault(size.name, kind.size)
        case tree.Named(_, args) if args and isinstance(kind, tree.Named) and kind.args:
            for inner, argument in zip(args, kind.args, strict=False):
                if isinstance(inner, tree.Type) and isinstance(argument, tree.Type):
                    match(inner, argument, names, bound)
                elif isinstance(inner, tree.Name) and inner.name in names:
                    bound.setdefault(inner.name, argument)
        case _:
            pass
