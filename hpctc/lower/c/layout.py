"""Long lines broken where a reader expects it: before the weakest operator that still helps."""

import re

WIDTH = 100
"""Columns that a line should keep to."""

BREAKS = re.compile(r" (?=(?:\?|:|\|\||&&|\+|-|\*|/|\|) )|(?<=,) |(?<= [=+*-]=) |(?<= =) ")
"""Spaces at which a statement may be broken."""


def wrapped(text: str, indent: str) -> list[str]:
    """A statement as lines of at most :data:`WIDTH` columns, where that is possible."""
    lines = []
    room = WIDTH - len(indent)
    while len(text) > room and (place := best_break(text, room)):
        lines.append(indent + text[:place])
        text = text[place + 1 :]
        if len(lines) == 1:
            indent += "    "
            room -= 4
    return [*lines, indent + text]


def best_break(text: str, room: int) -> int | None:
    """Where to break: outside as many parentheses as possible, then as late as possible."""
    places = [m.start() for m in BREAKS.finditer(text) if 0 < m.start() <= room]
    if not places:
        return None
    choice = text.find(" ? ")
    if 0 < choice <= room and depth(text[:choice]) == 0:
        return choice
    return min(places, key=lambda place: (depth(text[:place]), -place))


def depth(text: str) -> int:
    """How many parentheses and brackets are open at the end of a text."""
    return sum(text.count(c) for c in "([") - sum(text.count(c) for c in ")]")


def signature(declaration: str) -> list[str]:
    """The head of a function definition; more parameters than fit stand below the first one."""
    name, _, rest = declaration.partition("(")
    line, indent = f"{name}(", " " * (len(name) + 1)
    lines = []
    for param in rest.removesuffix(")").split(", "):
        if len(line) + len(param) + 3 > WIDTH and not line.endswith("("):
            lines.append(line.rstrip())
            line = indent
        line += f"{param}, "
    return [*lines, line.removesuffix(", ") + ") {"]
