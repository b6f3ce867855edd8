"""Which overload a call means, and with which template arguments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.program import Defined

if TYPE_CHECKING:
    from hpctc.transpile.scope import Scopes

Bound = dict[str, tree.Type | tree.Expr]


def select(found: Sequence[Defined], arity: int, node: tree.Node) -> Defined:
    """The overload that takes so many arguments, templates last."""
    fitting = [
        f
        for f in found
        if sum(p.value is None for p in f.item.parameters) <= arity <= len(f.item.parameters)
    ]
    if not fitting:
        name = found[0].item.name
        raise Diagnosed("HPC0005", f"{name} is called with {arity} arguments", node.at)
    return min(fitting, key=lambda f: len(f.parameters))


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
