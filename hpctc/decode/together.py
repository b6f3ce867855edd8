"""Several drafters as one, with models that they draft for or without."""

from collections.abc import Sequence

from hpctc.decode.base import Draft, Drafter, Foreseer, Key, State, Step, Target
from hpctc.decode.drafting import Drafting
from hpctc.decode.trees import merged, worth


class Together:
    """What several drafters propose, as one tree that is not cut to size.

    Every member learns from every pass, whoever drafted for it.
    """

    def __init__(self, members: Sequence[Drafter]) -> None:
        self.members = members
        self._foreseers = [m for m in members if isinstance(m, Foreseer)]

    def propose(self, states: Sequence[State]) -> list[Draft]:
        """See :meth:`Drafter.propose`."""
        offers = [member.propose(states) for member in self.members]
        return [merged([offer[i] for offer in offers]) for i in range(len(states))]

    def foresee(self, state: State, ahead: Sequence[int]) -> Draft:
        """What those members expect that can look ahead; see :meth:`Foreseer.foresee`."""
        return merged([member.foresee(state, ahead) for member in self._foreseers])

    def observe(self, state: State, step: Step) -> None:
        """See :meth:`Drafter.observe`."""
        for member in self.members:
            member.observe(state, step)

    def close(self, key: Key) -> None:
        """See :meth:`Drafter.close`."""
        for member in self.members:
            member.close(key)


class Staged:
    """Cheap drafters first, then each model on what there is; see :class:`Drafter`."""

    def __init__(self, target: Target, cheap: Together, models: Sequence[Drafting]) -> None:
        self.cost = target.cost
        self.cheap = cheap
        self.models = models

    def propose(self, states: Sequence[State]) -> list[Draft]:
        """The part of all their drafts that earns its place in the pass."""
        drafts = self.cheap.propose(states)
        for model in self.models:
            drafts = model.improved(states, drafts)
        return [worth(draft, self.cost, len(states)) for draft in drafts]

    def observe(self, state: State, step: Step) -> None:
        """See :meth:`Drafter.observe`."""
        self.cheap.observe(state, step)
        for model in self.models:
            model.learn(state, step)

    def close(self, key: Key) -> None:
        """See :meth:`Drafter.close`."""
        self.cheap.close(key)
        for model in self.models:
            model.close(key)


__all__ = ["Staged", "Together"]
