"""Which part of an answer a token belongs to: is it copied, or is it where the thinking is?

A draft is cheap where C repeats the CUDA (the index of an array) and dear where it must be new (the
loops that stand for threads). tree-sitter reads the C, as it gives a tree for broken code too; what
an answer says around its C is prose. An index or the head of a loop is *copied* if the task's CUDA
holds the same words in a row, white space aside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from tree_sitter import Node

from hpctc.score.similarity.tree import parse

Region = Literal[
    "prose",
    "comment",
    "directive",
    "declaration",
    "copied loop",
    "new loop",
    "copied index",
    "new index",
    "arithmetic",
    "other C",
]
"""``loop``: the head of one; ``index``: what stands between brackets, with them; ``arithmetic``:
any other expression; ``other C``: braces, keywords and semicolons."""

REGIONS: tuple[Region, ...] = get_args(Region)

Labels = np.ndarray[Any, np.dtype[np.int8]]
"""For each character the place of its region in :data:`REGIONS`."""

_DECLARES = frozenset(
    {
        "declaration",
        "enum_specifier",
        "function_definition",
        "struct_specifier",
        "type_definition",
        "union_specifier",
    }
)
_DIRECTS = frozenset(
    {"preproc_call", "preproc_def", "preproc_function_def", "preproc_include", "preproc_directive"}
)
_FUNCTION = "function_definition"
_CLOSERS = {"(": ")", "[": "]", "{": ";}"}
_FENCED = re.compile(r"^ {0,3}```[^`\n]*\n(.*?)(?:^ {0,3}```|\Z)", re.MULTILINE | re.DOTALL)
_LOOPS = frozenset({"for_statement", "while_statement"})
_COMPUTES = frozenset(
    {
        "assignment_expression",
        "binary_expression",
        "call_expression",
        "cast_expression",
        "conditional_expression",
        "unary_expression",
        "update_expression",
    }
)


def regions(answer: str, source: str | None, cuda: str) -> Labels:
    """The region of each character of ``answer``, of which ``source`` is the C that was found.

    Where none was found (the answer was cut off, or defines another function), its longest fenced
    block is taken for C.
    """
    labels = np.full(len(answer), REGIONS.index("prose"), np.int8)
    if source is None:
        source = max(_FENCED.findall(answer), key=len, default=None)
    if source:
        inside = _of_code(source, squeezed(cuda))
        for piece in pieces(answer, source):
            end = piece.length
            labels[piece.there : piece.there + end] = inside[piece.here : piece.here + end]
    return _spaces_follow(answer, labels)


def squeezed(text: str) -> str:
    """Without white space."""
    return "".join(text.split())


def _of_code(source: str, cuda: str) -> Labels:
    # One byte a character, so that tree-sitter's places are ours.
    plain = source.encode("ascii", "replace").decode()
    labels = np.full(len(plain), REGIONS.index("other C"), np.int8)
    whole = plain + _closers(plain)
    for region, start, end in _painted(parse(whole), whole, cuda):
        labels[start:end] = REGIONS.index(region)
    return labels


def _closers(text: str) -> str:
    """What closes the brackets that a text leaves open: a tree needs whole loops around its end."""
    opened = []
    for character in text:
        if character in _CLOSERS:
            opened.append(_CLOSERS[character])
        elif opened and character == opened[-1][-1]:
            opened.pop()
    return "".join(reversed(opened))


def _painted(root: Node, text: str, cuda: str) -> Iterator[tuple[Region, int, int]]:
    """Regions as intervals, an inner one after the one around it; without recursion."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        inner = node.children
        start, end = node.start_byte, node.end_byte
        body = node.child_by_field_name("body")
        if node.type == "comment":
            yield "comment", start, end
        elif node.type in _DIRECTS:
            yield "directive", start, end
        elif node.type in _LOOPS and body is not None:
            known = squeezed(text[start : body.start_byte]) in cuda
            yield "copied loop" if known else "new loop", start, body.start_byte
            inner = [body]
        elif node.type == "subscript_expression" and len(inner) > 1:
            array = inner[0]
            known = squeezed(text[array.end_byte : end]) in cuda
            yield "copied index" if known else "new index", array.end_byte, end
            inner = [array]
        elif node.type in _DECLARES:
            stop = body.start_byte if body is not None and node.type == _FUNCTION else end
            yield "declaration", start, stop
        elif node.type in _COMPUTES:
            yield "arithmetic", start, end
        elif node.type == "compound_statement":
            yield "other C", start, end
        waiting.extend(reversed(inner))


def _spaces_follow(text: str, labels: Labels) -> Labels:
    """White space belongs to the word behind it, as it does in a token."""
    places = np.arange(len(text))
    held = np.fromiter((not c.isspace() for c in text), bool, len(text))
    # The nearest place at or behind each that is no space; at the end there may be none.
    after = np.minimum.accumulate(np.where(held, places, len(text))[::-1])[::-1]
    return np.where(after < len(text), labels[np.minimum(after, len(text) - 1)], labels)


@dataclass(frozen=True, slots=True)
class Piece:
    """So many characters of the source, and where the answer has them."""

    here: int
    there: int
    length: int


def pieces(answer: str, source: str) -> list[Piece]:
    """Where the source stands in the answer: whole, or block by block as it was put together."""
    whole = source.strip("\n")
    if (there := answer.find(whole)) >= 0:
        return [Piece(source.index(whole), there, len(whole))]
    mine, theirs = _lines(source), _lines(answer)
    places: dict[str, list[int]] = {}
    for number, (_, line) in enumerate(theirs):
        places.setdefault(line, []).append(number)
    found, at = [], 0
    while at < len(mine):
        starts = places.get(mine[at][1], ())
        count, start = max(((_alike(mine[at:], theirs[s:]), s) for s in starts), default=(0, 0))
        found += [
            Piece(here, there, len(line))
            for (here, line), (there, _) in zip(mine[at : at + count], theirs[start:], strict=False)
        ]
        at += max(count, 1)
    return found


def _lines(text: str) -> list[tuple[int, str]]:
    """Where each line begins, and the line without its end."""
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, line.rstrip("\r")))
        at += len(line) + 1
    return lines


def _alike(one: list[tuple[int, str]], other: list[tuple[int, str]]) -> int:
    """How many lines both have in common from their beginnings."""
    count = 0
    for (_, a), (_, b) in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
