"""Choose the tasks of a suite from checked pairs: every class, many families, enough work to time.

Pairs whose C takes less than a millisecond on one thread measure call overhead, not code; the
median of HPCTransEval's published tasks takes ten microseconds. So the references are timed here,
and what the host said is kept beside the suite.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from hpctc.core import jsonl, suite
from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES, Pair, Task
from hpctc.core.resources import render
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.wiring import parsed, skeleton
from hpctc.graph.meaning import draw
from hpctc.native import host
from hpctc.native.compiler import compiler
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Candidate, Ended, Setup, cores

CARD = "README.md"

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
    commands: tuple[str, ...] = ()
    """What made the pairs, and the suite of them, as a user would type it."""


def choose(
    pairs: Sequence[Pair],
    wanted: Wanted,
    milliseconds: Callable[[Pair], float | None],
) -> list[tuple[Pair, float]]:
    """Take the classes in turn: first a pair of every family, then relatives of what is there.

    ``milliseconds`` times a pair's C on one thread (None: it does not run); it is asked only for
    pairs that are about to be taken. Too few pairs are a :class:`UsageError`.
    """
    taken: list[tuple[Pair, float]] = []
    for waiting in _rounds(pairs):
        for pair in waiting:
            if len(taken) == wanted.tasks:
                return taken
            ms = milliseconds(pair)
            if ms is not None and ms >= wanted.least_ms:
                taken.append((pair, ms))
    if len(taken) < wanted.tasks:
        raise UsageError(
            f"there are {len(taken)} pairs for {wanted.tasks} tasks of {wanted.least_ms:g} ms "
            "or more on one thread",
            "ask for fewer tasks, or make more pairs: hpctc generate ... --size medium",
        )
    return taken


def _rounds(pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
    """The first pair of every family, then the second of each, the classes taking turns."""
    places: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        places.setdefault((pair.category, skeleton(pair.graph)), []).append(pair)
    for lap in range(max(map(len, places.values()), default=0)):
        by_class = [
            [found[lap] for (c, _), found in places.items() if c == category and lap < len(found)]
            for category in CATEGORIES
        ]
        yield [p for turn in zip_longest(*by_class) for p in turn if p is not None]


def make_suite(
    pairs: Sequence[Pair], wanted: Wanted, out: Path, scratch: Path, runner: Path
) -> suite.Suite:
    """Choose, and write ``suite.toml``, ``tasks.jsonl``, the measurements and a card to ``out``."""
    timed = _named(choose(pairs, wanted, lambda pair: reference_ms(pair, scratch, runner)))
    chosen = suite.Suite(
        name=wanted.name,
        description=wanted.description,
        profile="medium" if wanted.least_ms >= 1 else "small",
        tasks=tuple(Task.make(of=p.id, suite=wanted.name, name=p.name, pair=p) for p, _ in timed),
    )
    suite.write(chosen, out)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    facts = host.facts()
    jsonl.write(
        out / MEASUREMENTS,
        [
            Measurement.make(
                of=pair.id, date=now, seconds={}, host=facts, figures={"reference_ms": round(ms, 6)}
            )
            for pair, ms in timed
        ],
    )
    (out / CARD).write_text(_card(wanted, timed, facts["cpu"]), encoding="utf-8")
    return chosen


def _card(wanted: Wanted, timed: Sequence[tuple[Pair, float]], cpu: str) -> str:
    rows = [
        {
            "name": pair.name,
            "category": pair.category,
            "operators": ", ".join(dict.fromkeys(n.op for n in parsed(pair.graph).nodes)),
            "ms": ms,
        }
        for pair, ms in timed
    ]
    return render("card/suite.md.j2", suite=wanted, rows=rows, cpu=cpu, commands=wanted.commands)


def reference_ms(pair: Pair, scratch: Path, runner: Path) -> float | None:
    """Milliseconds of the fastest of some calls on one thread; None where the C does not run."""
    built = compiler().build(pair.c_code, scratch)
    if built.library is None:
        return None
    inputs = draw(parsed(pair.graph), 1)
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


def _named(timed: Sequence[tuple[Pair, float]]) -> list[tuple[Pair, float]]:
    """The pairs under names that no two share; pairs of several folders may have met."""
    used: dict[str, int] = {}
    named = []
    for pair, ms in timed:
        count = used[pair.name] = used.get(pair.name, 0) + 1
        name = pair.name if count == 1 else f"{pair.name}-{count}"
        named.append((replace(pair, name=name), ms))
    return named
