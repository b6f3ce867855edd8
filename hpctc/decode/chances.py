"""How likely a proposed token is, by what earlier proposals came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hpctc.decode.base import ROOT, Draft, Key

KEEP = 0.9
"""Weight of what a text showed before when a proposal more is seen."""

TRUST = 4.0
"""Proposals of this text that weigh as much as all other texts."""


@dataclass(slots=True)
class _Count:
    hits: float = 0.0
    seen: float = 0.0

    def add(self, hit: bool, keep: float = 1.0) -> None:
        self.hits = self.hits * keep + hit
        self.seen = self.seen * keep + 1

    def share(self, otherwise: float, weight: float) -> float:
        return (self.hits + weight * otherwise) / (self.seen + weight)


@dataclass
class _Text:
    counts: list[_Count]
    draft: Draft = field(default_factory=Draft)
    places: Sequence[int] = ()


class Chances:
    """Acceptance rates by strength of evidence, of each text and of all texts.

    A drafter proposes tokens on evidence of different strength: a match of two tokens or of
    twenty. It sorts its evidence into a few places and asks for the chance of each. Proposals are
    held against what was settled whether or not they were in the pass, so that a drafter learns
    from passes that another one drafted.
    """

    def __init__(self, prior: Sequence[float]) -> None:
        """``prior[i]`` is believed of evidence i at first."""
        self.prior = tuple(prior)
        self._all = [_Count() for _ in prior]
        self._texts: dict[Key, _Text] = {}

    def of(self, key: Key, place: int) -> float:
        """The chance that the target says a token of such evidence, given those before it."""
        common = self._all[place].share(self.prior[place], TRUST)
        own = self._texts.get(key)
        return own.counts[place].share(common, TRUST) if own else common

    def strength(self, count: int) -> int:
        """The place of evidence that is a count: powers of two apart."""
        return min(max(count, 0).bit_length(), len(self.prior) - 1)

    def proposed(self, key: Key, draft: Draft, places: Sequence[int]) -> None:
        """A draft and the evidence of each of its nodes: :meth:`learn` will look at it."""
        text = self._texts.setdefault(key, _Text([_Count() for _ in self.prior]))
        text.draft, text.places = draft, places

    def learn(self, key: Key, settled: Sequence[int]) -> None:
        """What the target said in the place of the draft that was proposed last."""
        text = self._texts.get(key)
        if text is None:
            return
        draft, said = text.draft, {ROOT}
        for node, parent in enumerate(draft.parents):
            depth = draft.depths[node]
            if parent not in said or depth > len(settled) or node in draft.probes:
                continue
            hit = draft.tokens[node] == settled[depth - 1]
            if hit:
                said.add(node)
            text.counts[text.places[node]].add(hit, KEEP)
            self._all[text.places[node]].add(hit)
        text.draft, text.places = Draft(), ()

    def close(self, key: Key) -> None:
        """A text is over."""
        self._texts.pop(key, None)


__all__ = ["Chances"]
