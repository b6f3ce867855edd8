"""Names that the C has left free."""

from collections.abc import Container
from itertools import count


def free(name: str, taken: Container[str]) -> str:
    """``name``, or the first of ``name_1``, ``name_2``, ... that is not taken."""
    if name not in taken:
        return name
    return next(n for n in (f"{name}_{i}" for i in count(1)) if n not in taken)


def claimed(name: str, taken: set[str]) -> str:
    """:func:`free`, and from now on it is taken."""
    unique = free(name, taken)
    taken.add(unique)
    return unique


__all__ = ["claimed", "free"]
