"""Device functions that the C has as well, each a ``static inline`` function."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.program import Defined
from hpctc.transpile.records import spelled
from hpctc.transpile.scope import Typed, identifier

if TYPE_CHECKING:
    from hpctc.transpile.scope import Scopes

DEEPEST = 40
"""Functions that may wait for each other's translation; a template without an end needs more."""


def emit(
    caller: "Scopes", defined: Defined, bound: Mapping[str, tree.Type | tree.Expr]
) -> tuple[str, list[tree.Type], tree.Type]:
    """The function's C name, parameter types and result; it is translated if that is new."""
    from hpctc.transpile.kernel import Translator

    shared, function = caller.shared, defined.item
    templates = {**caller.templates, **bound}
    inner = Translator(shared, None, templates)
    parameters = [inner.resolve(p.type) for p in function.parameters]
    kind = inner.resolve(function.result)
    mangled = [identifier(function.name), *(_word(a) for a in bound.values())]
    overloads = shared.program.functions[function.name]
    if len(overloads) > 1:
        place = next(i for i, o in enumerate(overloads) if o.item is defined.item)
        mangled.append(str(place + 1))
    name = "_".join(mangled)
    if name in shared.functions:
        return name, parameters, shared.results[name]
    if sum(f is None for f in shared.functions.values()) > DEEPEST:
        raise Diagnosed("HPC0024", f"templates inside each other: {name}", function.at)
    shared.functions[name] = None
    shared.results[name] = kind
    given = []
    for parameter, resolved in zip(function.parameters, parameters, strict=True):
        unique = inner.fresh(parameter.name or "unused")
        here: tree.Expr = tree.Name(unique)
        if isinstance(resolved, tree.Reference):
            here = tree.Unary("*", here)
        inner.bind(parameter.name, Typed(here, types.bare(resolved)))
        given.append(tree.Parameter(unique, spelled(types.decayed(resolved)
                     if isinstance(resolved, tree.Array) else resolved)))  # fmt: skip
    body = inner.function(function, kind)
    if types.name(kind) == "auto":
        kind = shared.results[name] = inner.returned
    shared.functions.pop(name)
    shared.functions[name] = tree.Function(
        name, spelled(kind), tuple(given), tree.Block(body), ("static", "inline")
    )
    return name, parameters, kind


def _word(arg: tree.Type | tree.Expr) -> str:
    from hpctc.syntax.printer import show

    return "".join(c if c.isalnum() else "_" for c in show(arg)).strip("_")
