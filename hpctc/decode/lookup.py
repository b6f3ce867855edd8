"""Drafts from what was read: what followed the last time these tokens stood somewhere.

Prompt lookup (Saxena, 2023) with suffix automata in the place of fixed n-grams, as in
SuffixDecoding (Oliaro et al., 2024): one over the prompt and the text so far, one over the answers
that were given earlier in the run. The longer the match, the likelier the draft, and how likely is
learned from what drafts came to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from hpctc.decode.automaton import Automaton, Place
from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.chances import Chances
from hpctc.decode.trees import merged, worth

PRIOR = (0.1, 0.3, 0.5, 0.75, 0.85, 0.9, 0.95)
"""Of a token after a match of 0, 1, 2-3, 4-7, 8-15, 16-31, 32 and more tokens."""

WAYS = 2
"""Continuations of one text that are looked at."""

EARLIER = "earlier"
"""The source of what an earlier answer said."""

REMEMBERED = 1 << 16
"""Tokens of earlier answers, at most."""

BETWEEN = -1
"""Stands between two answers; no token."""


@dataclass(frozen=True)
class Lookup(Strategy):
    """A tree of chains of at most ``most`` tokens, as much of it as is worth its time."""

    name: ClassVar[str] = "lookup"
    about: ClassVar[str] = "suffix automata over the prompt, the text so far and earlier answers"
    most: int = 32
    least: int = 1
    """Tokens of a match, at least."""
    earlier: bool = True
    """Whether the run's earlier answers are looked at."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One automaton a request, and one of all that are over."""
        return _Lookup(self, target)


@dataclass
class _Text:
    answer: int
    """Where it begins: the length of the prompt."""
    before: Place
    """In the earlier answers."""
    own: Automaton = field(default_factory=Automaton)
    here: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.here = self.own.reader()


class _Found(NamedTuple):
    """A chain, and who learns what becomes of it."""

    chances: Chances
    places: list[int]
    draft: Draft


class _Lookup:
    def __init__(self, how: Lookup, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self._answers = Automaton()
        self._texts: dict[Key, _Text] = {}
        self._own = [Chances(PRIOR) for _ in range(WAYS)]
        self._earlier = [Chances(PRIOR) for _ in range(WAYS)]

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [worth(self._propose(state), self.cost, len(states)) for state in states]

    def _propose(self, state: State) -> Draft:
        found = self._found(state, ())
        for one in found:
            one.chances.proposed(state.request.key, one.draft, one.places)
        return merged([one.draft for one in found])

    def foresee(self, state: State, ahead: Sequence[int]) -> Draft:
        """See :meth:`Foreseer.foresee`."""
        return merged([one.draft for one in self._found(state, ahead)])

    def _found(self, state: State, ahead: Sequence[int]) -> list[_Found]:
        """A chain for each way that the text went on elsewhere."""
        text = self._read(state)
        count = max(min(self.how.most, state.room - 1 - len(ahead)), 0)
        looked = [(text.own, text.here, self._own, self.how.name)]
        if self.how.earlier:
            looked.append((self._answers, text.before, self._earlier, EARLIER))
        found = []
        for where, place, kinds, source in looked:
            ways = where.continuations(where.ahead(place, ahead), count)
            # A second way is less likely than its match tells: the longer one went on otherwise.
            for chances, (length, tokens) in zip(kinds, ways, strict=False):
                if length < self.how.least:
                    break
                if BETWEEN in tokens:
                    tokens = tokens[: tokens.index(BETWEEN)]
                places = [chances.strength(length + i) for i in range(len(tokens))]
                likely = [chances.of(state.request.key, place) for place in places]
                found.append(_Found(chances, places, Draft.chain(tokens, source, likely)))
        return found

    def _read(self, state: State) -> _Text:
        """The request's text, read as far as it has come."""
        key = state.request.key
        text = self._texts.get(key)
        if text is None:
            text = _Text(len(state.request.prompt), self._answers.reader())
            self._texts[key] = text
        for place in range(len(text.own.tokens), len(state.settled)):
            text.own.read(text.here, state.settled[place])
            if place >= text.answer:
                self._answers.follow(text.before, state.settled[place])
        return text

    def observe(self, state: State, step: Step) -> None:
        for chances in (*self._own, *self._earlier):
            chances.learn(state.request.key, step.tokens)

    def close(self, key: Key) -> None:
        for chances in (*self._own, *self._earlier):
            chances.close(key)
        text = self._texts.pop(key, None)
        if text is None:
            return
        self._answers.forget(text.before)
        answer = text.own.tokens[text.answer :]
        if self.how.earlier and len(self._answers.tokens) + len(answer) < REMEMBERED:
            for token in (*answer, BETWEEN):
                self._answers.extend(token)
