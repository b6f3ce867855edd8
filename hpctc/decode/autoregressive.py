"""One token a pass: the oracle of every other strategy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target


@dataclass(frozen=True)
class Autoregressive(Strategy):
    """Proposes nothing."""

    name: ClassVar[str] = "autoregressive"
    about: ClassVar[str] = "one token a pass; what all others are held against"

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """There is nothing to open."""
        return _Nothing()


class _Nothing:
    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [Draft()] * len(states)

    def observe(self, state: State, step: Step) -> None:
        pass

    def close(self, key: Key) -> None:
        pass
