"""Read the text of graphs as a syntax tree.

The grammar is ``grammars/graph.lark``; ``grammars/graph.mistakes.toml`` holds examples of wrong
texts with the words in which they are answered.
"""

import itertools
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args
from lark.exceptions import UnexpectedToken
from lark.lark import PostLex

from hpctc.core.resources import root
from hpctc.graph.tree import (
    Application,
    Expression,
    Fault,
    GraphText,
    Keyword,
    Name,
    Number,
    Parameter,
    Reference,
    Span,
    Statement,
)

DEEPEST = 100
"""How deep expressions and brackets may be nested."""

LONGEST = 4_000_000
"""Characters a text may have."""

DIGITS = 18
"""Digits a whole number may have."""


def read(text: str) -> list[GraphText]:
    """Read the graphs of a text; raises :class:`Fault` at what cannot be read."""
    if len(text) > LONGEST:
        raise Fault(
            Span(0, 1),
            f"the text has {len(text):,} characters",
            f"a text may have at most {LONGEST:,}; cut it into several files",
        )
    try:
        found: list[GraphText] = _parser().parse(text)
    except UnexpectedCharacters as problem:
        at = problem.pos_in_stream or 0
        raise Fault(
            Span(at, at + 1),
            f"the character {text[at]!r} means nothing here",
            "a graph is written in letters, digits and ( ) [ ] { } : , = + - * / % @ < > & | ^",
        ) from None
    except UnexpectedToken as problem:
        raise _unexpected(problem, text) from None
    return found


def syntax_examples() -> list[dict[str, Any]]:
    """The rows of the table of mistakes that the parser itself answers."""
    return list(_mistakes()["syntax"])


@cache
def _mistakes() -> dict[str, Any]:
    with (root("grammars") / "graph.mistakes.toml").open("rb") as handle:
        return tomllib.load(handle)


@cache
def _answers() -> dict[tuple[int, str], tuple[str, str]]:
    """State of the parser and the token that did not fit -> what to say, and the hint."""
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for row in syntax_examples():
        for example in row["examples"]:
            try:
                _parser().parse(example)
            except UnexpectedToken as problem:
                key = (problem.state.position, problem.token.type)
                found.setdefault(key, (row["say"], row["hint"]))
            except (UnexpectedInput, Fault):
                continue
    return found


def _unexpected(problem: UnexpectedToken, text: str) -> Fault:
    token = problem.token
    ended = token.type == "$END"
    span = _end_of(text) if ended else _span(token)
    if token.type == "_NL":
        span = Span(span.start, span.start + 1)
    answer = _answers().get((problem.state.position, token.type))
    if answer is not None:
        return Fault(span, *answer)
    found = "the text ends" if ended else _found(token)
    return Fault(span, f"expected {_words(problem.accepts or problem.expected)}, but {found}")


def _found(token: Token) -> str:
    return "the line ends" if token.type == "_NL" else f"found {str(token)[:40]!r}"


def _end_of(text: str) -> Span:
    last = len(text.rstrip())
    return Span(max(0, last - 1), max(1, last))


def _words(terminals: set[str]) -> str:
    words = []
    if "PLUS" in terminals:
        words.append("an operator")
        terminals = terminals & set(TERMINALS) - {"MINUS"}
    words += sorted({TERMINALS.get(t, t.lower()) for t in terminals})
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} or {words[-1]}"


TERMINALS = {
    "NAME": "a name",
    "INT": "a whole number",
    "FLOAT": "a number",
    "MINUS": "'-'",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "COLON": "':'",
    "EQUAL": "'='",
    "GRAPH": "'graph'",
    "RETURN": "'return'",
    "IN": "'in'",
    "_NL": "the end of the line",
    "$END": "the end of the text",
}
"""Terminals of the grammar in the reader's words."""


class _Lines(PostLex):
    """Drops line ends inside ( ) and [ ], where they do not end a statement."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            if token.type in ("LPAR", "LSQB"):
                depth += 1
                if depth > DEEPEST:
                    raise _too_deep(_span(token))
            elif token.type in ("RPAR", "RSQB"):
                depth = max(0, depth - 1)
            if token.type != "_NL" or depth == 0:
                yield token


def _too_deep(span: Span) -> Fault:
    return Fault(
        span,
        f"this is nested more than {DEEPEST} deep",
        "name intermediate results on lines of their own",
    )


def _span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)


def _integer(token: Token, sign: int = 1) -> Number:
    if len(token) > DIGITS:
        raise Fault(
            _span(token), f"a number of {len(token)} digits", f"use at most {DIGITS} digits"
        )
    return Number(sign * int(token), _span(token))


def _infix(op: str) -> Any:
    def build(_self: Any, left: Expression, right: Expression) -> Application:
        whole = Span(left.span.start, right.span.end)
        return _application(op, (left, right), (), whole)

    return build


def _application(
    op: str, args: Sequence[Expression], keywords: Sequence[Keyword], span: Span
) -> Application:
    depth = 1 + max((a.depth for a in args), default=0)
    if depth > DEEPEST:
        raise _too_deep(span)
    return Application(op, tuple(args), tuple(keywords), span, depth)


@v_args(inline=True)
class _Build(Transformer[Token, list[GraphText]]):
    """Makes the syntax tree while the parser runs, from the leaves up: nothing here recurses."""

    def start(self, *graphs: GraphText) -> list[GraphText]:
        return list(graphs)

    def graph(self, name: Token, *parts: Any) -> GraphText:
        kinds: dict[type, list[Any]] = {Parameter: [], Statement: []}
        for part in parts[:-1]:
            if part is not None:
                kinds[type(part)].append(part)
        return GraphText(
            Name(str(name), _span(name)),
            tuple(kinds[Parameter]),
            tuple(kinds[Statement]),
            parts[-1],
        )

    def parameter(self, name: Token, kind: Any, domain: Any) -> Parameter:
        dtype, *shape = kind
        return Parameter(
            Name(str(name), _span(name)),
            Name(str(dtype), _span(dtype)),
            tuple(_integer(n) for n in shape if n is not None),
            domain,
        )

    def type(self, *parts: Any) -> tuple[Any, ...]:
        return parts

    def domain(self, low: Number, high: Number) -> tuple[Number, Number]:
        return low, high

    def statement(self, names: tuple[Name, ...], value: Expression) -> Statement:
        return Statement(names, value)

    def names(self, *names: Token) -> tuple[Name, ...]:
        return tuple(Name(str(n), _span(n)) for n in names)

    def return_(self, *values: Expression) -> tuple[Expression, ...]:
        return values

    def value(self, name: Token) -> Reference:
        return Reference(str(name), _span(name))

    def int_literal(self, token: Token) -> Number:
        return _integer(token)

    def float_literal(self, token: Token) -> Number:
        return Number(float(token), _span(token))

    def number(self, sign: Token | None, token: Token) -> Number:
        minus = 1 if sign is None else -1
        span = Span(_span(sign or token).start, _span(token).end)
        if token.type == "FLOAT":
            return Number(minus * float(token), span)
        return Number(_integer(token, minus).value, span)

    def minus(self, sign: Token, value: Expression) -> Expression:
        span = Span(_span(sign).start, value.span.end)
        if isinstance(value, Number):
            return Number(-value.value, span)
        return _application("neg", (value,), (), span)

    def call(self, name: Token, *parts: Any) -> Application:
        args = [p for p in parts if p is not None and not isinstance(p, Keyword)]
        keywords = [p for p in parts if isinstance(p, Keyword)]
        for before, after in itertools.pairwise(parts):
            if isinstance(before, Keyword) and isinstance(after, Expression):
                raise Fault(
                    after.span,
                    "an operand stands after an attribute",
                    "write the operands first, then name=value",
                )
        return _application(str(name), args, keywords, _span(name))

    def keyword(self, name: Token, value: Any) -> Keyword:
        return Keyword(str(name), value, _span(name))

    def word(self, token: Token) -> Name:
        return Name(str(token), _span(token))

    def list(self, *numbers: Number | None) -> tuple[Number, ...]:
        return tuple(n for n in numbers if n is not None)

    add, sub, mul, div = (_infix(op) for op in ("add", "sub", "mul", "div"))
    floor_div, mod, matmul, pow = (_infix(op) for op in ("floor_div", "mod", "matmul", "pow"))
    equal, not_equal = _infix("equal"), _infix("not_equal")
    less, less_equal = _infix("less"), _infix("less_equal")
    greater, greater_equal = _infix("greater"), _infix("greater_equal")
    logical_or, logical_and = _infix("logical_or"), _infix("logical_and")
    logical_xor = _infix("logical_xor")


@cache
def _parser() -> Any:
    return Lark.open(
        str(root("grammars") / "graph.lark"),
        parser="lalr",
        transformer=_Build(),
        postlex=_Lines(),
        maybe_placeholders=True,
    )
