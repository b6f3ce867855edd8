"""Lookahead decoding: n-grams from a Jacobi window, verified in the same pass (Fu et al., 2024).

The window has ``ngram - 1`` levels of ``window`` columns. In each pass every column of the last
level guesses one token more; the columns read downwards are n-grams, which go to a pool by their
first token. N-grams of the pool that begin with the last settled token are the draft. Window and
guesses are one tree: level 0 is a chain, each later level hangs off the one above (its mask is
causal along level 0 and diagonal below), and all of the window are probes, so that nothing of it is
accepted.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hpctc.decode.base import ROOT, Draft, Drafter, Key, State, Step, Strategy, Target


@dataclass(frozen=True)
class Lookahead(Strategy):
    """``window=0`` leaves the pool alone, filled from the prompt and the text so far."""

    name: ClassVar[str] = "lookahead"
    about: ClassVar[str] = "n-grams from a Jacobi window and the text, verified in the same pass"
    window: int = 5
    ngram: int = 4
    """Tokens of an n-gram, the one that it is found by included."""
    guesses: int = 5

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One window and one pool a request."""
        return _Lookahead(self)


@dataclass
class _Window:
    pool: dict[int, OrderedDict[tuple[int, ...], None]] = field(default_factory=dict)
    levels: list[list[int]] = field(default_factory=list)
    """Tokens of each level; a level of the window is as long as the one above."""
    read: int = 0


class _Lookahead:
    def __init__(self, how: Lookahead) -> None:
        self.how = how
        self._windows: dict[Key, _Window] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [self._propose(state) for state in states]

    def _propose(self, state: State) -> Draft:
        here = self._windows.setdefault(state.request.key, _Window())
        self._learn_text(here, state)
        if self.how.window and not here.levels:
            # Copies of the prompt's end: the paper starts with random tokens of the prompt.
            source = state.settled[-self.how.window :]
            here.levels = [(source * self.how.window)[: self.how.window]]
        tokens: list[int] = []
        parents: list[int] = []
        self._window(here, tokens, parents)
        probes = frozenset(range(len(tokens)))
        self._guesses(here, state, tokens, parents)
        return Draft(tuple(tokens), tuple(parents), probes, sources=(self.how.name,) * len(tokens))

    def _window(self, here: _Window, tokens: list[int], parents: list[int]) -> None:
        above: list[int] = []
        for depth, level in enumerate(here.levels):
            row: list[int] = []
            for column, token in enumerate(level):
                along = row[-1] if row else ROOT
                parent = above[column] if depth else along
                row.append(len(tokens))
                tokens.append(token)
                parents.append(parent)
            above = row

    def _guesses(self, here: _Window, state: State, tokens: list[int], parents: list[int]) -> None:
        """The pool's n-grams as branches; what two of them share is one node."""
        last = state.settled[-1]
        known: dict[tuple[int, ...], int] = {}
        for ngram in list(here.pool.get(last, ()))[-self.how.guesses :][::-1]:
            parent = ROOT
            for depth in range(1, min(len(ngram), state.room - 1) + 1):
                prefix = ngram[:depth]
                if prefix not in known:
                    known[prefix] = len(tokens)
                    tokens.append(ngram[depth - 1])
                    parents.append(parent)
                parent = known[prefix]

    def observe(self, state: State, step: Step) -> None:
        """Read the window's new level off the logits; move it on by what was settled."""
        here = self._windows[state.request.key]
        if not here.levels:
            return
        width = self.how.window
        last = len(here.levels) - 1
        start = width * last
        made = [int(step.logits[start + c + 1].argmax()) for c in range(width)]
        if len(here.levels) < self.how.ngram - 1:
            here.levels.append(made)
            return
        for column in range(width):
            chain = [level[column] for level in here.levels] + [made[column]]
            self._add(here, chain[0], tuple(chain[1:]))
        here.levels = [*here.levels[1:], made]

    def _learn_text(self, here: _Window, state: State) -> None:
        """N-grams of the prompt and of the text so far."""
        n = self.how.ngram
        for end in range(max(here.read + 1, n), len(state.settled) + 1):
            gram = state.settled[end - n : end]
            self._add(here, gram[0], tuple(gram[1:]))
        here.read = len(state.settled)

    def _add(self, here: _Window, first: int, rest: tuple[int, ...]) -> None:
        grams = here.pool.setdefault(first, OrderedDict())
        grams.pop(rest, None)
        grams[rest] = None
        if len(grams) > 4 * self.how.guesses:
            grams.popitem(last=False)

    def close(self, key: Key) -> None:
        self._windows.pop(key, None)
