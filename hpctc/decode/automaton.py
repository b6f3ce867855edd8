"""A suffix automaton that grows token by token (Blumer et al., 1985).

It answers in amortised constant time: which is the longest suffix of what was read that occurred
before, and what followed there?
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace


@dataclass(slots=True)
class _Node:
    length: int
    link: int = -1
    next: dict[int, int] = field(default_factory=dict)
    end: int = -1
    """Where the latest occurrence that was recorded ends: the index after its last token."""


@dataclass(slots=True, eq=False)
class Place:
    """How far a reader is in the middle of something that the automaton knows."""

    node: int = 0
    matched: int = 0
    """Length of the longest suffix of what was read that occurs in the sequence."""


class Automaton:
    """All substrings of a sequence, and the longest ones that readers are in the middle of.

    :meth:`extend` adds a token to the sequence; :meth:`follow` moves a reader along a token that
    was read elsewhere; :meth:`read` does both for a text that is searched in itself.
    """

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self._nodes = [_Node(0)]
        self._last = 0
        self._readers: set[Place] = set()

    def reader(self) -> Place:
        """A new reader, who has read nothing yet."""
        place = Place()
        self._readers.add(place)
        return place

    def forget(self, place: Place) -> None:
        """A reader is done."""
        self._readers.discard(place)

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
        for place in self._readers:
            if place.node == there and place.matched <= nodes[clone].length:
                place.node = clone
        return clone

    def follow(self, place: Place, token: int) -> None:
        """Move a reader along a token."""
        nodes = self._nodes
        while place.node and token not in nodes[place.node].next:
            place.node = nodes[place.node].link
            place.matched = nodes[place.node].length
        if token in nodes[place.node].next:
            place.node = nodes[place.node].next[token]
            place.matched += 1

    def read(self, place: Place, token: int) -> None:
        """Follow a token of the sequence itself, then append it."""
        if place.node:
            # The occurrence that is being left: the next search should find the latest one.
            self._nodes[place.node].end = len(self.tokens)
        self.follow(place, token)
        self.extend(token)

    def ahead(self, place: Place, tokens: Sequence[int]) -> Place:
        """Where a reader would be after more tokens; it is not kept up when the sequence grows."""
        made = replace(place)
        for token in tokens:
            self.follow(made, token)
        return made

    def continuations(self, place: Place, count: int) -> Iterator[tuple[int, list[int]]]:
        """``(length, tokens)``: up to ``count`` tokens that followed a match of such a length.

        The longest match comes first, then shorter ones that went on otherwise. Where tokens reach
        the end of the sequence they go on with themselves, as a copy of LZ77 (Ziv and Lempel, 1977)
        does: what repeats itself goes on to do so.
        """
        seen: set[int] = set()
        at, length = place.node, place.matched
        while at > 0:
            end = self._nodes[at].end
            period = len(self.tokens) - end
            if period and self.tokens[end] not in seen:
                seen.add(self.tokens[end])
                yield length, [self.tokens[end + i % period] for i in range(count)]
            at = self._nodes[at].link
            length = self._nodes[at].length


__all__ = ["Automaton", "Place"]
