"""Drafts from the text itself: what followed the last time these tokens stood there.

Prompt lookup (Saxena, 2023) with a suffix automaton in the place of fixed n-grams, as in
SuffixDecoding (Oliaro et al., 2024): the longer the match, the likelier the draft, and how likely
is learned from what drafts came to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.decode.automaton import Automaton
from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.chances import Chances
from hpctc.decode.trees import worth

PRIOR = (0.1, 0.3, 0.5, 0.75, 0.85, 0.9, 0.95)
"""Of a token after a match of 0, 1, 2-3, 4-7, 8-15, 16-31, 32 and more tokens."""


@dataclass(frozen=True)
class Lookup(Strategy):
    """A chain of at most ``most`` tokens, as long as it is worth its time."""

    name: ClassVar[str] = "lookup"
    about: ClassVar[str] = "a suffix automaton over the prompt and the text so far"
    most: int = 32
    least: int = 2
    """Shorter matches are chance."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One automaton a request."""
        return _Lookup(self, target)


class _Lookup:
    def __init__(self, how: Lookup, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self.chances = Chances(PRIOR)
        self._texts: dict[Key, Automaton] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [worth(self._propose(state), self.cost, len(states)) for state in states]

    def _propose(self, state: State) -> Draft:
        key = state.request.key
        text = self._texts.setdefault(key, Automaton())
        for token in state.settled[len(text.tokens) :]:
            text.read(token)
        if text.matched < self.how.least:
            return Draft()
        tokens = text.continuation(max(min(self.how.most, state.room - 1), 0))
        places = [self.chances.strength(text.matched + i) for i in range(len(tokens))]
        chances = [self.chances.of(key, place) for place in places]
        draft = Draft.chain(tokens, self.how.name, chances)
        self.chances.proposed(key, draft, places)
        return draft

    def observe(self, state: State, step: Step) -> None:
        self.chances.learn(state.request.key, step.tokens)

    def close(self, key: Key) -> None:
        self._texts.pop(key, None)
        self.chances.close(key)
