"""Workloads that the field talks about, as parametrised graphs: families and their sizes.

Importing this package fills :data:`hpctc.families.base.FAMILIES`: attention, long convolutions,
bipolar-integer products, recurrences, mixtures of experts, and the building blocks of published
networks (``blocks/``). A family is a function from sizes to a graph; several families may compute
the same of the same inputs (:attr:`~hpctc.families.base.Family.like`), and a test holds them
together.
"""

import difflib

from hpctc.core.errors import UsageError
from hpctc.families import (  # noqa: F401  imported for their declarations
    attention,
    bipolar,
    blocks,
    experts,
    gathers,
    longconv,
    norms,
    recurrent,
    scan,
)
from hpctc.families.base import FAMILIES, Family

__all__ = ["FAMILIES", "Family", "get", "matching"]


def get(name: str) -> Family:
    """The family of that name; an unknown one is an error that names the nearest."""
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, 2)
        raise UsageError(
            f"there is no family {name!r}",
            f"did you mean {' or '.join(near)}?"
            if near
            else f"'hpctc families' lists all {len(FAMILIES)}",
        )
    return FAMILIES[name]


def matching(word: str) -> list[Family]:
    """The family of that name, or all whose names begin with ``word.``: ``attention``."""
    found = [f for name, f in FAMILIES.items() if name.startswith(f"{word}.")]
    return found or [get(word)]
