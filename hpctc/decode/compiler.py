"""Drafts from what the rule transpiler wrote for this very kernel, and from neighbours' C.

The model is asked for C that the compiler can write as well, in other words. Every hint of a
request is followed by a :class:`~hpctc.decode.hints.Walk`; the one that has agreed longest drafts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hpctc.decode.base import Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.hints import Walk


@dataclass(frozen=True)
class Compiler(Strategy):
    """A chain of at most ``most`` tokens; short while the hint has agreed for a short time only."""

    name: ClassVar[str] = "compiler"
    about: ClassVar[str] = "the rule transpiler's C for this kernel, and neighbours' C, as drafts"
    needs: ClassVar[frozenset[str]] = frozenset({"hints"})
    most: int = 24
    least: int = 3
    """Tokens by which a lost place is found again anywhere."""

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One walk a hint."""
        return _Compiler(self)


class _Compiler:
    def __init__(self, how: Compiler) -> None:
        self.how = how
        self._walks: dict[Key, list[Walk]] = {}
        self._read: dict[Key, int] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [self._propose(state) for state in states]

    def _propose(self, state: State) -> Draft:
        request = state.request
        if request.key not in self._walks:
            self._walks[request.key] = [Walk(h, self.how.least) for h in request.hints]
            self._read[request.key] = len(request.prompt)
        walks = self._walks[request.key]
        for end in range(self._read[request.key] + 1, len(state.settled) + 1):
            recent = state.settled[max(end - 8, len(request.prompt)) : end]
            for walk in walks:
                walk.read(recent[-1], recent)
        self._read[request.key] = len(state.settled)
        best = max(walks, key=lambda w: w.agreed, default=None)
        if best is None or not best.agreed:
            return Draft()
        count = min(self.how.most, 4 + 2 * best.agreed, state.room - 1)
        return Draft.chain(best.foreseen(max(count, 0)), self.how.name)

    def observe(self, state: State, step: Step) -> None:
        pass

    def close(self, key: Key) -> None:
        self._walks.pop(key, None)
        self._read.pop(key, None)
