"""Take the parentheses out of C expressions that the precedence of operators makes superfluous.

TVM writes every operation in parentheses. Where a group stands between operators that bind less
tightly, it goes; where a reader would have to remember a precedence (shifts, bits, divisions next
to products) it stays, and so does whatever is not understood. The value never changes: groups of
equal precedence on the right keep their order of evaluation.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"\s+|[A-Za-z_]\w*|\d[\w.]*(?:(?<=[eEpP])[+-]\w+)?|\"[^\"]*\"|<<=|>>=|<<|>>|<=|>=|==|!="
    r"|&&|\|\||\+=|-=|\*=|/=|\+\+|--|->|::|."
)
BINARY = {
    "*": 13, "/": 13, "%": 13, "+": 12, "-": 12, "<<": 11, ">>": 11, "<": 10, ">": 10, "<=": 10,
    ">=": 10, "==": 9, "!=": 9, "&": 8, "^": 7, "|": 6, "&&": 5, "||": 4, "?": 3, ":": 3,
}  # fmt: skip
LOOSE, UNARY, PRIMARY = 0, 14, 16
"""No operator at all next to a group; a sign or cast in front of it; nothing but one operand."""

RISKY = frozenset({"<<", ">>", "&", "^", "|", "/", "%", "?", ":"})
"""Operators that keep parentheses around them, and around what they are next to."""

COMPARED = (9, 10)
"""Precedences of comparisons, which C would chain from left to right."""

KEYWORDS = frozenset({"if", "for", "while", "switch", "return", "alignas", "sizeof"})
TYPE = re.compile(
    r"(?:const|volatile|unsigned|signed|void|bool|size_t|half2?|float[234]?|double[234]?"
    r"|u?(?:char|short|int|long|longlong)[234]?)$"
)


def minimal(line: str) -> str:
    """The line with as few parentheses as it can be read with."""
    reader = _Reader(TOKEN.findall(line))
    text = "".join(reader.level().text)
    return text if reader.at >= len(reader.tokens) else line  # an unmatched bracket: hands off


@dataclass
class _Level:
    """What was read between two brackets."""

    text: list[str] = field(default_factory=list)
    binding: int = PRIMARY
    """The loosest operator at this level."""
    operators: set[str] = field(default_factory=set)
    sign: bool = False
    """Whether it starts with an operator."""

    def absorb(self, operator: str, binding: int) -> None:
        """Note an operator."""
        self.binding = min(self.binding, binding)
        self.operators.add(operator)


class _Reader:
    """Recursive descent over the tokens of a line; spaces are kept as they are."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def level(self) -> _Level:
        """Read up to the bracket that closes this level, or to the end."""
        level = _Level()
        operand = False  # whether the last token was the end of an operand
        last = ""
        while self.at < len(self.tokens) and self.tokens[self.at] not in (")", "]"):
            token = self.tokens[self.at]
            self.at += 1
            if token.isspace():
                level.text.append(token)
                continue
            if token in ("(", "["):
                operand = self.bracket(level, token, last, operand)
            else:
                operand = self.plain(level, token, operand)
            last = token if token not in ("(", "[") else ")"
        return level

    def plain(self, level: _Level, token: str, operand: bool) -> bool:
        """Take a token that opens nothing; whether an operand ends with it."""
        level.text.append(token)
        if token in BINARY and operand:
            level.absorb(token, BINARY[token])
            return False
        if token in BINARY or token in ("!", "~"):
            level.absorb("sign", UNARY)
            level.sign = level.sign or len("".join(level.text).strip()) == len(token)
            return False
        if token in ("++", "--"):
            return operand
        if token[0].isalnum() or token[0] in '_"':
            return token not in KEYWORDS
        if token not in (".", "->", "::"):
            level.absorb(token, LOOSE)
        return False

    def bracket(self, level: _Level, opening: str, last: str, operand: bool) -> bool:
        """Take a bracket with what is in it; whether an operand ends with it."""
        before = _left(level, last, operand)
        inner = self.level()
        closing = self.tokens[self.at] if self.at < len(self.tokens) else ""
        self.at += 1
        kept = [opening, *inner.text, closing]
        if opening == "[" or operand or last in KEYWORDS:
            level.text += kept
            return last not in KEYWORDS
        if _is_type(inner.text):
            level.text += kept
            level.absorb("cast", UNARY)
            return False
        if _superfluous(inner, before, self.following()):
            level.sign = level.sign or (inner.sign and not "".join(level.text).strip())
            level.text += inner.text
            level.binding = min(level.binding, inner.binding)
            level.operators |= inner.operators
        else:
            level.text += kept
        return True

    def following(self) -> str:
        """The next token that is no space."""
        rest = (t for t in self.tokens[self.at :] if not t.isspace())
        return next(rest, "")


def _left(level: _Level, last: str, operand: bool) -> str:
    """The operator in front of a bracket: a binary one, ``unary``, or nothing."""
    if operand or not last:
        return ""
    if last in ("!", "~"):
        return "unary"
    if last == ")":  # a cast: a call or group would have been an operand
        return "unary"
    if last in BINARY:
        return last if _binary_position(level) else "unary"
    return ""


def _binary_position(level: _Level) -> bool:
    """Whether the operator that was read last stands between two operands."""
    words = [t for t in level.text if not t.isspace()]
    before = words[-2] if len(words) > 1 else ""
    return bool(before) and (before[-1].isalnum() or before[-1] in '_)]"')


def _is_type(text: list[str]) -> bool:
    words = [t for t in text if not t.isspace() and t != "*"]
    return bool(words) and all(TYPE.match(w) for w in words)


def _superfluous(inner: _Level, before: str, after: str) -> bool:
    """Whether a group may lose its parentheses between these two operators."""
    if after in ("[", ".", "->", "(") or before == "unary":
        return inner.binding == PRIMARY
    if inner.binding == LOOSE:
        return False
    if inner.sign and before in BINARY:
        return False
    left, right = BINARY.get(before, LOOSE), BINARY.get(after, LOOSE)
    if not left and not right:
        return True
    risky = (inner.operators | {before, after}) & RISKY
    if risky and inner.operators - {"cast", "sign"}:
        return False
    chained = inner.binding in COMPARED and (left in COMPARED or right in COMPARED)
    mixed = "&&" in inner.operators and "||" in (before, after)
    return inner.binding > left and inner.binding >= right and not mixed and not chained
