"""The draft source is picked step by step, by what its drafts came to so far in this very text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target

FORGET = 0.8
"""Weight of what is known when a new step is seen."""


@dataclass(frozen=True)
class Cascade(Strategy):
    """The member whose draft promises most accepted tokens; models are asked when none does.

    A member that never was tried in a text counts as accepted half the time.
    """

    name: ClassVar[str] = "cascade"
    about: ClassVar[str] = "picks the draft source per step by its measured acceptance"
    members: tuple[str, ...] = ("compiler", "lookup")
    """Spec texts of strategies; those that draft with a model come last."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Open every member."""
        from hpctc.decode import strategy

        found = [strategy(text) for text in self.members]
        if not found or any(isinstance(m, Cascade) for m in found):
            raise UsageError(
                f"a cascade of {', '.join(self.members) or 'nothing'}",
                "name strategies that draft: cascade{members=[compiler,lookup]}",
            )
        cheap = [m for m in found if "model" not in m.needs]
        dear = [m for m in found if "model" in m.needs]
        return _Cascade([m.open(target, load) for m in cheap], [m.open(target, load) for m in dear])


@dataclass
class _Rates:
    accepted: dict[int, float] = field(default_factory=dict)
    """Member -> share of the tokens that were reached and accepted."""
    chosen: int | None = None

    def promise(self, member: int, length: int) -> float:
        """Accepted tokens to be expected of a chain: a + a^2 + ... + a^length."""
        a = min(self.accepted.get(member, 0.5), 0.99)
        return a * (1 - a**length) / (1 - a)


class _Cascade:
    def __init__(self, cheap: Sequence[Drafter], dear: Sequence[Drafter]) -> None:
        self.members = [*cheap, *dear]
        self.cheap = len(cheap)
        self._rates: dict[Key, _Rates] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        offers = [m.propose(states) for m in self.members[: self.cheap]]
        drafts = [self._best(s, [o[i] for o in offers]) for i, s in enumerate(states)]
        for number in range(self.cheap, len(self.members)):
            lacking = [i for i, d in enumerate(drafts) if not d]
            if not lacking:
                break
            made = self.members[number].propose([states[i] for i in lacking])
            for i, draft in zip(lacking, made, strict=True):
                drafts[i] = draft
                self._rates[states[i].request.key].chosen = number
        return drafts

    def _best(self, state: State, offers: Sequence[Draft]) -> Draft:
        rates = self._rates.setdefault(state.request.key, _Rates())
        promises = [rates.promise(m, max(o.depths, default=0)) for m, o in enumerate(offers)]
        best = max(range(len(offers)), key=promises.__getitem__, default=None)
        rates.chosen = best if best is not None and offers[best] else None
        return offers[best] if best is not None else Draft()

    def observe(self, state: State, step: Step) -> None:
        """Only the member that drafted learns, and is judged."""
        rates = self._rates[state.request.key]
        if (member := rates.chosen) is None:
            return
        reached = len(step.path) + (len(step.path) < max(step.draft.depths, default=0))
        if reached:
            seen = len(step.path) / reached
            known = rates.accepted.get(member, 0.5)
            weight = FORGET**reached
            rates.accepted[member] = weight * known + (1 - weight) * seen
        self.members[member].observe(state, step)

    def close(self, key: Key) -> None:
        self._rates.pop(key, None)
        for member in self.members:
            member.close(key)
