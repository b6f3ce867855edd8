"""Models that say again what was recorded: decoding without weights."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import torch
from torch import Tensor

from hpctc.decode.base import ROOT, Ask, Key
from hpctc.decode.cost import Cost


@dataclass(frozen=True)
class Said:
    """One recorded answer."""

    name: str
    """The task's."""
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    """What the model said, the token that ended it included if it did."""
    hints: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Forced:
    """What a drafting model says in each place of an answer, given the answer before it."""

    tokens: tuple[tuple[int, ...], ...]
    """The likeliest tokens."""
    chances: tuple[tuple[float, ...], ...]
    """Their probabilities."""


class _Timed(ABC):
    """A target that keeps account of its time; see :class:`hpctc.decode.base.Target`."""

    def __init__(self, said: Sequence[Said], vocab: int, cost: Cost) -> None:
        self.said = said
        self.vocab = vocab
        self.cost = cost
        self.time = 0.0
        """What all passes took, by ``cost``."""
        self.inside = 0.0
        """Real seconds in here: the rest of a decoding is the drafter's and the loop's."""

    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        """Every ask's rows; a key is the place of its answer."""
        began = process_time()
        made = [self._scored(ask) for ask in asks]
        self.inside += process_time() - began
        return made

    @abstractmethod
    def _scored(self, ask: Ask) -> Tensor:
        """One ask's rows; its time is added."""


class Recorded(_Timed):
    """A target that says recorded tokens.

    Only rows on the recorded path are ever looked at; the others are zero.
    """

    def _scored(self, ask: Ask) -> Tensor:
        assert isinstance(ask.key, int)
        one = self.said[ask.key]
        rows = torch.zeros(1 + len(ask.draft), self.vocab)
        at = {ROOT: len(ask.settled) - len(one.prompt)}
        """Node on the recorded path -> the place of what comes after it."""
        rows[0, one.tokens[at[ROOT]]] = 1
        pairs = zip(ask.draft.tokens, ask.draft.parents, strict=True)
        for node, (token, parent) in enumerate(pairs):
            place = at.get(parent, len(one.tokens))
            if place + 1 < len(one.tokens) and token == one.tokens[place]:
                at[node] = place + 1
                rows[node + 1, one.tokens[place + 1]] = 1
        self.time += self.cost.seconds(1 + len(ask.draft))
        return rows

    def close(self, key: Key) -> None:
        """Nothing is kept."""


class Drafting(_Timed):
    """A target that says what a drafting model said in the same place, whatever came before it.

    The softmax of a row gives the recorded probabilities. Reading the prompt takes no time.
    """

    def __init__(
        self, said: Sequence[Said], forced: Sequence[Forced], vocab: int, cost: Cost
    ) -> None:
        super().__init__(said, vocab, cost)
        self.forced = forced
        self._held: dict[Key, Ask] = {}

    def _scored(self, ask: Ask) -> Tensor:
        assert isinstance(ask.key, int)
        place = len(ask.settled) - len(self.said[ask.key].prompt)
        self.time += self.cost.seconds(self._pending(ask) + len(ask.draft))
        self._held[ask.key] = ask
        return torch.stack([self._row(ask.key, place + d) for d in (0, *ask.draft.depths)])

    def _pending(self, ask: Ask) -> int:
        """Settled tokens that have not been through the model; the prompt counts for one."""
        before = self._held.get(ask.key)
        if before is None:
            return 1
        same = zip(before.settled, ask.settled, strict=False)
        kept = next((i for i, (a, b) in enumerate(same) if a != b), len(before.settled))
        node = ROOT
        while kept >= len(before.settled) and kept < len(ask.settled):
            below = before.draft.children.get(node, [])
            on = [n for n in below if before.draft.tokens[n] == ask.settled[kept]]
            if not on:
                break
            node, kept = on[0], kept + 1
        return max(len(ask.settled) - kept, 1)

    def _row(self, key: int, place: int) -> Tensor:
        forced = self.forced[key]
        place = min(place, len(forced.tokens) - 1)
        rest = max(1 - sum(forced.chances[place]), 1e-6) / (self.vocab - 2)
        row = torch.full((self.vocab,), rest)
        for token, chance in zip(forced.tokens[place], forced.chances[place], strict=True):
            row[token] = max(chance, rest)
        return row.log()

    def close(self, key: Key) -> None:
        """The next answer has another key."""
        self._held.pop(key, None)
