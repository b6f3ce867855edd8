"""How well the inputs of our own records tell wrong programs from right ones.

Nothing is measured here: a suite keeps the strengths of ``hpctc dataset oracle`` in its tasks, a
folder of pairs those of ``hpctc generate --oracle`` in its measurements. Records of the published
layout have none. They are read when they are shown, not kept with an audit: measured again, they
change while the record stays the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hpctc.audit.findings import Audit, Finding
from hpctc.core import jsonl, suite
from hpctc.core.records import Pair
from hpctc.dataset.folder import MEASUREMENTS, PAIRS, Measurement

LEAST = 0.95
"""A weaker record is a finding: more than one wrong program in twenty would pass."""

Strengths = Mapping[str, float]
"""Pair id -> share of the mutants of its C that its inputs tell apart; absent: not measured."""


def strengths(word: str) -> Strengths:
    """What is stored of the records under a path, or under the name of a suite that ships."""
    path = Path(word)
    if (path / "suite.toml").is_file() or (not path.exists() and word in suite.names()):
        tasks = suite.load(word).tasks
        return {t.of: t.oracle_strength for t in tasks if t.oracle_strength is not None}
    if (path / PAIRS).is_file() and (path / MEASUREMENTS).is_file():
        stored = jsonl.read(path / MEASUREMENTS, Measurement)
        return {m.of: m.figures[FIGURE] for m in stored if FIGURE in m.figures}
    return {}


FIGURE = "oracle_strength"
"""What ``hpctc generate --oracle`` calls it."""


@dataclass(frozen=True)
class Told:
    """The strengths of some audited records."""

    known: Strengths
    pairs: frozenset[str]
    """Ids of those that are ours, and so could have one."""

    @classmethod
    def of(cls, word: str, found: Sequence[object]) -> "Told":
        """Of the records that were found under a path."""
        ours = frozenset(s.id for s in found if isinstance(s, Pair))
        return cls(strengths(word) if ours else {}, ours)

    @property
    def missing(self) -> int:
        """Of how many records nobody measured it."""
        return len(self.pairs - self.known.keys())

    def judged(self, audits: Sequence[Audit]) -> list[Audit]:
        """The audits, with a finding more where the record is weak."""
        return [a.with_more(_weak(self.known.get(a.of))) for a in audits]


def _weak(strength: float | None) -> list[Finding]:
    if strength is None or strength >= LEAST:
        return []
    words = f"its inputs notice {strength:.1%} of the changes to its C that matter"
    return [Finding(kind="weak oracle", detail=f"{words}; below {LEAST:.0%} a wrong answer passes")]
