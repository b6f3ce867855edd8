"""Drafts from a smaller model of the same vocabulary (Leviathan et al., 2023).

A token more is drafted as long as it promises more tokens a second than the pass brings without
it. Its chance is what drafts of the like confidence came to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch

from hpctc.core.errors import UsageError
from hpctc.decode.base import Ask, Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.chances import Chances
from hpctc.decode.trees import worth

PRIOR = (0.2, 0.4, 0.6, 0.75, 0.85, 0.9, 0.95, 0.97)
"""Of a token to which the drafting model gave p, by 1 / (1 - p): 1, 2-3, 4-7, ... 64 and more."""


@dataclass(frozen=True)
class DraftModel(Strategy):
    """A greedy chain of another model, ``most`` tokens at most."""

    name: ClassVar[str] = "draft"
    about: ClassVar[str] = "a smaller model of the same vocabulary drafts a chain"
    model: str
    """The spec text of the drafting model."""
    most: int = 12
    adapt: bool = True
    """Whether it is shorter where that promises more tokens a second."""

    @property
    def needs(self) -> frozenset[str]:
        """See :attr:`Strategy.needs`."""
        return frozenset({"model"})

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Load the drafting model."""
        drafting = load(self.model)
        if drafting.vocab != target.vocab:
            raise UsageError(
                f"{self.model} has {drafting.vocab:,} tokens and the target {target.vocab:,}",
                "a draft model must share the target's vocabulary",
            )
        return Drafting(self, target, drafting)


@dataclass
class _Chain:
    """One request's draft while it grows."""

    key: Key
    text: list[int]
    most: int
    tokens: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    path: float = 1.0
    """The chance that all of it is accepted."""
    gain: float = 1.0
    """Tokens that the pass is expected to settle."""


class Drafting:
    """The drafting model at work."""

    def __init__(self, how: DraftModel, target: Target, drafting: Target) -> None:
        self.how = how
        self.cost = target.cost
        self.drafting = drafting
        self.chances = Chances(PRIOR)
        self._typical = Chances([0.8])

    def propose(self, states: Sequence[State]) -> list[Draft]:
        """The drafting model continues all requests together, a token a pass."""
        rows = len(states)
        chains = [
            _Chain(s.request.key, list(s.settled), min(self.how.most, s.room - 1)) for s in states
        ]
        for depth in range(self.how.most):
            going = [c for c in chains if depth < c.most and self._pays(c, depth, rows)]
            if not going:
                break
            scored = self.drafting.score([Ask(c.key, c.text, Draft()) for c in going])
            for chain, logits in zip(going, scored, strict=True):
                self._grow(chain, logits[0])
        drafts = [Draft.chain(c.tokens, self.how.name, c.chances) for c in chains]
        for chain, draft in zip(chains, drafts, strict=True):
            self.chances.proposed(chain.key, draft, chain.places)
            self._typical.proposed(chain.key, draft, [0] * len(draft))
        return [worth(draft, self.cost, rows) if self.how.adapt else draft for draft in drafts]

    def promise(self, state: State, rows: int) -> float:
        """Tokens a second to be expected of a draft that is not made yet."""
        chance = self._typical.of(state.request.key, 0)
        gain, path, best = 1.0, 1.0, 0.0
        for count in range(1, min(self.how.most, state.room - 1) + 1):
            path *= chance
            gain += path
            best = max(best, gain / max(self._spent(count, rows), 1e-9))
        return best

    def _spent(self, count: int, rows: int) -> float:
        """Seconds for a draft of so many tokens and the pass that looks at it."""
        return count * self.drafting.cost.seconds(rows) + self.cost.seconds(rows * (1 + count))

    def _pays(self, chain: _Chain, depth: int, rows: int) -> bool:
        """Whether one token more promises more a second than the pass brings as it is."""
        if not self.how.adapt or len(chain.tokens) < depth:
            return not self.how.adapt
        more = chain.gain + chain.path * self._typical.of(chain.key, 0)
        return more * self._spent(depth, rows) > chain.gain * self._spent(depth + 1, rows)

    def _grow(self, chain: _Chain, row: torch.Tensor) -> None:
        sure, token = torch.softmax(row, -1).max(-1)
        place = self.chances.strength(int(1 / max(1 - float(sure), 1e-3)))
        chance = self.chances.of(chain.key, place)
        chain.tokens.append(int(token))
        chain.text.append(int(token))
        chain.places.append(place)
        chain.chances.append(chance)
        chain.path *= chance
        chain.gain += chain.path

    def observe(self, state: State, step: Step) -> None:
        """How many of the chain's tokens the target said."""
        self.chances.learn(state.request.key, step.tokens)
        self._typical.learn(state.request.key, step.tokens)

    def close(self, key: Key) -> None:
        """Forget a request."""
        self.chances.close(key)
        self._typical.close(key)
        self.drafting.close(key)
