"""Drafts from what the rule transpiler wrote for this very kernel, from neighbours' C, and from it.

The model is asked for C that the compiler can write as well, in other words; some models repeat
parts of the kernel instead. Every hint of a request, and its prompt, is followed by a
:class:`~hpctc.decode.hints.Walk`; the draft is the tree of what they foresee.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.chances import Chances
from hpctc.decode.hints import LONGEST, Walk
from hpctc.decode.trees import merged, worth

PRIOR = (0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.95)
"""Of a token after 0, 1, 2-3, 4-7, 8-15, 16-31, 32 and more that came as foreseen."""


@dataclass(frozen=True)
class Compiler(Strategy):
    """A tree of chains of at most ``most`` tokens, as much of it as is worth its time."""

    name: ClassVar[str] = "compiler"
    about: ClassVar[str] = "the rule transpiler's C for this kernel, and neighbours' C, as drafts"
    needs: ClassVar[frozenset[str]] = frozenset({"hints"})
    most: int = 32
    least: int = 3
    """Tokens by which a lost place is found again anywhere."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One walk a hint."""
        return _Compiler(self, target)


@dataclass
class _Text:
    walks: list[Walk]
    chances: list[Chances]
    """Of each walk; those of the same rank in all requests are one."""
    read: int
    """Settled tokens that the walks know."""
    proposed: list[Draft] = field(default_factory=list)


class _Compiler:
    def __init__(self, how: Compiler, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self._kinds: list[Chances] = []
        self._texts: dict[Key, _Text] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [worth(self._propose(state), self.cost, len(states)) for state in states]

    def _propose(self, state: State) -> Draft:
        text = self._read(state)
        count = max(min(self.how.most, state.room - 1), 0)
        drafts = []
        for walk, chances in zip(text.walks, text.chances, strict=True):
            tokens = walk.foreseen(count)
            places = [chances.strength(walk.agreed + i) for i in range(len(tokens))]
            likely = [chances.of(state.request.key, place) for place in places]
            drafts.append(Draft.chain(tokens, self.how.name, likely))
            chances.proposed(state.request.key, drafts[-1], places)
        return merged(drafts)

    def _read(self, state: State) -> _Text:
        """The request's walks, moved on to where its text is."""
        request = state.request
        text = self._texts.get(request.key)
        if text is None:
            walks = [Walk(hint, self.how.least) for hint in request.hints]
            walks.append(Walk(request.prompt, self.how.least, begun=False))
            while len(self._kinds) < len(walks):
                self._kinds.append(Chances(PRIOR))
            # The prompt is of one kind whatever the number of hints.
            kinds = [*self._kinds[1 : len(walks)], self._kinds[0]]
            text = self._texts[request.key] = _Text(walks, kinds, len(request.prompt))
        for end in range(text.read + 1, len(state.settled) + 1):
            recent = state.settled[max(end - LONGEST, len(request.prompt)) : end]
            for walk in text.walks:
                walk.read(recent[-1], recent)
        text.read = len(state.settled)
        return text

    def observe(self, state: State, step: Step) -> None:
        for chances in self._texts[state.request.key].chances:
            chances.learn(state.request.key, step.tokens)

    def close(self, key: Key) -> None:
        self._texts.pop(key, None)
        for chances in self._kinds:
            chances.close(key)
