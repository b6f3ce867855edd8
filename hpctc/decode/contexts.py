"""What followed the last times that a text went like this: by its tokens, and by its shape.

A context of n tokens remembers what followed it the last time, how often in a row, and what came
before that: the run models of PAQ (Mahoney, 2005). The shape of a context is the context with
names and digits left open, and what followed is then a name by how recently it was used. So the
second loop of a nest is foreseen by the first although its variable is another.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hpctc.decode.base import Kind, KindOf
from hpctc.decode.mixing import NOBODY, Evidence

ORDERS = (1, 2, 4, 8, 16)
"""Tokens of a context."""

SHAPES = (2, 3, 4, 6)
"""Tokens of a shape."""

REACH = 96
"""How far back a name is looked for: so many tokens of the text are wanted, at most."""

NAMES = 12
"""Names of one kind that are told apart by how recently they were used."""

RUN = 6
"""A longer run is no surer."""


class _Followed(NamedTuple):
    last: int
    run: int
    """How often in a row the last one followed."""
    before: int | None = None
    """What followed before that."""

    def then(self, symbol: int) -> "_Followed":
        """After one more time."""
        if symbol == self.last:
            return _Followed(symbol, min(self.run + 1, RUN), self.before)
        return _Followed(symbol, 1, self.last)

    @property
    def state(self) -> int:
        """The run, told apart by whether anything else ever followed."""
        return self.run if self.before is None else -self.run


class Contexts:
    """Of some texts: all contexts of :data:`ORDERS` tokens."""

    def __init__(self, name: str) -> None:
        """``name`` is that of the texts; witnesses bear it."""
        self.tokens = 0
        """That were read."""
        self._tables: list[dict[tuple[int, ...], _Followed]] = [{} for _ in ORDERS]
        self._witnesses = [(name, n) for n in ORDERS]

    def add(self, text: Sequence[int], end: int) -> None:
        """``text[end]`` followed what stands before it."""
        token = text[end]
        self.tokens += 1
        for n, table in zip(ORDERS, self._tables, strict=True):
            if n > end:
                return
            key = tuple(text[end - n : end])
            known = table.get(key)
            table[key] = known.then(token) if known else _Followed(token, 1)

    def add_all(self, text: Sequence[int]) -> None:
        """Read a whole text."""
        for end in range(1, len(text)):
            self.add(text, end)

    def evidence(self, text: Sequence[int]) -> list[Evidence]:
        """What is expected after a text, by its longest known context last."""
        found = []
        for n, witness, table in zip(ORDERS, self._witnesses, self._tables, strict=True):
            known = table.get(tuple(text[-n:])) if n <= len(text) else None
            if known is None:  # nor is a longer one
                break
            found.append(Evidence(witness, known.state, known.last, known.before))
        return found


class Shapes:
    """Of all texts: contexts of :data:`SHAPES` tokens in which names and digits are left open.

    What followed is remembered as a *symbol*: a token that stands for itself, or for any other a
    negative number that tells its kind and how many of that kind were used since it was.
    """

    def __init__(self) -> None:
        self._tables: list[dict[tuple[int, ...], _Followed]] = [{} for _ in SHAPES]
        self._witnesses = [("shape", n) for n in SHAPES]

    def add(self, text: Sequence[int], token: int, kind: KindOf) -> None:
        """``token`` followed ``text``, of which the last :data:`REACH` tokens matter."""
        symbol = _symbol(text, token, kind)
        for key, table in zip(_keys(text, kind), self._tables, strict=False):
            known = table.get(key)
            table[key] = known.then(symbol) if known else _Followed(symbol, 1)

    def evidence(self, text: Sequence[int], kind: KindOf) -> list[Evidence]:
        """What is expected after a text, by its longest known shape last."""
        found = []
        rows = zip(_keys(text, kind), self._witnesses, self._tables, strict=False)
        for key, witness, table in rows:
            known = table.get(key)
            if known is None:
                break
            first = _token(text, known.last, kind)
            second = None if known.before is None else _token(text, known.before, kind)
            found.append(Evidence(witness, known.state, first, second))
        return found


def _keys(text: Sequence[int], kind: KindOf) -> list[tuple[int, ...]]:
    """The shapes that a text ends with, the shortest first."""
    marks = [-of if (of := kind(token)) else token for token in text[-SHAPES[-1] :]]
    return [tuple(marks[-n:]) for n in SHAPES if n <= len(marks)]


def _symbol(text: Sequence[int], token: int, kind: KindOf) -> int:
    """What a token is called after a text; :func:`_token` reads it back."""
    own = kind(token)
    if own is Kind.ITSELF:
        return token
    used = _used(text, own, kind, token)
    rank = used.index(token) if token in used else NAMES
    return -(1 + rank * len(Kind) + own)


def _token(text: Sequence[int], symbol: int, kind: KindOf) -> int:
    """The token that a symbol stands for after a text; a new one is :data:`NOBODY`."""
    if symbol >= 0:
        return symbol
    rank, own = divmod(-symbol - 1, len(Kind))
    used = _used(text, Kind(own), kind)
    return used[rank] if rank < len(used) else NOBODY


def _used(text: Sequence[int], own: Kind, kind: KindOf, wanted: int | None = None) -> list[int]:
    """Tokens of a kind by how recently they were used, as far as the wanted one."""
    found: list[int] = []
    for token in reversed(text[-REACH:]):
        if kind(token) is own and token not in found:
            found.append(token)
            if token == wanted or len(found) == NAMES:
                break
    return found


__all__ = ["REACH", "Contexts", "Shapes"]
