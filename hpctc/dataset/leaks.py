"""What a test set shares with a training set: the report that tells memory from skill.

Each pair of the test set is given its worst tie to the training set:

============  ===================================================================================
same pair     the very pair
same text     a side is the same token by token, but for the names that its writer chose
same graph    another program for the same graph, the same extents
descent       the one's graph was rewritten from the other's, or both from one
alike         a side is at least so much alike, numbers and names aside
same wiring   the same operators wired the same way at other extents
============  ===================================================================================

Records without a graph (imported rows of HPCTransEval's layout) can share texts alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from hpctc.core.records import Pair
from hpctc.dataset.hpctranseval import Published
from hpctc.dataset.similar import ALIKE, Corpus
from hpctc.dataset.wiring import graph_id, skeleton
from hpctc.syntax.tokens import normal, tokens

Tie = Literal["same pair", "same text", "same graph", "descent", "alike", "same wiring"]

TIES: tuple[Tie, ...] = get_args(Tie)
"""Worst first."""

Subject = Pair | Published


@dataclass(frozen=True, slots=True)
class Leak:
    """One pair of the test set."""

    id: str
    name: str
    tie: Tie | None
    """The worst; None: it shares nothing that counts."""
    with_id: str | None
    """Whom the tie is with; without one, the nearest. None: the training set is empty."""
    with_name: str | None
    likeness: float
    """Of the text of the nearest in the training set, whoever the tie is with."""


def leaks(train: Sequence[Subject], test: Sequence[Subject], alike: float = ALIKE) -> list[Leak]:
    """The worst tie of each record of ``test``, in its order."""
    index = [(t.id, name_of(t)) for t in train]
    shown = {tie: _by_key(train, tie) for tie in _KEYS}
    corpus = Corpus((t.cuda_code, t.c_code) for t in train)
    tests = Corpus((t.cuda_code, t.c_code) for t in test)
    found = []
    for subject, work in zip(test, tests.works, strict=True):
        near = next(iter(corpus.nearest(work, 1)), None)
        tie, partner = _worst(subject, shown)
        like = near.likeness if near else 0.0
        if like >= alike and (tie is None or TIES.index(tie) > TIES.index("alike")):
            tie, partner = "alike", None
        if partner is None and near is not None:
            partner = near.index
        there, called = index[partner] if partner is not None else (None, None)
        found.append(Leak(subject.id, name_of(subject), tie, there, called, round(like, 4)))
    return found


def strange_to(pairs: Sequence[Pair], others: Sequence[Pair]) -> list[Pair]:
    """The pairs that share nothing with any of ``others``: every tie is the same both ways."""
    found = leaks(others, pairs)
    return [pair for pair, leak in zip(pairs, found, strict=True) if leak.tie is None]


def name_of(subject: Subject) -> str:
    """What a report calls a record."""
    if isinstance(subject, Pair):
        return subject.name
    return f"{subject.group}/{subject.index} {subject.op_name}"


def _worst(
    subject: Subject, shown: Mapping[Tie, Mapping[str, int]]
) -> tuple[Tie | None, int | None]:
    for tie in _KEYS:
        for key in _KEYS[tie](subject):
            if key in shown[tie]:
                return tie, shown[tie][key]
    return None, None


def _by_key(train: Sequence[Subject], tie: Tie) -> dict[str, int]:
    """Key -> the first record of the training set that has it."""
    made: dict[str, int] = {}
    for index, subject in enumerate(train):
        for key in _KEYS[tie](subject):
            made.setdefault(key, index)
    return made


def _ids(subject: Subject) -> Iterator[str]:
    yield subject.id


def _texts(subject: Subject) -> Iterator[str]:
    yield f"cuda {normal(tokens(subject.cuda_code))}"
    yield f"c {normal(tokens(subject.c_code))}"


def _graphs(subject: Subject) -> Iterator[str]:
    if isinstance(subject, Pair):
        yield graph_id(subject.graph)


def _descent(subject: Subject) -> Iterator[str]:
    """Its own names as a parent, and its parents'."""
    if isinstance(subject, Pair):
        yield from (subject.id, graph_id(subject.graph), *subject.provenance.parents)


def _wiring(subject: Subject) -> Iterator[str]:
    if isinstance(subject, Pair):
        yield skeleton(subject.graph)


_KEYS: Mapping[Tie, Callable[[Subject], Iterator[str]]] = {
    "same pair": _ids,
    "same text": _texts,
    "same graph": _graphs,
    "descent": _descent,
    "same wiring": _wiring,
}  # two records are tied where they share a key; in the order of TIES


__all__ = ["TIES", "Leak", "Subject", "Tie", "leaks", "name_of", "strange_to"]
