"""Tokens and the characters that they stand for."""

from collections.abc import Sequence
from typing import Any

CUT = "\N{REPLACEMENT CHARACTER}"
"""What a decoder writes for bytes that are no whole character."""


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


__all__ = ["spans"]
