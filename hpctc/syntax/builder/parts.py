"""What rules hand each other on the way up and the tree does not keep: halves of declarations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token
from lark.tree import Meta

from hpctc.syntax import tree

ANONYMOUS = tree.Name("")

Star = tuple[str, tuple[str, ...]]
"""``*``, ``&`` or ``&&`` of a declarator, and the qualifiers after it."""


@dataclass(frozen=True)
class Specs:
    """What stands before a declarator: storage words, attributes and the base type."""

    storage: tuple[str, ...]
    attributes: tuple[tree.Attribute, ...]
    type: tree.Type
    last: tree.Named | str = ""
    """The last word that names a type; of a constructor or a specialisation, its own name."""


@dataclass(frozen=True)
class Declarator:
    """A name with what stands around it: ``*name[4] = value``."""

    pointers: tuple[Star, ...]
    name: str
    extents: tuple[tree.Expr | None, ...]
    attributes: tuple[tree.Attribute, ...]
    value: tree.Expr | None
    constructor: tuple[tree.Expr, ...] | None
    far: Star | None = None
    """Of ``(*name)[4]``: what stands between the name and its extents."""

    def type(self, base: tree.Type) -> tree.Type:
        """The declared type, given the specifiers'."""
        kind = typed(base, self.pointers, self.extents)
        return kind if self.far is None else typed(kind, (self.far,))

    def variable(self, specs: Specs, at: tree.Position | None) -> tree.Variable:
        """What the specifiers and this declare together."""
        return tree.Variable(
            self.name,
            self.type(specs.type),
            specs.storage,
            specs.attributes + self.attributes,
            self.value,
            self.constructor,
            at=at,
        )


@dataclass(frozen=True)
class Far:
    """``(*name)``: a name whose extents belong to what it points to."""

    symbol: str
    qualifiers: tuple[str, ...]
    name: str

    @property
    def pointer(self) -> Star:
        """What stands before the name."""
        return self.symbol, self.qualifiers


@dataclass(frozen=True)
class Constructor:
    """Arguments after a declared name."""

    args: tuple[tree.Expr, ...]


@dataclass(frozen=True)
class Parameters:
    """A signature's; ``variadic`` where an ellipsis ends them."""

    items: tuple[tree.Parameter, ...]
    variadic: bool


def typed(
    base: tree.Type, pointers: Sequence[Star], extents: Sequence[tree.Expr | None] = ()
) -> tree.Type:
    """Apply the pointers left to right and the extents right to left, as C reads a declarator."""
    kind = base
    for symbol, qualifiers in pointers:
        kind = tree.Pointer(kind, qualifiers) if symbol == "*" else tree.Reference(kind, symbol)
    for size in reversed(extents):
        kind = tree.Array(kind, size)
    return kind


def position(meta: Meta) -> tree.Position | None:
    """Where a rule's match begins; None where it is empty."""
    return None if meta.empty else tree.Position(meta.line, meta.column)


def present(nodes: Iterable[Any]) -> tuple[Any, ...]:
    """Without the places that the grammar's options left open."""
    return tuple(n for n in nodes if n is not None)


def flat(items: Iterable[Any]) -> tuple[Any, ...]:
    """Drop stray semicolons and open what declared several names at once."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, tuple):
            found.extend(item)
        elif isinstance(item, tree.Node):
            found.append(item)
    return tuple(found)


def unscoped(name: Token) -> str:
    """A name after ``::``, by itself."""
    return "".join(str(name).split()).removeprefix("::")


def symbol(opening: Token) -> str:
    """The ``*`` or ``&`` of ``(*``."""
    return "&" if "&" in opening else "*"
