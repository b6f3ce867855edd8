"""Drafts from what the rule transpiler wrote for this very kernel, and from what is like it.

The model is asked for C that the compiler can write as well, in other words. Its words are those of
its earlier answers, of the prompt and of this answer so far; its order is that of the hint, or of
the answer for a neighbour. All of them are asked what comes next: contexts of tokens and of shapes
(:mod:`~hpctc.decode.contexts`), and a :class:`~hpctc.decode.hints.Walk` along each text that the
answer may be like. What they say is mixed to one chance a token (:mod:`~hpctc.decode.mixing`), anew
after every token of the draft, so that where one text ends or leaves the path another goes on. The
draft is the tree of the likeliest texts.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import ClassVar, NamedTuple

from hpctc.decode.base import ROOT, Draft, Drafter, Key, Request, State, Step, Strategy, Target
from hpctc.decode.contexts import REACH, Contexts, Shapes
from hpctc.decode.hints import LONGEST, Walk
from hpctc.decode.mixing import Evidence, Foreseen, Mixer
from hpctc.decode.trees import worth

WAYS = 4
"""Continuations of one text that are looked at."""

FAINT = 0.02
"""A text that is less likely is not drafted."""

REMEMBERED = 1 << 16
"""Tokens of earlier answers, at most."""


@dataclass(frozen=True)
class Compiler(Strategy):
    """A tree of at most ``most`` tokens, as much of it as is worth its time."""

    name: ClassVar[str] = "compiler"
    about: ClassVar[str] = "the rule transpiler's C for this kernel, and neighbours' C, as drafts"
    most: int = 40
    least: int = 2
    """Tokens by which a lost place is found again anywhere."""
    answers: int = 4
    """Of the run's last answers so many are followed."""

    @property
    def needs(self) -> frozenset[str]:
        """See :attr:`Strategy.needs`."""
        return frozenset({"hints"})

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Nothing is known yet."""
        return _Compiler(self, target)


class _Spot(NamedTuple):
    """An end of the text, or of a draft of it."""

    text: list[int]
    """Its last tokens."""
    walks: tuple[tuple[int, int], ...]
    """Of each walk: where it is, and how many tokens agreed; a lost one is nowhere."""


LOST = (-1, 0)


@dataclass
class _Text:
    request: Request
    walks: list[tuple[Hashable, Walk]]
    """Who it is, and the walk."""
    own: Contexts
    """Of prompt and answer."""
    hint: Contexts
    read: list[int]
    """Prompt and answer, as far as they were learned from."""

    def spot(self) -> _Spot:
        """Where the answer is."""
        walks = tuple((w.at, w.agreed) if w.agreed else LOST for _, w in self.walks)
        return _Spot(self.read[-REACH:], walks)

    def after(self, spot: _Spot, token: int) -> _Spot:
        """One token on; a walk that expected another takes it for a change of name."""
        walks = []
        for (at, agreed), (_, walk) in zip(spot.walks, self.walks, strict=True):
            word = None if at < 0 else walk.word(at)
            if word is None:
                walks.append(LOST)
            else:
                walks.append((at + 1, agreed + 1 if word == token else 0))
        return _Spot([*spot.text[1 - REACH :], token], tuple(walks))


class _Compiler:
    def __init__(self, how: Compiler, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self._mixer = Mixer()
        self._shapes = Shapes()
        self._earlier = Contexts("earlier")
        self._answers: deque[tuple[int, ...]] = deque(maxlen=how.answers)
        self._texts: dict[Key, _Text] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [worth(self.foresee(state, ()), self.cost, len(states)) for state in states]

    def foresee(self, state: State, ahead: Sequence[int]) -> Draft:
        """The likeliest texts that may follow, as a tree: always the likeliest token more."""
        text = self._read(state)
        here = text.spot()
        for token in ahead:
            here = text.after(here, token)
        tokens: list[int] = []
        parents: list[int] = []
        chances: list[float] = []
        depths: dict[int, int] = {ROOT: len(ahead)}
        waiting: list[tuple[float, int, int, Foreseen, _Spot]] = []
        count = 0

        def look(node: int, path: float, spot: _Spot) -> None:
            nonlocal count
            if depths[node] + 1 >= state.room:
                return
            evidence, regime = self._evidence(text, spot)
            for one in self._mixer.foreseen(evidence, regime)[:WAYS]:
                if path * one.chance >= FAINT:
                    count += 1
                    heappush(waiting, (-path * one.chance, count, node, one, spot))

        look(ROOT, 1.0, here)
        while waiting and len(tokens) < self.how.most:
            path, _, parent, one, spot = heappop(waiting)
            node = len(tokens)
            tokens.append(one.token)
            parents.append(parent)
            chances.append(one.chance)
            depths[node] = depths[parent] + 1
            look(node, -path, text.after(spot, one.token))
        sources = (self.how.name,) * len(tokens)
        return Draft(tuple(tokens), tuple(parents), chances=tuple(chances), sources=sources)

    def _evidence(self, text: _Text, spot: _Spot) -> tuple[list[Evidence], Hashable]:
        """What all say of the next token; and who has much to go by."""
        own = text.own.evidence(spot.text)
        earlier = self._earlier.evidence(spot.text)
        found = own + earlier + text.hint.evidence(spot.text)
        for (at, agreed), (witness, walk) in zip(spot.walks, text.walks, strict=True):
            if at >= 0 and (word := walk.word(at)) is not None:
                found.append(Evidence(witness, min(agreed.bit_length(), 6), word))
        found += self._shapes.evidence(spot.text, text.request.kind)
        return found, (_much(own), _much(earlier))

    def _read(self, state: State) -> _Text:
        """The request's text, learned from as far as it has come."""
        request = state.request
        text = self._texts.get(request.key)
        if text is None:
            text = self._texts[request.key] = self._begun(request)
        for place in range(len(text.read), len(state.settled)):
            token = state.settled[place]
            evidence, regime = self._evidence(text, text.spot())
            self._mixer.learn(evidence, regime, token)
            self._shapes.add(text.read[-REACH:], token, request.kind)
            text.read.append(token)
            text.own.add(text.read, place)
            recent = text.read[max(place + 1 - LONGEST, len(request.prompt)) :]
            for _, walk in text.walks:
                walk.read(token, recent)
        return text

    def _begun(self, request: Request) -> _Text:
        """What this answer may be like."""
        told: list[tuple[Hashable, Sequence[int]]] = [("hint", hint) for hint in request.hints]
        told += [(("answer", i), answer) for i, answer in enumerate(self._answers)]
        walks = [(who, Walk(words, self.how.least)) for who, words in told]
        walks.append(("prompt", Walk(request.prompt, self.how.least, begun=False)))
        own, hint = Contexts("text"), Contexts("hint")
        own.add_all(request.prompt)
        for words in request.hints:
            hint.add_all(words)
        return _Text(request, walks, own, hint, list(request.prompt))

    def observe(self, state: State, step: Step) -> None:
        """What was settled is read before the next draft."""

    def close(self, key: Key) -> None:
        text = self._texts.pop(key, None)
        if text is None:
            return
        answer = tuple(text.read[len(text.request.prompt) :])
        if not answer:
            return
        self._answers.appendleft(answer)
        if self._earlier.tokens + len(answer) < REMEMBERED:
            self._earlier.add_all(answer)


def _much(evidence: Sequence[Evidence]) -> int:
    """How long a context is known: not at all, short, long."""
    return 0 if not evidence else 1 + len(evidence) // 3
