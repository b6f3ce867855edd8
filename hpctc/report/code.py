"""Sources in colour, each kept once however many samples gave the same text."""

import hashlib
from dataclasses import dataclass, field

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

MOST_SHOWN = 200_000
MOST_COLOURED = 60_000
"""Characters; unrolled kernels can be long, and every coloured word costs a tag."""

FORMAT = HtmlFormatter(nowrap=True, classprefix="h-")


@dataclass(frozen=True, slots=True)
class Block:
    """One text as the page holds it."""

    id: str
    html: Markup
    lines: int
    cut: bool
    """Whether only its beginning is there."""


@dataclass
class Blocks:
    """The texts of a page, by content."""

    known: dict[str, Block] = field(default_factory=dict)

    def add(self, text: str, language: str = "text") -> str:
        """Keep ``text`` and return the id under which the page has it."""
        digest = hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()[:12]
        name = f"b-{digest}"
        if name not in self.known:
            shown = text[:MOST_SHOWN]
            self.known[name] = Block(
                name, _coloured(shown, language), text.count("\n") + 1, len(text) > MOST_SHOWN
            )
        return name


def _coloured(text: str, language: str) -> Markup:
    if language == "text" or len(text) > MOST_COLOURED:
        return escape(text)
    lexer = get_lexer_by_name(language, stripnl=False)
    return Markup(highlight(text, lexer, FORMAT))
