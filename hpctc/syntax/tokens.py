"""The tokens of a C or CUDA text, told apart by what a writer was free to choose.

Two programs are the same but for names and numbers where these tokens are the same but for their
names and numbers. tree-sitter reads the text, since it gives a tree for anything: a kernel, a whole
``.cu`` file with its host part, a program with an error in it. Comments, ``#include`` lines and
white space are left out.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, NamedTuple

import tree_sitter_cuda
from tree_sitter import Language, Node, Parser

Kind = Literal["name", "number", "word"]
"""A ``name`` is one that the text itself declares; a ``word`` is all that has to be as it is:
keywords, operators, the names of a library or of the language."""

_FIELD = "field_identifier"
_SKIPPED = frozenset({"comment", "preproc_include"})
_NAMES = frozenset({"identifier", _FIELD, "type_identifier", "statement_identifier"})
_UNNAMED_FIELD = frozenset({"reference_declarator", "parenthesized_declarator"})
_NAMED = frozenset(
    {"preproc_def", "preproc_function_def", "enumerator", "struct_specifier", "union_specifier",
     "enum_specifier", "class_specifier"}
)  # fmt: skip
"""Nodes that declare what stands in their field ``name``."""
_MACRO_WORD = re.compile(r"[A-Za-z_]\w*|\.?\d(?:[eEpP][-+]|[\w.])*|\S")


class Token(NamedTuple):
    """One token, without white space."""

    kind: Kind
    text: str


def tokens(code: str) -> list[Token]:
    """The tokens of a C or CUDA text, in order; of one that is neither, as well as it goes."""
    return [token for token, _ in located(code)]


def located(code: str) -> Iterator[tuple[Token, int]]:
    """The tokens of a text, each with the byte of its UTF-8 that it starts at."""
    root = read(code)
    names = {(kind == _FIELD, name) for kind, name in _declared(root)}
    for field, word, start in _words(root):
        kind: Kind = "number" if _is_number(word) else "word"
        yield Token("name" if (field, word) in names else kind, word), start


def read(code: str) -> Node:
    """tree-sitter's tree of a C or CUDA text."""
    return _parser().parse(code.encode()).root_node


def normal(found: Iterable[Token], numbers: bool = True) -> str:
    """The tokens in one line, each name replaced by its number in order of appearance.

    ``numbers=False`` also replaces every literal number by 0.
    """
    order: dict[str, str] = {}
    words = []
    for kind, text in found:
        if kind == "name":
            words.append(order.setdefault(text, f"name{len(order)}"))
        else:
            words.append("0" if kind == "number" and not numbers else text)
    return " ".join(words)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_cuda.language()))


def _is_number(word: str) -> bool:
    return word[0].isdigit() or (word[0] == "." and word[1:2].isdigit())


def _nodes(root: Node) -> Iterator[Node]:
    """Every node that counts, parents first, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type not in _SKIPPED:
            yield node
            waiting.extend(reversed(node.children))


def _words(root: Node) -> Iterator[tuple[bool, str, int]]:
    """Whether a token is a member's name, its text and its place.

    Members are told apart since ``threadIdx.x`` is not the parameter x.
    """
    for node in _nodes(root):
        if node.children or not (text := _text(node)):
            continue
        if node.type == "preproc_arg":  # the body of a macro is one leaf
            for word in _MACRO_WORD.finditer((node.text or b"").replace(b"\\\n", b"  ").decode()):
                yield False, word[0], node.start_byte + len(word.string[: word.start()].encode())
        else:
            yield node.type == _FIELD, text, node.start_byte


def _declared(root: Node) -> Iterator[tuple[str, str]]:
    """What the text names: variables, parameters, functions, macros, types, members, labels.

    A node's type, and the name.
    """
    for node in _nodes(root):
        if not node.type.endswith("_declarator"):
            for child in node.children_by_field_name("declarator"):
                if not (node.type == "declaration" and _is_prototype(child)):
                    yield from _innermost(child)
        if node.type in _NAMED and (name := node.child_by_field_name("name")) is not None:
            yield name.type, _text(name)
        elif node.type in ("preproc_params", "type_parameter_declaration", "labeled_statement"):
            yield from ((c.type, _text(c)) for c in node.named_children if c.type in _NAMES)


def _is_prototype(declarator: Node) -> bool:
    """``float erff(float)``, ``void *f(int)``: the function is someone else's."""
    inner: Node | None = declarator
    while inner is not None and inner.type == "pointer_declarator":
        inner = inner.child_by_field_name("declarator")
    return inner is not None and inner.type == "function_declarator"


def _innermost(declarator: Node) -> Iterator[tuple[str, str]]:
    """The name under ``*``, ``&``, ``[n]`` and ``(parameters)``."""
    inner: Node | None = declarator
    while inner is not None and inner.type not in _NAMES:
        below = inner.child_by_field_name("declarator")
        if below is None and inner.type in _UNNAMED_FIELD:
            below = inner.named_children[-1] if inner.named_children else None
        inner = below
    if inner is not None:
        yield inner.type, _text(inner)


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace").strip()


__all__ = ["Kind", "Token", "located", "normal", "read", "tokens"]
