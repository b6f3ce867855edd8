"""Sources in colour, each kept once however many samples gave the same text.

Only what the style sheet colours gets a tag: names, operators and white space are four fifths of a
kernel's words, and a page holds hundreds of kernels.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String

MOST_SHOWN = 200_000
MOST_COLOURED = 60_000
"""Characters; unrolled kernels can be long, and every coloured word costs a tag."""

COLOURS = {
    Comment.PreprocFile: "str",
    Comment.Preproc: "pre",
    Comment: "com",
    Keyword: "key",
    Operator.Word: "key",
    Name.Function: "fun",
    Name.Builtin: "fun",
    Number: "num",
    String: "str",
}
"""Kind of word -> the style sheet's class; the first kind that holds a word counts."""


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
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    parts = []
    for colour, words in groupby(lexer.get_tokens(text), lambda word: _colour(word[0])):
        plain = escape("".join(value for _, value in words))
        parts.append(f'<b class="{colour}">{plain}</b>' if colour and plain.strip() else plain)
    return Markup("".join(parts))


@cache
def _colour(kind: object) -> str:
    return next((colour for known, colour in COLOURS.items() if kind in known), "")
