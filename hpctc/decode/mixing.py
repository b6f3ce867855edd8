"""How likely a token is, by all that speaks for and against it: context mixing.

Contexts of different lengths, and texts that are followed, each say what they expect next and how
sure they are. As in the PAQ compressors (Mahoney, 2005), what each kind of evidence came to is
counted, and the counts are mixed in the logistic domain by weights that are learned online, one
step of gradient descent on the coding cost a token. A draft is then as good as a compressor's
prediction of the text: the chances that it carries can be believed, and evidence that agrees counts
for more than either alone.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from math import exp, log
from typing import NamedTuple

RATE = 0.02
"""Of the gradient descent."""

START = 0.25
"""Weight of a witness at first: several that agree are not independent."""

PRIOR = (0.5, 0.2, 0.05)
"""Believed at first of what a witness expects first, second, and not."""

STEADY = 250
"""Proposals after which a count changes no more slowly."""

CERTAIN = 1e-4
"""No chance is nearer to 0 or 1."""

LOOKED_AT = 12
"""Tokens that are weighed in one place, at most."""


NOBODY = -1
"""Expected where a witness knows only that something else will come; no token."""


class Evidence(NamedTuple):
    """What one witness expects in a place."""

    witness: Hashable
    """It has a weight."""
    state: int
    """How sure it is; what that is worth is learned for each state."""
    first: int
    """A token, or :data:`NOBODY`."""
    second: int | None = None
    """What it expects if not the first."""


class Foreseen(NamedTuple):
    """A token that may come next."""

    token: int
    chance: float


class _Share:
    """How often something came true; recent times count for more."""

    __slots__ = ("chance", "seen")

    def __init__(self, chance: float) -> None:
        self.chance = chance
        self.seen = 0

    def add(self, hit: bool) -> None:
        self.seen = min(self.seen + 1, STEADY)
        chance = self.chance + (hit - self.chance) / (self.seen + 1.5)
        self.chance = min(max(chance, CERTAIN), 1 - CERTAIN)


class _Weighed(NamedTuple):
    """A token with what was taken into account."""

    token: int
    chance: float
    inputs: list[tuple[Hashable, float, _Share]]
    """Witness, its log-odds, and where they are counted."""


class Mixer:
    """Learns from every text of a run, token by token."""

    def __init__(self) -> None:
        self._shares: dict[tuple[Hashable, int, int], _Share] = {}
        self._weights: dict[Hashable, dict[Hashable, float]] = defaultdict(
            lambda: defaultdict(lambda: START)
        )

    def foreseen(self, evidence: Sequence[Evidence], regime: Hashable) -> list[Foreseen]:
        """Tokens by their chance, the likeliest first; all chances together are at most 1.

        Evidence comes in the order of its strength, the weakest first. Weights are learned for
        each ``regime`` apart: with a long match other witnesses are to be heard than without.
        """
        weighed = self._weighed(evidence, regime)
        # Each was asked for alone, and only one of them can come.
        total = max(sum(one.chance for one in weighed), 1.0)
        found = [Foreseen(one.token, one.chance / total) for one in weighed]
        return sorted(found, key=lambda one: -one.chance)

    def learn(self, evidence: Sequence[Evidence], regime: Hashable, said: int) -> None:
        """What the target said where this was the evidence."""
        weights = self._weights[regime]
        for one in self._weighed(evidence, regime):
            hit = one.token == said
            step = RATE * (hit - one.chance)
            for witness, odds, share in one.inputs:
                weights[witness] += step * odds
                share.add(hit)

    def _weighed(self, evidence: Sequence[Evidence], regime: Hashable) -> list[_Weighed]:
        tokens: dict[int, None] = {}
        for one in reversed(evidence):
            tokens |= {token: None for token in (one.first, one.second) if token is not None}
        tokens.pop(NOBODY, None)
        weights = self._weights[regime]
        found = []
        for token in list(tokens)[:LOOKED_AT]:
            inputs = []
            odds = 0.0
            for witness, state, first, second in evidence:
                role = 0 if token == first else 1 if token == second else 2
                share = self._shares.get((witness, state, role))
                if share is None:
                    share = self._shares[witness, state, role] = _Share(PRIOR[role])
                own = log(share.chance / (1 - share.chance))
                inputs.append((witness, own, share))
                odds += weights[witness] * own
            found.append(_Weighed(token, 1 / (1 + exp(-max(min(odds, 20), -20))), inputs))
        return found


__all__ = ["NOBODY", "Evidence", "Foreseen", "Mixer"]
