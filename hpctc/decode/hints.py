"""Walks along a hint: where the text stands in it, and what is called otherwise there.

A hint is a text that the answer resembles: the rule transpiler's C of this very kernel, or a
neighbour's. The answer leaves it (another name, another constant, a line more) and comes back. So
the walk keeps a position, finds it again after a mismatch by the longest suffix of the answer that
occurs in the hint, near where it was, and remembers what stood in the place of what.
"""

from collections import defaultdict
from collections.abc import Sequence

LONGEST = 8
"""Tokens by which a place is looked for, at most."""

REACH = 64
"""How far ahead of the last place a short match is still believed."""


class Walk:
    """One answer beside one hint."""

    def __init__(self, hint: Sequence[int], least: int, begun: bool = True) -> None:
        """``begun``: the answer is expected to begin as the hint does."""
        self.hint = tuple(hint)
        self.least = least
        """A match of fewer tokens is believed only near the last place."""
        self.at = 0
        """The index of the hint's token that should come next."""
        self.agreed = int(begun)
        """Tokens in a row that came as foreseen; 0: the walk is lost."""
        self.renamed: dict[int, int] = {}
        """Token of the hint -> what the answer wrote instead the last time."""
        self._places: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for end in range(1, len(self.hint) + 1):
            for length in range(1, min(LONGEST, end) + 1):
                self._places[self.hint[end - length : end]].append(end)
        self._missed: int | None = None

    def word(self, at: int) -> int | None:
        """A token of the hint, in the answer's names; None behind its end."""
        if at >= len(self.hint):
            return None
        return self.renamed.get(self.hint[at], self.hint[at])

    def read(self, token: int, text: Sequence[int]) -> None:
        """The answer goes on with ``token``, the last of ``text``."""
        if self.agreed and self.at < len(self.hint):
            expected = self.hint[self.at]
            if token == self.renamed.get(expected, expected):
                self.at += 1
                self.agreed += 1
                return
            if token == expected:  # the renaming was for one place only
                del self.renamed[expected]
                self.at += 1
                self.agreed += 1
                return
        self._recover(token, text)

    def _recover(self, token: int, text: Sequence[int]) -> None:
        """Find the place again; a single token between two that agree was renamed."""
        missed, before = self._missed, self.at
        if missed is not None and missed + 1 < len(self.hint) and token == self.hint[missed + 1]:
            self.renamed[self.hint[missed]] = text[-2]
            self.at, self.agreed, self._missed = missed + 2, 1, None
            return
        self._missed = before if self.agreed else None
        self.agreed = 0
        for length in range(min(LONGEST, len(text)), 0, -1):
            ends = self._places.get(tuple(text[-length:]), ())
            near = [e for e in ends if -REACH // 4 <= e - before <= REACH]
            if near or (ends and length >= self.least):
                self.at = min(near or ends, key=lambda e: (abs(e - before), e < before))
                self.agreed = 1 if length >= 2 else 0
                return


__all__ = ["Walk"]
