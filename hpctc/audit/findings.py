"""What an audit says: the kinds of findings, and one record for each record that was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from hpctc.core.records import Record

Kind = Literal[
    "does not parse",
    "does not compile",
    "does not lower",
    "launch not inferred",
    "bad launch",
    "sizes contradict",
    "inequivalent",
    "rules differ",
    "out of bounds",
    "input written",
    "race",
    "misbehaves",
    "vacuous",
    "nan",
    "weak oracle",
    "duplicate",
    "near duplicate",
    "not decided",
]

KINDS: dict[Kind, str] = {
    "does not parse": "the C or the CUDA is no source of its language as the grammar knows it",
    "does not compile": "gcc refuses the C, or g++ the CUDA in the emulator",
    "does not lower": "the rule-based transpiler abstains from the CUDA, with its diagnostic",
    "launch not inferred": "the record has no launches, and its text does not tell them",
    "bad launch": "the recorded launches cannot be carried out as they are",
    "sizes contradict": "the record's shapes, its C and its CUDA are not of one size",
    "inequivalent": "the CUDA, emulated, computes something else than the C or the meaning",
    "rules differ": "the CUDA transpiled computes something else than the CUDA emulated",
    "out of bounds": "a side reads or writes outside of a buffer",
    "input written": "a side writes to one of its inputs",
    "race": "the result depends on the order in which threads or blocks run",
    "misbehaves": "a side crashes, deadlocks or breaks a rule of CUDA",
    "vacuous": "a program that computes nothing passes",
    "nan": "outputs are NaN on the inputs that the benchmark draws",
    "weak oracle": "its inputs tell too few wrong programs from right ones",
    "duplicate": "another record is the same but for names",
    "near duplicate": "another record is the same but for names and numbers",
    "not decided": "it could not be found out within the limits, and why",
}
"""Every kind with a sentence on it, in the order of the table."""

assert set(KINDS) == set(get_args(Kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a record."""

    kind: Kind
    detail: str
    """Which side, which buffer and element, on which inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Record):
    """What was found out about one record."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "how")
    of: str
    """The record's id."""
    how: str
    """Version and limits of the audit: under others it is made again."""
    name: str
    parses: bool | None
    lowers: bool | None
    """Whether ``rules`` makes C of the CUDA."""
    agrees: bool | None
    """Whether C, CUDA emulated and CUDA transpiled compute the same where each buffer has room for
    what is touched of it; None: that could not be found out."""
    findings: tuple[Finding, ...] = ()
    likeness: tuple[str, str] | None = None
    """Hashes of the record's texts without names, and without names and numbers."""
    seconds: float = 0.0

    def with_more(self, found: Iterable[Finding]) -> "Audit":
        """The same with further findings."""
        return replace(self, findings=(*self.findings, *found))


class Notes:
    """Collects the findings of one record; the same finding counts once."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, kind: Kind, detail: str) -> None:
        """Note a finding; of a long detail the beginning."""
        finding = Finding(kind=kind, detail=" ".join(detail.split())[:400])
        if finding not in self.found:
            self.found.append(finding)

    def replace(self, kind: Kind, by: Kind, words: str) -> None:
        """Make another kind of the findings of a kind, their details after some words."""
        self.found = [
            Finding(kind=by, detail=f"{words} {f.detail}") if f.kind == kind else f
            for f in self.found
        ]

    def has(self, *kinds: Kind) -> bool:
        """Whether there is a finding of one of the kinds."""
        return any(f.kind in kinds for f in self.found)
