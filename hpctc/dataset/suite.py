"""Choose the tasks of a suite from checked pairs: every class, many families, enough work to time.

Pairs whose C takes less than a millisecond on one thread measure call overhead, not code; the
median of HPCTransEval's published tasks takes ten microseconds. So the references are timed here,
and what the host said is kept beside the suite.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hpctc.core import jsonl, suite
from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES, Pair, Task
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.split import skeleton
from hpctc.graph.meaning import draw
from hpctc.graph.text import parse
from hpctc.native import host
from hpctc.native.compiler import compiler
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Candidate, Ended, Setup, cores

CALLS = 7
"""Of a reference on one thread; the fastest counts."""

CALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a suite is to be."""

    name: str
    description: str
    tasks: int
    least_ms: float
    """Time of the reference on one thread."""


def choose(
    pairs: Iterable[Pair],
    wanted: Wanted,
    milliseconds: Callable[[Pair], float | None],
) -> list[tuple[Pair, float]]:
    """Take the classes in turn, each time the first pair of a family that is not there yet.

    ``milliseconds`` times a pair's C on one thread (None: it does not run); it is asked only for
    pairs that are about to be taken. Fewer pairs than are wanted are an error that says what is
    missing.
    """
    waiting = {c: [p for p in pairs if p.category == c] for c in CATEGORIES}
    taken: list[tuple[Pair, float]] = []
    families: set[str] = set()
    while len(taken) < wanted.tasks and any(waiting.values()):
        for category in CATEGORIES:
            found = _next(waiting[category], families, wanted.least_ms, milliseconds)
            if found is not None and len(taken) < wanted.tasks:
                taken.append(found)
                families.add(skeleton(found[0].graph))
    if len(taken) < wanted.tasks:
        raise UsageError(
            f"there are {len(taken)} pairs for {wanted.tasks} tasks of {wanted.least_ms:g} ms "
            "or more on one thread, no two of one family",
            "ask for fewer tasks, or make more pairs: hpctc generate ... --size medium",
        )
    return taken


def make_suite(
    pairs: Sequence[Pair], wanted: Wanted, out: Path, scratch: Path, runner: Path
) -> suite.Suite:
    """Choose, and write ``suite.toml``, ``tasks.jsonl`` and the measurements to ``out``."""
    timed = choose(list(pairs), wanted, lambda pair: reference_ms(pair, scratch, runner))
    chosen = suite.Suite(
        name=wanted.name,
        description=wanted.description,
        profile="medium" if wanted.least_ms >= 1 else "small",
        tasks=tuple(
            Task.make(of=p.id, suite=wanted.name, name=p.name, pair=p) for p, _ in _named(timed)
        ),
    )
    suite.write(chosen, out)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    facts = host.facts()
    jsonl.write(
        out / MEASUREMENTS,
        [
            Measurement.make(
                of=pair.id, date=now, seconds={}, host=facts, figures={"reference_ms": round(ms, 3)}
            )
            for pair, ms in timed
        ],
    )
    return chosen


def reference_ms(pair: Pair, scratch: Path, runner: Path) -> float | None:
    """Milliseconds of the fastest of some calls on one thread; None where the C does not run."""
    built = compiler().build(pair.c_code, scratch)
    if built.library is None:
        return None
    inputs = draw(parse(pair.graph), 1)
    setup = Setup(runner, Limits(wall_seconds=CALL_SECONDS), cores(1))
    given, made = Arena(pair.inputs, writable=False), Arena(pair.outputs, writable=True)
    with given, made, Candidate(setup, built.library, pair.entry, given, made) as child:
        given.store([inputs[t.name] for t in pair.inputs])
        times = []
        for turn in range(CALLS):
            made.poison(turn)
            called = child.call()
            if isinstance(called, Ended):
                return None
            times.append(called.child_ns)
    return min(times) / 1e6


def _next(
    waiting: list[Pair],
    families: set[str],
    least_ms: float,
    milliseconds: Callable[[Pair], float | None],
) -> tuple[Pair, float] | None:
    """Take pairs off the list until one is new and slow enough."""
    while waiting:
        pair = waiting.pop(0)
        if skeleton(pair.graph) in families:
            continue
        taken = milliseconds(pair)
        if taken is not None and taken >= least_ms:
            return pair, taken
    return None


def _named(timed: Sequence[tuple[Pair, float]]) -> list[tuple[Pair, float]]:
    """The pairs under names that no two share; pairs of several folders may have met."""
    used: dict[str, int] = {}
    named = []
    for pair, ms in timed:
        count = used[pair.name] = used.get(pair.name, 0) + 1
        name = pair.name if count == 1 else f"{pair.name}-{count}"
        named.append((replace(pair, name=name), ms))
    return named
