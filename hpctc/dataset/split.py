"""Train, validation and test such that no pair of one split has kin in another.

Kin by descent, by wiring and by text (:mod:`hpctc.dataset.kin`) form groups, and a group goes to
one split as a whole. (In HPCTransEval, 2025, training and test operators differ in their shapes
alone.) Where it goes is drawn from a hash of the seed and of the group, so it stays there when the
dataset grows around it. Two rules say what the hash is of:

``wiring``
    the group's least wiring: every group has the same chance.
``operator``
    every operator: a group with a held-out operator is held out, so training shows none of them,
    alone or inside a graph. The shares are then shares of operators.

A group that grows may still move, or reach a group of another split. Where that must not be, the
splits of an earlier release are given as ``before``: its pairs stay where they were, and a new pair
that would join two splits is left out.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hpctc.core.records import Pair
from hpctc.dataset.disjoint import Disjoint
from hpctc.dataset.kin import Kinship
from hpctc.dataset.wiring import graph_id, operator_family, parsed, skeleton

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""From shown to held out."""

By = Literal["wiring", "operator"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How pairs are split."""

    validation: int = 5
    """Percent of groups (or of operators) in ``validation``; what is left is ``train``."""
    test: int = 10
    by: By = "wiring"
    seed: int = 0
    before: Mapping[str, Split] = field(default_factory=dict)
    """Pair id -> its split in an earlier release."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Which pair is where, by position."""

    splits: Mapping[Split, tuple[int, ...]]
    left_out: tuple[int, ...]
    """Pairs with kin in several splits of the earlier release."""


def split(known: Kinship, rule: Rule) -> Placed:
    """Put whole groups into splits, each pair in its old order."""
    groups = _Groups(known, rule)
    old = [i for i, p in enumerate(known.pairs) if p.id in rule.before]
    new = [i for i, p in enumerate(known.pairs) if p.id not in rule.before]
    left_out = [i for i in (*old, *new) if not groups.take(i)]
    where = groups.splits()
    return Placed(
        {name: tuple(i for i in sorted(where) if where[i] == name) for name in SPLITS},
        tuple(left_out),
    )


class _Groups:
    """Groups of kin that grow pair by pair; some know their split already."""

    def __init__(self, known: Kinship, rule: Rule) -> None:
        self._known, self._rule = known, rule
        self._sets: Disjoint[str] = Disjoint()
        self._fixed: dict[str, Split] = {}
        """The first member of a group -> the split it has to stay in."""
        self._taken: dict[int, str] = {}
        """Position -> the pair's id."""

    def take(self, index: int) -> bool:
        """Add a pair to the group of its kin; False: it has kin in several splits."""
        pair = self._known.pairs[index]
        own = self._rule.before.get(pair.id)
        ties = [*_descent(pair), *self._texts(index)]
        found = {self._fixed[root] for t in ties if (root := self._sets.find(t)) in self._fixed}
        if own is not None:  # it stays, whatever a release with a laxer rule put elsewhere
            ties = [t for t in ties if self._fixed.get(self._sets.find(t), own) == own]
            found = {own}
        if len(found) > 1 or any(_rank(f) < _rank(self._least(pair)) for f in found - {own}):
            return False
        root = pair.id
        for tie in ties:
            root = self._sets.join(root, tie)
        if found:
            self._fixed[root] = found.pop()
        self._taken[index] = pair.id
        return True

    def splits(self) -> dict[int, Split]:
        """The split of every pair that was taken."""
        members: dict[str, list[Pair]] = {}
        for index, name in self._taken.items():
            members.setdefault(self._sets.find(name), []).append(self._known.pairs[index])
        drawn = {root: self._fixed.get(root) or self._draw(m) for root, m in members.items()}
        return {i: drawn[self._sets.find(name)] for i, name in self._taken.items()}

    def _texts(self, index: int) -> Iterator[str]:
        return (self._taken[j] for j in self._known.alike(index) if j in self._taken)

    def _draw(self, group: Sequence[Pair]) -> Split:
        if self._rule.by == "operator":
            return max(map(self._least, group), key=_rank)
        return _drawn(self._rule, min(skeleton(p.graph) for p in group))

    def _least(self, pair: Pair) -> Split:
        """The least held-out split that a pair may be in: the most held-out of its operators'."""
        if self._rule.by == "wiring":
            return "train"
        ops = {operator_family(node.op) for node in parsed(pair.graph).nodes}
        return max((_drawn(self._rule, op) for op in ops), key=_rank, default="train")


def _descent(pair: Pair) -> Iterator[str]:
    """What ties a pair to its relatives: names that they share."""
    yield skeleton(pair.graph)
    yield graph_id(pair.graph)
    yield pair.id
    yield from pair.provenance.parents


def _rank(name: Split) -> int:
    return SPLITS.index(name)


def _drawn(rule: Rule, what: str) -> Split:
    digest = hashlib.sha256(f"split {rule.seed}\n{what}".encode()).hexdigest()
    draw = int(digest[:8], 16) % 100
    if draw < rule.test:
        return "test"
    return "validation" if draw < rule.test + rule.validation else "train"


__all__ = ["SPLITS", "By", "Placed", "Rule", "Split", "split"]
