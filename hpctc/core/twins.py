"""Contamination twins: a task in other words, and how a record says that it is one.

A twin is a pair whose provenance has the source ``twin KIND`` and one parent, the original's id.
"""

from hpctc.core.records import Pair, Provenance

SOURCE = "twin"


def source_of(kind: str) -> str:
    """What the provenance of such a twin names as its source."""
    return f"{SOURCE} {kind}"


def kind_of(provenance: Provenance) -> str | None:
    """Which kind of twin; None: it is an original."""
    word, _, kind = provenance.source.partition(" ")
    return kind if word == SOURCE else None


def original_of(pair: Pair) -> str | None:
    """The id of the pair that this one is a twin of; None: it is an original."""
    return pair.provenance.parents[0] if kind_of(pair.provenance) is not None else None
