"""Tokens and the characters that they stand for."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from hpctc.decode.base import Kind, KindOf

CUT = "\N{REPLACEMENT CHARACTER}"
"""What a decoder writes for bytes that are no whole character."""

DIGITS = re.compile(r" ?[0-9]+")
IDENTIFIER = re.compile(r" ?[A-Za-z_][A-Za-z_0-9]*")

KEYWORDS = frozenset(
    {
        "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double",
        "else", "enum", "extern", "float", "for", "goto", "half", "if", "inline", "int", "long",
        "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch",
        "typedef", "union", "unsigned", "void", "volatile", "while",
        "define", "include", "pragma", "omp", "parallel", "simd", "collapse", "schedule",
        "__global__", "__restrict__",
    }
)  # fmt: skip
"""Words that are not names: of C, of its preprocessor and OpenMP, of CUDA."""


@lru_cache(maxsize=8)
def kinds(tokenizer: Any) -> KindOf:
    """What each of a tokenizer's tokens is in a program."""

    @cache
    def kind(token: int) -> Kind:
        return kind_of(str(tokenizer.decode([token])))

    return kind


def kind_of(text: str) -> Kind:
    """What the text of one token is; a half word is taken for a name, whatever it will become."""
    if DIGITS.fullmatch(text):
        return Kind.DIGIT
    if not IDENTIFIER.fullmatch(text) or text.strip() in KEYWORDS:
        return Kind.ITSELF
    return Kind.NAME if text.startswith(" ") else Kind.REST


def spans(
    tokenizer: Any, tokens: Sequence[int], runs: Sequence[tuple[str, int]]
) -> tuple[tuple[str, int, int], ...]:
    """Runs ``(source, tokens)`` with the characters that each adds to the decoded text.

    A token alone may decode to other characters than in its place (half a character, a space that
    a word begins with), so each run is decoded behind the one before it, as servers do that stream.
    The characters of all runs are those of the whole text.
    """

    def text(start: int, end: int) -> str:
        return str(tokenizer.decode(tokens[start:end], skip_special_tokens=True))

    made: list[tuple[str, int, int]] = []
    before = whole = end = counted = 0  # of the text from `before` so much is `counted`
    for source, count in runs:
        end += count
        now = text(before, end)
        added = max(len(now.rstrip(CUT)) - counted, 0)
        counted += added
        if added and not now.endswith(CUT):  # a run that ends a character: the next is read behind
            before, whole = whole, end
            counted = len(text(before, whole))
        made.append((source, count, added))
    if made:
        source, count, added = made[-1]
        rest = len(text(0, len(tokens))) - sum(characters for _, _, characters in made)
        made[-1] = source, count, added + rest
    return tuple(made)


__all__ = ["kind_of", "kinds", "spans"]
