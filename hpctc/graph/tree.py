"""The syntax tree of graphs: what was written, with places, before it means anything."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of the first character and of the one after the last."""

    start: int
    end: int


class Fault(Exception):
    """Something is wrong at a span of the text; the reader of the text adds file and line."""

    def __init__(self, span: Span, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.span = span
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it is defined, or the word that an attribute is given."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that is read."""

    name: str
    span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: int | float
    span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in an application."""

    name: str
    value: Number | Name | tuple[Number, ...]
    span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Application:
    """An operator applied to expressions."""

    op: str
    args: tuple["Expression", ...]
    keywords: tuple[Keyword, ...]
    span: Span
    """Of the operator's name, or of the whole infix expression."""
    depth: int


Expression = Reference | Number | Application


@dataclass(frozen=True, slots=True)
class Parameter:
    """``x: f32[128, 256] in [-1, 1]``."""

    name: Name
    dtype: Name
    shape: tuple[Number, ...]
    domain: tuple[Number, Number] | None


@dataclass(frozen=True, slots=True)
class Statement:
    """``a, b = split(x, parts=2, axis=1)``."""

    names: tuple[Name, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class GraphText:
    """One graph as written."""

    name: Name
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Expression, ...]
