"""Expressions: what has a value, initializers and lambdas included."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpctc.syntax.tree.node import Node
from hpctc.syntax.tree.types import Type

if TYPE_CHECKING:
    from hpctc.syntax.tree.declarations import Parameter
    from hpctc.syntax.tree.statements import Block


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable, function or constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal as it was written, suffix included."""

    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """One or more adjacent string literals, or a character, quotes included."""

    text: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``op operand``."""

    op: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Postfix(Node):
    """``operand++`` or ``operand--``."""

    op: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``left op right``; the comma operator too."""

    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """``target op value``, op being ``=``, ``+=``, ..."""

    op: str
    target: "Expr"
    value: "Expr"


@dataclass(frozen=True, slots=True)
class Select(Node):
    """``condition ? yes : no``."""

    condition: "Expr"
    yes: "Expr"
    no: "Expr"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``function(args)``; a function may be a member (``tile.sync()``)."""

    function: "Expr"
    args: tuple["Expr", ...]
    templates: tuple["Expr | Type", ...] | None = None
    """Explicit template arguments; None where there are none."""


@dataclass(frozen=True, slots=True)
class Construct(Node):
    """``float(x)``, ``float4{...}``, ``dim3(8, 8)``: a value of a type from arguments."""

    type: Type
    args: tuple["Expr", ...]
    braces: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``base[index]``."""

    base: "Expr"
    index: "Expr"


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``base.name`` or ``base->name``."""

    base: "Expr"
    name: str
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """``(type)operand``."""

    type: Type
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class SizeOf(Node):
    """``sizeof operand`` or ``sizeof(type)``."""

    operand: "Expr | Type"


@dataclass(frozen=True, slots=True)
class Braces(Node):
    """``{a, b}``, ``{.x = a, [3] = b}``: an initializer list."""

    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Designated(Node):
    """``.x = value`` or ``[3] = value`` inside an initializer list."""

    path: tuple["Member | Index", ...]
    """Each step's base is the empty name."""
    value: "Expr"


@dataclass(frozen=True, slots=True)
class Compound(Node):
    """``(type){...}``: a compound literal."""

    type: Type
    value: Braces


@dataclass(frozen=True, slots=True)
class Scoped(Node):
    """``holder::name``: a constant or function that an instantiated template declares."""

    holder: Type
    name: str


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """``[captures](parameters) -> result { body }``."""

    captures: str
    """As written, brackets included."""
    parameters: tuple["Parameter", ...]
    body: "Block"
    words: tuple[str, ...] = ()
    """``mutable``, ``__device__``."""
    result: Type | None = None


Expr = (
    Name
    | Number
    | Text
    | Unary
    | Postfix
    | Binary
    | Assign
    | Select
    | Call
    | Construct
    | Index
    | Member
    | Cast
    | SizeOf
    | Braces
    | Designated
    | Compound
    | Scoped
    | Lambda
)
