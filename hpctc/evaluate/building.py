"""Candidates become shared objects; the same compiler and flags for all, in parallel."""

from collections.abc import Iterable, Iterator

from hpctc.core.records import Build
from hpctc.evaluate.bench import Attempt, Bench, in_order


def build(attempts: Iterable[Attempt], bench: Bench) -> Iterator[Build]:
    """One record an attempt, in order; an attempt without a source is a build that failed."""
    return in_order(lambda attempt: _build(attempt, bench), attempts, bench.jobs)


def _build(attempt: Attempt, bench: Bench) -> Build:
    candidate = attempt.candidate
    compiler = str(bench.compiler)
    if candidate.source is None:
        return Build.make(of=candidate.id, compiler=compiler, ok=False, log=candidate.reason)
    built = bench.compile(candidate.source)
    return Build.make(
        of=candidate.id, compiler=compiler, ok=built.library is not None, log=built.log
    )
