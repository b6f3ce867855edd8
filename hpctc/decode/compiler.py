"""Drafts from what the rule transpiler wrote for this very kernel, and from what is like it.

The model is asked for C that the compiler can write as well, in other words. Its words are those of
its last answers, for neighbours of this kernel; and some models repeat parts of the kernel itself.
Every hint of a request, the last answers, and the prompt are followed by a
:class:`~hpctc.decode.hints.Walk` each; the draft is the tree of what they foresee.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.decode.base import Draft, Drafter, Key, Request, State, Step, Strategy, Target
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
    least: int = 2
    """Tokens by which a lost place is found again anywhere."""
    answers: int = 4
    """Of the run's last answers so many are followed."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One walk a hint."""
        return _Compiler(self, target)


@dataclass
class _Text:
    prompt: int
    """Its length."""
    walks: list[Walk]
    chances: list[Chances]
    """Of each walk; those of the same kind in all requests are one."""
    read: list[int]
    """What the walks know of prompt and answer."""


class _Compiler:
    def __init__(self, how: Compiler, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self._kinds: dict[tuple[str, int], Chances] = {}
        self._texts: dict[Key, _Text] = {}
        self._answers: deque[tuple[int, ...]] = deque(maxlen=how.answers)

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
            text = self._texts[request.key] = self._begun(request)
        for end in range(len(text.read) + 1, len(state.settled) + 1):
            recent = state.settled[max(end - LONGEST, text.prompt) : end]
            for walk in text.walks:
                walk.read(recent[-1], recent)
        text.read += state.settled[len(text.read) :]
        return text

    def _begun(self, request: Request) -> _Text:
        """Walks along all that this answer may be like."""
        told = {
            **{("hint", i): hint for i, hint in enumerate(request.hints)},
            **{("answer", i): answer for i, answer in enumerate(self._answers)},
            ("prompt", 0): request.prompt,
        }
        walks = [
            Walk(words, self.how.least, begun=kind != "prompt") for (kind, _), words in told.items()
        ]
        chances = [self._kinds.setdefault(kind, Chances(PRIOR)) for kind in told]
        return _Text(len(request.prompt), walks, chances, list(request.prompt))

    def observe(self, state: State, step: Step) -> None:
        for chances in self._texts[state.request.key].chances:
            chances.learn(state.request.key, step.tokens)

    def close(self, key: Key) -> None:
        text = self._texts.pop(key, None)
        if text is None:
            return
        for chances in text.chances:
            chances.close(key)
        if answer := tuple(text.read[text.prompt :]):
            self._answers.appendleft(answer)
