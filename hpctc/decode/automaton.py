"""A suffix automaton that grows token by token (Blumer et al., 1985).

It answers in amortised constant time: which is the longest suffix of what was read that occurred
before, and where did that occurrence end?
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class _Node:
    length: int
    link: int = -1
    next: dict[int, int] = field(default_factory=dict)
    end: int = -1
    """Where the latest occurrence that was recorded ends: the index after its last token."""


class Automaton:
    """All substrings of a sequence, and the longest one that a second sequence is in the middle of.

    :meth:`extend` adds a token to the sequence; :meth:`follow` moves the match along a token that
    was read elsewhere; :meth:`read` does both for a text that is searched in itself.
    """

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self._nodes = [_Node(0)]
        self._last = 0
        self._at = 0
        self.matched = 0
        """Length of the longest suffix of what was read that occurs in the sequence."""

    def extend(self, token: int) -> None:
        """Append a token to the sequence."""
        nodes = self._nodes
        self.tokens.append(token)
        made = len(nodes)
        nodes.append(_Node(nodes[self._last].length + 1, end=len(self.tokens)))
        at = self._last
        while at != -1 and token not in nodes[at].next:
            nodes[at].next[token] = made
            at = nodes[at].link
        if at == -1:
            nodes[made].link = 0
        else:
            nodes[made].link = self._split(at, token)
        self._last = made

    def _split(self, at: int, token: int) -> int:
        """The node for the suffix that ends before and here; cloned where it stood for more."""
        nodes = self._nodes
        there = nodes[at].next[token]
        if nodes[there].length == nodes[at].length + 1:
            return there
        clone = len(nodes)
        old = nodes[there]
        nodes.append(_Node(nodes[at].length + 1, old.link, dict(old.next), old.end))
        while at != -1 and nodes[at].next.get(token) == there:
            nodes[at].next[token] = clone
            at = nodes[at].link
        nodes[there].link = clone
        if self._at == there and self.matched <= nodes[clone].length:
            self._at = clone
        return clone

    def follow(self, token: int) -> None:
        """Move the match along a token that was read."""
        nodes = self._nodes
        while self._at and token not in nodes[self._at].next:
            self._at = nodes[self._at].link
            self.matched = nodes[self._at].length
        if token in nodes[self._at].next:
            self._at = nodes[self._at].next[token]
            self.matched += 1

    def read(self, token: int) -> None:
        """Follow a token of the sequence itself, then append it."""
        if self._at:
            # The occurrence that is being left: the next search should find the latest one.
            self._nodes[self._at].end = len(self.tokens)
        self.follow(token)
        self.extend(token)

    def continuation(self, count: int) -> list[int]:
        """``count`` tokens that followed an earlier occurrence of the match, if there was one.

        Where they reach the end of the sequence they go on with themselves, as a copy of LZ77
        (Ziv and Lempel, 1977) does: what repeats itself goes on to do so.
        """
        if self.matched == 0:
            return []
        end = self._nodes[self._at].end
        period = len(self.tokens) - end
        return [self.tokens[end + i % period] for i in range(count)] if period else []


__all__ = ["Automaton"]
