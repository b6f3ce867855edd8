"""Types: each is one value wherever it stands, as no declarator is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpctc.syntax.tree.node import Node

if TYPE_CHECKING:
    from hpctc.syntax.tree.expressions import Expr


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """``alignas(16)``, ``__launch_bounds__(256, 2)``, ``__attribute__((...))``, by its keyword."""

    name: str
    args: tuple["Expr | Type", ...] = ()


@dataclass(frozen=True, slots=True)
class Named(Node):
    """A type by name: ``unsigned int``, ``float4``, ``wmma::fragment<...>``."""

    name: str
    args: tuple["Expr | Type", ...] | None = None
    """Template arguments; None where there are none."""


@dataclass(frozen=True, slots=True)
class Pointer(Node):
    """``to *qualifiers``."""

    to: "Type"
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """``to &`` or ``to &&``."""

    to: "Type"
    symbol: str = "&"


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``of [size]``; size None: open."""

    of: "Type"
    size: "Expr | None"


@dataclass(frozen=True, slots=True)
class Qualified(Node):
    """A type with ``const`` or ``volatile`` before it."""

    qualifiers: tuple[str, ...]
    of: "Type"


@dataclass(frozen=True, slots=True)
class Inner(Node):
    """``typename holder::name``: a type that a struct declares."""

    holder: "Type"
    name: str


Type = Named | Pointer | Reference | Array | Qualified | Inner
