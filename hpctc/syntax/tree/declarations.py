"""Declarations: what gives something a name, from a variable to a namespace."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpctc.syntax.tree.expressions import Designated, Expr
from hpctc.syntax.tree.node import Node
from hpctc.syntax.tree.types import Attribute, Type

if TYPE_CHECKING:
    from hpctc.syntax.tree.statements import Block, Item


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """One declared name: local, global or shared variable, or the field of a struct."""

    name: str
    type: Type
    storage: tuple[str, ...] = ()
    """``static``, ``extern``, ``constexpr``, ``__shared__``, ... in the order written."""
    attributes: tuple[Attribute, ...] = ()
    value: Expr | None = None
    constructor: tuple[Expr, ...] | None = None
    """Arguments of ``dim3 grid(8, 8)``."""


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """Names declared together: ``int a = 1, *b;``."""

    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of a function; the name is empty where none is given."""

    name: str
    type: Type
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Function(Node):
    """A function with its body, or without: a prototype."""

    name: str
    result: Type
    parameters: tuple[Parameter, ...]
    body: "Block | None"
    storage: tuple[str, ...] = ()
    """``__global__``, ``static``, ``extern "C"``, ... in the order written."""
    attributes: tuple[Attribute, ...] = ()
    suffix: tuple[str, ...] = ()
    """``const`` after a method's parameters."""
    variadic: bool = False
    templates: tuple[Expr | Type, ...] | None = None
    """Arguments of a specialisation: ``template <> int f<3>()``."""
    maker: bool = False
    """Whether it is a constructor."""
    begin: tuple[Designated, ...] = ()
    """A constructor's ``: field(value)`` list."""


@dataclass(frozen=True, slots=True)
class TemplateParameter(Node):
    """``typename T`` (type None) or ``int N = 4``."""

    name: str
    type: Type | None = None
    default: "Expr | Type | None" = None


@dataclass(frozen=True, slots=True)
class Template(Node):
    """``template <parameters> item``."""

    parameters: tuple[TemplateParameter, ...]
    item: "Function | Record | Alias"


@dataclass(frozen=True, slots=True)
class Record(Node):
    """``struct name { members };``, or a union; ``alias`` makes it a typedef."""

    head: str
    """``struct``, ``union`` or ``struct alignas(16)``."""
    name: str
    members: tuple["Item", ...]
    attributes: tuple[Attribute, ...] = ()
    alias: str = ""
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias(Node):
    """``typedef type name;`` or ``using name = type;``."""

    name: str
    type: Type
    attributes: tuple[Attribute, ...] = ()
    typedef: bool = False


@dataclass(frozen=True, slots=True)
class Using(Node):
    """``using namespace x;``, ``using x::y;``, ``namespace a = b;``: kept as words."""

    words: str


@dataclass(frozen=True, slots=True)
class Enum(Node):
    """``enum name { a, b = 2 };``."""

    head: str
    name: str
    values: tuple[tuple[str, Expr | None], ...]
    base: Type | None = None
    """The type after a colon."""


@dataclass(frozen=True, slots=True)
class StaticAssert(Node):
    """``static_assert(args);``."""

    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Linkage(Node):
    """``extern "C" { items }`` (head ``extern "C"``) or ``namespace name { items }``."""

    head: str
    items: tuple["Item", ...]
