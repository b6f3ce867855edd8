"""Write a suite of tasks that were chosen from checked pairs (:mod:`hpctc.dataset.draw`).

Pairs whose C takes less than a millisecond on one thread measure call overhead, not code; the
median of HPCTransEval's published tasks takes ten microseconds. So the references are timed here,
and what the host said is kept beside the suite.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from hpctc.core import jsonl, suite
from hpctc.core.records import Pair, Task
from hpctc.core.resources import render
from hpctc.dataset.draw import Rule, choose, kind, line
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.wiring import parsed
from hpctc.graph.meaning import draw
from hpctc.native import host
from hpctc.native.compiler import compiler
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Candidate, Ended, Setup, cores

CARD = "README.md"

FIGURE = "reference_ms"
"""What the measurements call a reference's time."""

DISTRIBUTIONS = ("uniform", "special")
"""What a suite's inputs are drawn from: values in general, and those at which code branches."""

CALLS = 7
"""Of a reference on one thread; the fastest counts."""

CALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a suite is to be."""

    name: str
    description: str
    rule: Rule
    commands: tuple[str, ...] = ()
    """What made the pairs, and the suite of them, as a user would type it."""


def make_suite(
    pairs: Sequence[Pair], wanted: Wanted, out: Path, scratch: Path, runner: Path
) -> suite.Suite:
    """Choose, and write ``suite.toml``, ``tasks.jsonl``, the measurements and a card to ``out``.

    What took how long on this host ``out`` may know already; the rest is timed.
    """
    facts = host.facts()
    before = _times(out, facts)

    def milliseconds(pair: Pair) -> float | None:
        return before[pair.id] if pair.id in before else reference_ms(pair, scratch, runner)

    timed = _named(choose(pairs, wanted.rule, milliseconds))
    chosen = suite.Suite(
        name=wanted.name,
        description=wanted.description,
        profile="medium" if wanted.rule.least_ms >= 1 else "small",
        distributions=DISTRIBUTIONS,
        tasks=tuple(Task.make(of=p.id, suite=wanted.name, name=p.name, pair=p) for p, _ in timed),
    )
    suite.write(chosen, out)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    jsonl.write(
        out / MEASUREMENTS,
        [
            Measurement.make(
                of=pair.id, date=now, seconds={}, host=facts, figures={FIGURE: round(ms, 6)}
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


def _times(folder: Path, facts: Mapping[str, str]) -> dict[str, float]:
    """What a suite in the folder took on this host: pair id -> milliseconds."""
    if not (folder / MEASUREMENTS).is_file():
        return {}
    known = jsonl.read(folder / MEASUREMENTS, Measurement)
    return {m.of: m.figures[FIGURE] for m in known if m.host == facts and FIGURE in m.figures}


def _named(timed: Sequence[tuple[Pair, float]]) -> list[tuple[Pair, float]]:
    """The pairs under names that no two share; pairs of several folders may have met.

    An operator goes by its own name, without the number that its pair may have had.
    """
    used: set[str] = set()
    named = []
    for pair, ms in timed:
        own = line(pair).partition(" ")[2] if kind(pair) == "operators" else ""
        stem = own if own and pair.name.rpartition("_")[0] == own else pair.name
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        name = next(name for name in names if name not in used)
        used.add(name)
        named.append((replace(pair, name=name), ms))
    return named
