"""The nodes of C and CUDA-C: plain frozen data; their positions do not make them differ.

A declarator is turned inside out when it is read: ``float *a[4]`` is an array of four pointers to
float, so that a type is one value wherever it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in the tree."""

    at: Position | None = field(default=None, compare=False, repr=False)
    """Where it begins in the source; None for what was made, not read."""


# --- types --------------------------------------------------------------------------------------


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


# --- expressions --------------------------------------------------------------------------------


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


# --- declarations -------------------------------------------------------------------------------


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


# --- statements ---------------------------------------------------------------------------------


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


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in source order."""
    for entry in fields(node):
        yield from _nodes(getattr(node, entry.name))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in source order."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _nodes(entry)
