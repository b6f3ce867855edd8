"""One kernel launch as a body in C with its barriers still in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.clean import clean
from hpctc.transpile.fold import Folder, number
from hpctc.transpile.groups import Groups
from hpctc.transpile.program import Defined
from hpctc.transpile.scope import Geometry, Local, Shared, Typed
from hpctc.transpile.statements import Returning, mutated, reassigned


class Translator(Groups):
    """The whole translator of one function, each layer written on top of the one before.

    :mod:`~hpctc.transpile.scope` (names, types), :mod:`~hpctc.transpile.seams` (what is promised),
    leaves, places, conversions, operators, expressions; together, memory, library, vectors, calls;
    declarations, statements, inlining, objects, groups.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.constants = set()
        self.returned: tree.Type = types.VOID

    def function(self, function: tree.Function, kind: tree.Type) -> tuple[Any, ...]:
        """The body of a device function that does not use threads."""
        assert function.body is not None
        self.mutable = mutated(function.body) | self._by_reference(function.body)
        way = Returning(None, kind, plain=True)
        self.returning.append(way)
        body = self.body(function.body)
        self.returned = way.seen[0] if way.seen else types.VOID
        return body


@dataclass(frozen=True)
class Translated:
    """A kernel's body, ready to be cut into loops over threads."""

    body: tuple[Any, ...]
    locals: dict[str, Local]
    constants: frozenset[str]
    """Variables that are assigned only where they are declared."""
    folder: Folder
    used: set[str]
    written: frozenset[str]
    """Pointer parameters through which something is written."""
    reads: frozenset[str]
    pointers: dict[str, tree.Type]
    """What each pointer argument points to, as the kernel's parameter says."""
    scalars: Mapping[str, tree.Type] = field(default_factory=dict)
    """Parameters that are no pointers, by their names in the C."""
    functions: Mapping[str, tree.Function | None] = field(default_factory=dict)
    """The device functions that the C calls."""
    aliased: frozenset[str] = frozenset()
    """Pointer parameters that may point into the array of another one."""


def translate(
    shared: Shared,
    defined: Defined,
    geometry: Geometry,
    templates: dict[str, tree.Type | tree.Expr],
    args: Sequence[tree.Expr],
) -> Translated:
    """Translate a kernel for one launch; ``args`` are what its parameters stand for."""
    names = [a.name for a in args if isinstance(a, tree.Name)]
    made = Translator(shared, geometry, templates, names)
    assert defined.item.body is not None
    changed, moved = mutated(defined.item.body), reassigned(defined.item.body)
    scalars: dict[str, tree.Type] = {}
    pointers: dict[str, tree.Type] = {}
    for parameter, arg in zip(defined.item.parameters, args, strict=True):
        kind = made.resolve(parameter.type)
        if types.is_pointer(kind):
            kind = types.decayed(kind)
            here = made.temporary(parameter.name, kind, arg) if parameter.name in moved else arg
            made.bind(parameter.name, Typed(here, kind))
            if isinstance(arg, tree.Name):
                pointers[arg.name] = types.bare(types.element(kind))
            continue
        own = parameter.name in changed
        made.bind(
            parameter.name, Typed(made.temporary(parameter.name, kind, arg) if own else arg, kind)
        )
        if isinstance(arg, tree.Name):
            made.constants.add(arg.name)
            scalars[arg.name] = kind
    body = (*made.out, *made.captured(lambda: made.out.extend(made.kernel(defined))))
    body = clean(body)
    written = _written(body)
    return Translated(
        body, made.locals, frozenset(made.constants), made.fold, made.used,
        frozenset(written & set(names)),
        frozenset({n.name for s in body for n in tree.walk(s) if isinstance(n, tree.Name)}),
        pointers, scalars, shared.functions,
    )  # fmt: skip


def _written(body: Sequence[tree.Node]) -> set[str]:
    return {name for statement in body for name in mutated(statement)}


__all__ = ["Translated", "Translator", "number", "translate"]
