"""Drafts from the text itself: what followed the last time these tokens stood there.

Prompt lookup (Saxena, 2023) with a suffix automaton in the place of fixed n-grams, as in
SuffixDecoding (Oliaro et al., 2024): the longer the match, the longer the draft.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.decode.automaton import Automaton
from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target


@dataclass(frozen=True)
class Lookup(Strategy):
    """A chain of at most ``most`` tokens, twice as long as the match at most."""

    name: ClassVar[str] = "lookup"
    about: ClassVar[str] = "a suffix automaton over the prompt and the text so far"
    most: int = 16
    least: int = 2
    """Shorter matches are chance."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One automaton a request."""
        return _Lookup(self)


class _Lookup:
    def __init__(self, how: Lookup) -> None:
        self.how = how
        self._texts: dict[Key, Automaton] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [self._propose(state) for state in states]

    def _propose(self, state: State) -> Draft:
        text = self._texts.setdefault(state.request.key, Automaton())
        for token in state.settled[len(text.tokens) :]:
            text.read(token)
        if text.matched < self.how.least:
            return Draft()
        count = min(self.how.most, 2 * text.matched, state.room - 1)
        return Draft.chain(text.continuation(max(count, 0)), self.how.name)

    def observe(self, state: State, step: Step) -> None:
        pass

    def close(self, key: Key) -> None:
        self._texts.pop(key, None)
