"""Disjoint sets that grow together: union-find (Galler and Fischer, 1964) with path halving."""

from typing import Any, Generic, TypeVar

Member = TypeVar("Member", bound=Any)
"""Anything hashable that can be ordered."""


class Disjoint(Generic[Member]):
    """Sets of members, each known by its least one; a member that is new is a set of its own."""

    def __init__(self) -> None:
        self._above: dict[Member, Member] = {}

    def find(self, member: Member) -> Member:
        """The least member of the set that this one is in."""
        while (above := self._above.setdefault(member, member)) != member:
            self._above[member] = self._above[above]
            member = above
        return member

    def join(self, one: Member, other: Member) -> Member:
        """Make the sets of both one set, and say who is its least member."""
        a, b = self.find(one), self.find(other)
        least = min(a, b)
        self._above[max(a, b)] = least
        return least
