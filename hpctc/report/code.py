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
    above: Markup = field(default_factory=Markup)
    """What its colours mean."""


@dataclass
class Blocks:
    """The texts of a page, by content."""

    known: dict[str, Block] = field(default_factory=dict)

    def add(self, text: str, language: str = "text") -> str:
        """Keep ``text`` and return the id under which the page has it."""
        name = _name(language, text)
        if name not in self.known:
            shown = text[:MOST_SHOWN]
            self.known[name] = Block(
                name, _coloured(shown, language), text.count("\n") + 1, len(text) > MOST_SHOWN
            )
        return name

    def add_html(self, html: Markup, text: str, above: Markup) -> str:
        """Keep a text that is coloured already; ``text`` is what it says without colours."""
        name = _name("html", html)
        lines, cut = text.count("\n") + 1, len(text) > MOST_SHOWN
        self.known.setdefault(name, Block(name, html, lines, cut, above))
        return name


def _name(kind: str, text: str) -> str:
    digest = hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()
    return f"b-{digest[:12]}"


def _coloured(text: str, language: str) -> Markup:
    if language == "text" or len(text) > MOST_COLOURED:
        return escape(text)
    lexer = get_lexer_by_name(language, stripnl=False)
    return Markup(highlight(text, lexer, FORMAT))
