"""What can be wrong with a graph; all of it is the user's to mend, so all of it has a hint."""

from dataclasses import dataclass

from hpctc.core.errors import HpctcError


class GraphError(HpctcError):
    """A graph, or its text, is not legal."""

    def __init__(self, message: str, hint: str = "", about: str = "") -> None:
        super().__init__(message, hint)
        self.about = about
        """The name of the value, operator or attribute at fault, where there is one."""


class GraphTypeError(GraphError):
    """An operator does not take these shapes, element types or attributes."""


class GraphDomainError(GraphError):
    """An operator is applied where it is not defined: the log of an interval that holds -1."""


class GraphTextError(GraphError):
    """A text cannot be read as graphs; the message shows the line with a caret under the fault."""

    def __init__(self, message: str, hint: str, where: "Place") -> None:
        super().__init__(f"{where}: {message}\n{where.excerpt()}", hint)
        self.what = message
        """The message without the place."""
        self.where = where
        """The place in the text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text: what an error points at."""

    source: str
    """The file's name, or what stands for it."""
    text: str
    start: int
    """Offset of the first character at fault."""
    end: int

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """The column, counted from 1."""
        return self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1

    def __str__(self) -> str:
        """``file:line:column``."""
        return f"{self.source}:{self.line}:{self.column}"

    def excerpt(self, width: int = 96) -> str:
        """The line, cut to ``width`` columns around the fault, and carets under the fault."""
        begin = self.start - (self.column - 1)
        stop = self.text.find("\n", begin)
        line = self.text[begin : stop if stop >= 0 else len(self.text)]
        left = max(0, self.column - 1 - width * 2 // 3)
        shown = "".join(c if c.isprintable() else " " for c in line[left : left + width])
        offset = self.column - 1 - left
        count = max(1, min(self.end - self.start, len(shown) - offset))
        return f"    {shown.rstrip()}\n    {' ' * offset}{'^' * count}"
