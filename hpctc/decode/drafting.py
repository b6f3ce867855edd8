"""A drafting model at work, and what drafts for it in turn.

A pass of a small model, too, takes hardly longer for a few tokens than for one. So it is not asked
token by token (Leviathan et al., 2023). Drafters that cost next to nothing foresee what it will
say; one pass of it tells how far they are right and what comes then; and so on from there: staged
speculation (Spector and Re, 2023), the vertical cascade of Chen et al. (2023). The drafting model's
own text goes to the target as a chain. What the cheap drafters expect otherwise, or behind its end,
hangs off it as branches: tokens so far away, or so unlikely, are worth a place in the target's pass
and not a pass of their own (the horizontal cascade of Chen et al.).

The drafting model is asked again as long as that promises more tokens a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import NamedTuple

import torch
from torch import Tensor

from hpctc.decode.base import ROOT, Ask, Draft, Foreseer, Key, State, Step, Target
from hpctc.decode.chances import Chances
from hpctc.decode.trees import beside, clipped, expected, grafted, merged, worth
from hpctc.decode.verify import greedy, verify

SOURCE = "draft"

ALONE = (0.2, 0.4, 0.6, 0.75, 0.85, 0.9, 0.95, 0.97)
"""Believed of a token to which the drafting model gave p, by 1 / (1 - p): 1, 2-3, 4-7, ... 64 and
more."""

AGREED = (0.6, 0.7, 0.8, 0.88, 0.93, 0.95, 0.97, 0.98)
"""The same of a token that cheap drafters had foreseen."""

TYPICAL = 0.8
"""Believed of any token of a drafting model."""

KEEP = 0.95
"""Weight of what earlier passes showed when one more is seen."""

TRUST = 2.0
"""Drafts that weigh as much as a promise."""


class Promise(NamedTuple):
    """What a draft may be expected to come to."""

    tokens: float
    """That the pass settles, the target's own included."""
    seconds: float
    """For making the draft and for the pass."""

    def beats(self, other: "Promise") -> bool:
        """Whether these are more tokens a second."""
        return self.tokens * other.seconds > other.tokens * self.seconds


@dataclass
class _Came:
    """What drafts of one kind came to, the recent ones before all."""

    settled: float = 0.0
    promised: float = 0.0
    seconds: float = 0.0

    def add(self, settled: int, promise: Promise) -> None:
        """A draft was looked at."""
        self.settled += settled
        self.promised += promise.tokens
        self.seconds += promise.seconds

    def fade(self) -> None:
        """A pass is over."""
        self.settled *= KEEP
        self.promised *= KEEP
        self.seconds *= KEEP

    def mean(self, promise: Promise) -> Promise:
        """Of such drafts, where a promise is all there is to go by if there were none."""
        return Promise(
            self.settled + TRUST * promise.tokens, self.seconds + TRUST * promise.seconds
        )

    def corrected(self, promise: Promise) -> Promise:
        """A promise of this kind, as such promises were kept."""
        weight = TRUST * promise.tokens
        kept = (self.settled + weight) / (self.promised + weight)
        return Promise(kept * promise.tokens, promise.seconds)


@dataclass
class _Chain:
    """One request's draft while it grows."""

    state: State
    offer: Draft
    """What the cheap drafters expected at first."""
    most: int
    guess: Draft
    """What they expect behind its last token."""
    tokens: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    branches: list[Draft] = field(default_factory=list)
    """What they expected on the way, from the root."""
    spent: float = 0.0
    """Seconds of the passes that made it."""
    ended: bool = False
    """The drafting model says that the text is over."""

    @property
    def key(self) -> Key:
        return self.state.request.key

    @property
    def left(self) -> int:
        """Tokens that may still come."""
        return 0 if self.ended else self.most - len(self.tokens)

    def draft(self) -> Draft:
        return Draft.chain(self.tokens, SOURCE, self.chances)

    def tree(self) -> Draft:
        """The chain with all that the cheap drafters expect beside it and behind it."""
        chain = self.draft()
        behind = [] if self.ended else [grafted(chain, self.guess)]
        return merged([chain, *(beside(chain, branch) for branch in self.branches), *behind])


class Drafting:
    """A drafting model beside a target, for many requests."""

    def __init__(
        self, target: Target, model: Target, by: Foreseer, most: int, adapt: bool, free: bool
    ) -> None:
        """One model's drafts.

        Args:
            target: Whose tokens are drafted.
            model: Drafts them.
            by: Drafts for the model. Whoever has made it tells it what was settled.
            most: Tokens of the model in a chain.
            adapt: Whether chains are shorter where that promises more tokens a second.
            free: Whether an offer may go to the target as it is, where that promises more.
        """
        self.cost = target.cost
        self.model = model
        self.by = by
        self.most = most
        self.adapt = adapt
        self.free = free
        self.chances = Chances(ALONE + AGREED)
        self._typical = Chances([TYPICAL])
        self._offered, self._asked = _Came(), _Came()
        self._given: dict[Key, tuple[bool, Promise]] = {}
        """Whether the model was asked for the last draft, and what that promised."""
        self._open: set[Key] = set()
        """Requests whose prompt the model has read."""
        self._missed: dict[Key, float] = {}
        """Seconds that it would have saved so far in a request that it has not read."""

    def improved(self, states: Sequence[State], offers: Sequence[Draft]) -> list[Draft]:
        """What the model makes of the offers; it continues all requests together."""
        rows = len(states)
        going = chains = [
            _Chain(state, offer, min(self.most, state.room - 1), _bare(offer))
            for state, offer in zip(states, offers, strict=True)
        ]
        while going := [chain for chain in going if self._asks(chain, rows)]:
            self._pass(going, rows)
        made = []
        for chain in chains:
            self.chances.proposed(chain.key, chain.draft(), chain.places)
            self._typical.proposed(chain.key, chain.draft(), [0] * len(chain.tokens))
            made.append(self._made(chain, rows))
            self._given[chain.key] = bool(chain.tokens), self._now(chain, made[-1], rows)
        return made

    def _pass(self, chains: Sequence[_Chain], rows: int) -> None:
        """One pass of the model over the guesses for all chains that go on."""
        guesses = [self._guess(chain, rows) for chain in chains]
        asks = [
            Ask(chain.key, [*chain.state.settled, *chain.tokens], guess)
            for chain, guess in zip(chains, guesses, strict=True)
        ]
        scored = self.model.score(asks)
        for chain, guess, logits in zip(chains, guesses, scored, strict=True):
            self._open.add(chain.key)
            chain.spent += self.model.cost.seconds(rows * (1 + len(guess)))
            chain.branches.append(grafted(chain.draft(), chain.guess))
            self._grow(chain, guess, logits)
            chain.guess = Draft() if chain.ended else self.by.foresee(chain.state, chain.tokens)

    def _guess(self, chain: _Chain, rows: int) -> Draft:
        """As much of what is expected behind a chain as is worth its time in the model's pass."""
        return worth(clipped(chain.guess, chain.left), self.model.cost, rows)

    def _grow(self, chain: _Chain, guess: Draft, logits: Tensor) -> None:
        """What the model says: the guess as far as it was right, and one token more."""
        ends = chain.state.request.ends
        step = verify(logits, guess, greedy, ends=ends)
        for depth, (node, token) in enumerate(zip((ROOT, *step.path), step.tokens, strict=True)):
            if token in ends:  # the target says that itself, whoever proposes it
                chain.ended = True
                return
            sure = float(torch.softmax(logits[node + 1], -1)[token])
            agreed = depth < len(step.path)
            place = min(int(1 / max(1 - sure, 1e-3)).bit_length(), len(ALONE) - 1)
            place += agreed * len(ALONE)
            chain.tokens.append(token)
            chain.places.append(place)
            chain.chances.append(self.chances.of(chain.key, place))

    # --- whether it pays ---

    def _asks(self, chain: _Chain, rows: int) -> bool:
        """Whether a pass of the model more promises more tokens a second."""
        if chain.left <= 0:
            return False
        if not self.adapt:
            return True
        now, then = self._now(chain, self._made(chain, rows), rows), self._then(chain, rows)
        if chain.tokens:
            return then.beats(now)
        if self.free:
            # Both are chosen for what they promise, so what they kept is to be compared.
            now, then = self._offered.corrected(now), self._asked.mean(then)
        return then.beats(now) and self._may_read(chain, now, then)

    def _now(self, chain: _Chain, draft: Draft, rows: int) -> Promise:
        """Of the draft as it is."""
        seconds = self.cost.seconds(rows * (1 + len(draft)))
        return Promise(1 + expected(draft), chain.spent + seconds)

    def _then(self, chain: _Chain, rows: int) -> Promise:
        """Of the best draft that the model may make by passes that are like the next one."""
        guess = self._guess(chain, rows)
        each = self._typical.of(chain.key, 0)
        asked = self.model.cost.seconds(rows * (1 + len(guess)))
        tokens, path = 1 + expected(chain.draft()), prod(chain.chances)
        best, passes, more = None, 0, 0.0
        while more < chain.left:
            passes += 1
            more = min(passes * (1 + expected(guess)), chain.left)
            promise = Promise(
                tokens + path * each * (1 - each**more) / (1 - each),
                chain.spent
                + passes * asked
                + self.cost.seconds(rows * (1 + len(chain.tokens) + ceil(more))),
            )
            if best is None or promise.beats(best):
                best = promise
        assert best is not None, "asked of a chain that may grow"
        return best

    def _may_read(self, chain: _Chain, now: Promise, then: Promise) -> bool:
        """Whether the model has read the prompt, or it is time that it does.

        Where drafts go on without it, it reads once it would have saved as much time in this text
        as reading takes: at most twice what would have been best, however long the text becomes
        (ski rental; Karlin et al., 1988). Where they do not, it reads unless the text cannot
        become long enough.
        """
        if chain.key in self._open:
            return True
        reading = self.model.cost.seconds(len(chain.state.settled))
        if not self.free:
            return reading < chain.state.room * self.cost.seconds(1)
        saved = now.seconds - now.tokens * then.seconds / then.tokens
        self._missed[chain.key] = self._missed.get(chain.key, 0.0) + saved
        return self._missed[chain.key] >= reading

    def _made(self, chain: _Chain, rows: int) -> Draft:
        """The draft as it is, cut to what pays."""
        if not self.adapt:
            return Draft.chain(chain.tokens, SOURCE)  # nobody cuts what has no chances
        if not chain.tokens:
            return worth(chain.offer, self.cost, rows) if self.free else Draft()
        return worth(chain.tree(), self.cost, rows)

    # --- what becomes of it ---

    def learn(self, state: State, step: Step) -> None:
        """How many of the chain's tokens the target said."""
        self.chances.learn(state.request.key, step.tokens)
        self._typical.learn(state.request.key, step.tokens)
        asked, promise = self._given.pop(state.request.key)
        self._offered.fade()
        self._asked.fade()
        (self._asked if asked else self._offered).add(len(step.tokens), promise)

    def close(self, key: Key) -> None:
        """Forget a request."""
        self.chances.close(key)
        self._typical.close(key)
        self.model.close(key)
        self._open.discard(key)
        self._missed.pop(key, None)
        self._given.pop(key, None)


def _bare(draft: Draft) -> Draft:
    """Without its probes."""
    return draft.kept([n for n in range(len(draft)) if n not in draft.probes])


__all__ = ["Drafting"]
