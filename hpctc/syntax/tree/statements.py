"""Statements, directives, and the whole source that they make."""

from dataclasses import dataclass

from hpctc.syntax.tree.declarations import (
    Alias,
    Declaration,
    Enum,
    Function,
    Linkage,
    Record,
    StaticAssert,
    Template,
    Using,
)
from hpctc.syntax.tree.expressions import Expr
from hpctc.syntax.tree.node import Node


@dataclass(frozen=True, slots=True)
class Block(Node):
    """``{ statements }``."""

    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Do(Node):
    """``do body while (condition);``."""

    body: "Stmt"
    condition: Expr


@dataclass(frozen=True, slots=True)
class Evaluate(Node):
    """An expression as a statement."""

    value: Expr


@dataclass(frozen=True, slots=True)
class If(Node):
    """``if (condition) then else otherwise``."""

    condition: Expr
    then: "Stmt"
    otherwise: "Stmt | None" = None
    constexpr: bool = False


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for (start; condition; step) body``."""

    start: "Declaration | Evaluate | None"
    condition: Expr | None
    step: Expr | None
    body: "Stmt"


@dataclass(frozen=True, slots=True)
class While(Node):
    """``while (condition) body``."""

    condition: Expr
    body: "Stmt"


@dataclass(frozen=True, slots=True)
class Switch(Node):
    """``switch (value) { ... }``; cases stand in the body as labels."""

    value: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class Case(Node):
    """``case value:``; value None: ``default:``."""

    value: Expr | None


@dataclass(frozen=True, slots=True)
class Label(Node):
    """``name:``."""

    name: str


@dataclass(frozen=True, slots=True)
class Jump(Node):
    """``break``, ``continue`` or ``goto label``."""

    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Return(Node):
    """``return value;``."""

    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Asm(Node):
    """Inline assembly, as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Directive(Node):
    """``#pragma ...`` or ``#include ...``: a whole line."""

    text: str


Stmt = (
    Block
    | Declaration
    | Evaluate
    | If
    | For
    | While
    | Do
    | Switch
    | Case
    | Label
    | Jump
    | Return
    | Asm
    | Directive
    | Alias
    | Using
    | Record
    | Enum
    | StaticAssert
)

Item = (
    Function
    | Template
    | Declaration
    | Record
    | Alias
    | Using
    | Enum
    | StaticAssert
    | Linkage
    | Directive
)


@dataclass(frozen=True, slots=True)
class Unit(Node):
    """A whole source: items in order."""

    items: tuple[Item, ...]
