"""Audits records in forked children: one that crashes or hangs costs itself alone.

The audits are appended to a file as they are made, keyed by record, so that an interrupted run goes
on where it stopped.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hpctc import __version__
from hpctc.audit.call import Setup, caller
from hpctc.audit.duplicates import with_duplicates
from hpctc.audit.examine import Limits
from hpctc.audit.findings import Audit, Finding
from hpctc.audit.pairs import audit_pair
from hpctc.audit.published import audit_published
from hpctc.audit.subjects import Subject, name
from hpctc.core import jsonl
from hpctc.core.records import Pair
from hpctc.lower import worker
from hpctc.native.compiler import find
from hpctc.sandbox.launcher import build as build_runner

AUDITS = "audits.jsonl"

HERE = "hpctc.flow.auditing"

GRACE = 60.0
"""Seconds beyond a record's own, for finding its launches and for compiling."""


@dataclass(frozen=True)
class Wanted:
    """How to audit."""

    limits: Limits
    jobs: int = 1
    out: Path | None = None
    """Folder in which the audits are kept; None: they are not."""


Watch = Callable[[str, int, Iterable[Audit]], Iterable[Audit]]
"""Given a stage, how many records it has and the records as they are made, hands them on."""


def audit(found: Sequence[Subject], how: Wanted, watch: Watch) -> list[Audit]:
    """The audits of all records in their order; those that are there already are not made again."""
    for program in ("gcc", "g++"):
        find(program)
    with tempfile.TemporaryDirectory(prefix="hpctc-audit-") as scratch:
        place = how.out if how.out is not None else Path(scratch)
        with jsonl.Appender(place / AUDITS, Audit) as kept:
            done = {a.id: a for a in kept.records}
            made = {s.id: done[i] for s in found if (i := _id(s, how.limits)) in done}
            missing = [s for s in found if s.id not in made]
            fresh = _made(missing, how, Path(scratch))
            for one in watch("audit", len(missing), fresh):
                # An audit that was lost is tried again by the next run.
                made[one.of] = one if one.parses is None else kept.add(one)
    return with_duplicates([made[s.id] for s in found])


def audit_one(how: Setup, limits: Limits, subject: Subject) -> Audit:
    """One record: the work of one child."""
    if isinstance(subject, Pair):
        return audit_pair(subject, how, limits, __version__)
    return audit_published(subject, how, limits, __version__)


def _made(missing: Sequence[Subject], how: Wanted, scratch: Path) -> Iterator[Audit]:
    if not missing:
        return
    setup = Setup(scratch, build_runner(scratch))
    caller(scratch)
    seconds = how.limits.seconds + GRACE
    workers = worker.Workers(how.jobs, seconds, how.limits.memory, preload=(HERE,))
    with workers:
        work = partial(audit_one, setup, how.limits)
        for subject, outcome in workers.map(work, missing):
            if isinstance(outcome, worker.Failure):
                yield _lost(subject, how.limits, outcome)
            else:
                yield outcome


def _lost(subject: Subject, limits: Limits, failure: worker.Failure) -> Audit:
    """A record whose child gave no answer."""
    words = f"the audit of it ended: {failure.reason}"
    return Audit.make(
        of=subject.id,
        how=_how(limits),
        name=name(subject),
        parses=None,
        lowers=None,
        agrees=None,
        findings=(Finding(kind="not decided", detail=words),),
    )


def _how(limits: Limits) -> str:
    return f"{__version__}; {limits}"


def _id(subject: Subject, limits: Limits) -> str:
    """The id that the audit of a record has."""
    return Audit.make(
        of=subject.id, how=_how(limits), name="", parses=None, lowers=None, agrees=None
    ).id
