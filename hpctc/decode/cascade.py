"""Several draft sources at once: the pass looks at what promises most, whoever proposed it.

Every member learns from each pass how far it may be believed, in this text and in others, also
where its draft was not in the pass (:mod:`hpctc.decode.chances`). Its drafts carry these chances;
merged to one tree, the likeliest part is kept that the device has time for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.draft import Drafting
from hpctc.decode.trees import expected, merged, worth


@dataclass(frozen=True)
class Cascade(Strategy):
    """The tree of all members' drafts; a model is asked where it promises more than they do."""

    name: ClassVar[str] = "cascade"
    about: ClassVar[str] = "picks from several draft sources by their measured acceptance"
    members: tuple[str, ...] = ("compiler", "lookup")
    """Spec texts of strategies."""

    @property
    def needs(self) -> frozenset[str]:
        """What any member needs."""
        return frozenset[str]().union(*(member.needs for member in self._strategies()))

    def _strategies(self) -> list[Strategy]:
        from hpctc.decode import strategy

        return [strategy(text) for text in self.members]

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Open every member."""
        found = self._strategies()
        if not found or any(isinstance(m, Cascade) for m in found):
            raise UsageError(
                f"a cascade of {', '.join(self.members) or 'nothing'}",
                "name strategies that draft: cascade{members=[compiler,lookup]}",
            )
        return _Cascade(target, [m.open(target, load) for m in found])


class _Cascade:
    def __init__(self, target: Target, members: Sequence[Drafter]) -> None:
        self.cost = target.cost
        self.members = members
        self.cheap = [m for m in members if not isinstance(m, Drafting)]
        self.models = [m for m in members if isinstance(m, Drafting)]

    def propose(self, states: Sequence[State]) -> list[Draft]:
        rows = len(states)
        offers = [m.propose(states) for m in self.cheap]
        drafts = [
            worth(merged([offer[i] for offer in offers]), self.cost, rows) for i in range(rows)
        ]
        for model in self.models:
            lacking = [
                i
                for i, s in enumerate(states)
                if model.promise(s, rows) > self._rate(drafts[i], rows)
            ]
            made = model.propose([states[i] for i in lacking]) if lacking else []
            for i, draft in zip(lacking, made, strict=True):
                drafts[i] = worth(merged([draft, drafts[i]]), self.cost, rows)
        return drafts

    def _rate(self, draft: Draft, rows: int) -> float:
        """Tokens a second that a draft promises, once it is made."""
        return (1 + expected(draft)) / max(self.cost.seconds(rows * (1 + len(draft))), 1e-9)

    def observe(self, state: State, step: Step) -> None:
        for member in self.members:
            member.observe(state, step)

    def close(self, key: Key) -> None:
        for member in self.members:
            member.close(key)
