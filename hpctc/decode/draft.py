"""Drafts from a smaller model of the same vocabulary (Leviathan et al., 2023)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.decode.base import Ask, Draft, Drafter, Key, State, Step, Strategy, Target


@dataclass(frozen=True)
class DraftModel(Strategy):
    """A greedy chain of ``most`` tokens of another model; shorter where it was refused lately."""

    name: ClassVar[str] = "draft"
    about: ClassVar[str] = "a smaller model of the same vocabulary drafts a chain"
    needs: ClassVar[frozenset[str]] = frozenset({"model"})
    model: str
    """The spec text of the drafting model."""
    most: int = 6

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Load the drafting model."""
        drafting = load(self.model)
        if drafting.vocab != target.vocab:
            raise UsageError(
                f"{self.model} has {drafting.vocab:,} tokens and the target {target.vocab:,}",
                "a draft model must share the target's vocabulary",
            )
        return _Drafting(self, drafting)


class _Drafting:
    def __init__(self, how: DraftModel, drafting: Target) -> None:
        self.how = how
        self.drafting = drafting
        self._length: dict[Key, int] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        """The drafting model continues all requests together, a token a pass."""
        texts = {s.request.key: list(s.settled) for s in states}
        wanted = {
            s.request.key: min(self._length.get(s.request.key, self.how.most), s.room - 1)
            for s in states
        }
        for depth in range(max(wanted.values(), default=0)):
            asks = [Ask(k, texts[k], Draft()) for k, n in wanted.items() if depth < n]
            for ask, rows in zip(asks, self.drafting.score(asks), strict=True):
                texts[ask.key].append(int(rows[0].argmax()))
        return [Draft.chain(texts[s.request.key][len(s.settled) :], self.how.name) for s in states]

    def observe(self, state: State, step: Step) -> None:
        """Two more after a draft that was taken whole, one less after any other."""
        length = self._length.get(state.request.key, self.how.most)
        whole = len(step.path) == len(step.draft)
        self._length[state.request.key] = min(max(length + (2 if whole else -1), 1), self.how.most)

    def close(self, key: Key) -> None:
        self._length.pop(key, None)
        self.drafting.close(key)
