"""Source text to tree: the lexer's second look at names, and errors that point.

The grammar is LALR(1). What it cannot see (does ``a * b;`` declare or multiply?) is decided as in
every C compiler, by asking whether a name is a type; types and templates that the source declares
are collected beforehand, those of C's headers and of CUDA are known.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from lark import Lark, Token, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from hpctc.core.errors import HpctcError
from hpctc.core.resources import root
from hpctc.syntax import tree
from hpctc.syntax.builder import Builder
from hpctc.syntax.vocabulary import (
    TEMPLATES,
    TYPES,
    declared_templates,
    declared_types,
    variables,
)

LONGEST = 4_000_000
"""Characters; generated kernels stay far below, and a longer file is a mistake or an attack."""

DEEPEST = 400
"""Brackets inside each other; a limit of ours, so that a hostile file is an error, not a crash."""


class SourceError(HpctcError):
    """A source that is not C or CUDA as this grammar knows it; ``at`` says where it stopped."""

    def __init__(self, message: str, hint: str = "", at: tree.Position | None = None) -> None:
        super().__init__(message, hint)
        self.at = at
        self.beyond = ""
        """What valid C++ stands there that the grammar leaves out; empty: nothing that is known."""


def parse(source: str, name: str = "<source>") -> tree.Unit:
    """Read a preprocessed source; a :class:`SourceError` names file, line, column and draws it."""
    guard(source, name)
    names = _Names(source)
    try:
        return _parse(source, names)
    except UnexpectedInput as problem:
        raise _explain(problem, source, name) from None
    except VisitError as problem:
        raise SourceError(f"{name}: {problem.orig_exc}") from problem
    except RecursionError:
        raise SourceError(f"{name} nests its expressions too deeply") from None


class _Names:
    """Types and templates of one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.declarations = declared_types(source)
        self.types = (TYPES - variables(source)).union(self.declarations.values())
        self.declared = set(self.declarations.values())
        self.templates = TEMPLATES | declared_templates(source)

    def retag(self, token: Token) -> Token:
        if token.value in self.templates and self._opens_template(token):
            return Token.new_borrow_pos("TMPLNAME", token.value, token)
        if token.value in self.types and token.start_pos not in self.declarations:
            return Token.new_borrow_pos("TYPENAME", token.value, token)
        if "::" in token.value and not set(token.value.split("::")[-2:]) - self.declared:
            return Token.new_borrow_pos("TYPENAME", token.value, token)
        return token

    def _opens_template(self, token: Token) -> bool:
        end = token.end_pos or 0
        while end < len(self.source) and self.source[end].isspace():
            end += 1
        return self.source.startswith("<", end) and not self.source.startswith("<<", end)


class _SecondLook:
    """Lark's hook between lexer and parser; it holds the names of the source being read."""

    always_accept = ("NAME",)

    def __init__(self) -> None:
        self.names: _Names | None = None

    def process(self, stream: Iterable[Token]) -> Iterator[Token]:
        names = self.names
        assert names is not None, "parse() sets the names before it starts the parser"
        for token in stream:
            yield names.retag(token) if token.type == "NAME" else token


@cache
def _grammar() -> tuple[Lark, _SecondLook]:
    second_look = _SecondLook()
    lark = Lark.open(
        str(root("grammars") / "c.lark"),
        parser="lalr",
        postlex=second_look,
        propagate_positions=True,
        maybe_placeholders=True,
    )
    return lark, second_look


def _parse(source: str, names: _Names) -> tree.Unit:
    lark, second_look = _grammar()
    second_look.names = names
    unit: object = Builder().transform(lark.parse(source))
    assert isinstance(unit, tree.Unit)
    return unit


def guard(source: str, name: str) -> None:
    """Refuse what no parser should be given: NUL bytes, megabytes, hundreds of brackets."""
    if "\0" in source:
        raise SourceError(f"{name} is not text: it holds a NUL byte")
    if len(source) > LONGEST:
        raise SourceError(f"{name} has {len(source)} characters; at most {LONGEST} are read")
    depth = 0
    for c in source:
        depth += (c in "([{") - (c in ")]}")
        if depth > DEEPEST:
            raise SourceError(f"{name} nests more than {DEEPEST} brackets")


_BEYOND = {
    "a class that inherits": re.compile(r"\b(struct|class)\s+\w+\s*(final\s*)?:(?!:)"),
    "a variadic template": re.compile(r"\.\.\."),
    "a virtual function": re.compile(r"\bvirtual\b"),
    "a pointer to a function": re.compile(r"\(\s*\*\s*\w+\s*\)\s*\("),
    "an exception": re.compile(r"\b(try|catch|throw)\b"),
    "new or delete": re.compile(r"\b(new|delete)\b"),
    "a loop over a range": re.compile(r"\bfor\s*\([^;()]*[^:]:[^:]"),
    "structured binding": re.compile(r"\bauto\s*&?\s*\["),
    "decltype": re.compile(r"\bdecltype\b"),
    "a template's template parameter": re.compile(r"\btemplate\s*<\s*template\b"),
    "a requirement": re.compile(r"\b(requires|concept)\b"),
    "another template of the standard library": re.compile(r"\bstd::\w+\s*<"),
}  # fmt: skip
"""Forms of C++ that the grammar leaves out -> how a line with one looks; for messages only."""

_WORDS = {
    "SEMICOLON": "';'", "COMMA": "','", "LPAR": "'('", "RPAR": "')'", "LBRACE": "'{'",
    "RBRACE": "'}'", "LSQB": "'['", "RSQB": "']'", "COLON": "':'", "QMARK": "'?'",
    "NAME": "a name", "NUMBER": "a number", "TYPENAME": "a type", "BUILTIN": "a type",
    "STRING": "a string", "EQUALS": "'='", "$END": "the end", "GT": "'>'", "LT": "'<'",
}  # fmt: skip


def _explain(problem: UnexpectedInput, source: str, name: str) -> SourceError:
    line, column = problem.line, problem.column
    if isinstance(problem, UnexpectedCharacters):
        found = f"{source[problem.pos_in_stream]!r}" if problem.pos_in_stream is not None else "?"
        allowed = problem.allowed or set()
    elif isinstance(problem, UnexpectedToken):
        found = (
            "the end of the source" if problem.token.type == "$END" else repr(str(problem.token))
        )
        allowed = problem.accepts or problem.expected
        if problem.token.type == "$END":
            line, column = source.count("\n") + 1, len(source) - source.rfind("\n")
    else:
        found, allowed = "the end of the source", set(problem.expected)  # type: ignore[attr-defined]
        line, column = source.count("\n") + 1, len(source) - source.rfind("\n")
    text = source.split("\n")[line - 1] if 0 < line <= source.count("\n") + 1 else ""
    shown, caret = _window(text, column)
    expected = sorted({_WORDS[t] for t in allowed if t in _WORDS})
    made = SourceError(
        f"{name}:{line}:{column}: {found[:40]} cannot stand here\n  {shown}\n  {caret}",
        f"expected {', '.join(expected)}" if 0 < len(expected) <= 8 else "",
        tree.Position(line, column),
    )
    made.beyond = next((words for words, form in _BEYOND.items() if form.search(text)), "")
    return made


def _window(text: str, column: int) -> tuple[str, str]:
    """The part of a line around a column, at most 76 characters, and the caret under it."""
    start = max(0, min(column - 40, len(text) - 76)) if len(text) > 76 else 0
    return text[start : start + 76].replace("\t", " "), " " * (column - 1 - start) + "^"
