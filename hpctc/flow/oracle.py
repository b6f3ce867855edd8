"""The strength of a suite's inputs, task by task, kept beside the suite and in its tasks."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hpctc.audit.strengths import LEAST
from hpctc.core import jsonl, suite
from hpctc.core.records import Pair
from hpctc.core.resources import render
from hpctc.dataset.suite import CARD, DISTRIBUTIONS
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.oracle import (
    CALL_SECONDS,
    FILE,
    MUTANTS,
    Oracle,
    oracle,
    oracles,
    with_strength,
)
from hpctc.native.compiler import compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.layers import choose
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores

FLAGS = "gcc{flags='-O1 -march=native'}"
"""Mutants are judged, not timed; without OpenMP their mistakes come out the same every time."""

ADMISSION = suite.Suite(
    name="admission",
    description="what a pair is tried on before it belongs to a suite",
    profile="small",
    seeds=(1, 2),
    distributions=DISTRIBUTIONS,
)

Watch = Callable[[str, int, Iterable[Any]], Iterator[Any]]


def measure(
    folder: Path,
    mutants: int = MUTANTS,
    jobs: int = 1,
    sandbox: str = "jail",
    watch: Watch | None = None,
) -> list[Oracle]:
    """Judge the mutants of every task of the suite in ``folder``; go on where it stopped.

    ``oracle.jsonl`` grows by a line a task; the tasks get their strengths at the end. Behind
    them stands what it says of pairs that are tasks no more.
    """
    chosen = suite.load(str(folder))
    with tempfile.TemporaryDirectory(prefix="hpctc-") as scratch:
        at = bench(Path(scratch), chosen.call_seconds, jobs, sandbox)
        with jsonl.Appender(folder / FILE, Oracle) as file:
            done = {o.of for o in _comparable(file.records, chosen, mutants)}
            missing = [task for task in chosen.tasks if task.of not in done]
            found = oracles(missing, chosen, at, mutants)
            for one in watch("oracles", len(missing), found) if watch else found:
                file.add(one)
            latest = {o.of: o for o in file.records}
    kept = [latest.pop(task.of) for task in chosen.tasks]
    jsonl.write(folder / FILE, [*kept, *latest.values()])
    suite.write(with_strength(chosen, kept), folder)
    _tell(folder, chosen, kept)
    return kept


def weak(folder: Path, like: suite.Suite, least: float, mutants: int = MUTANTS) -> frozenset[str]:
    """Ids of the pairs that are too weak for a suite like this, as far as its folder knows."""
    path = folder / FILE
    known = list(jsonl.read(path, Oracle)) if path.is_file() else []
    return frozenset(
        o.of for o in _comparable(known, like, mutants) if o.strength is None or o.strength < least
    )


def _comparable(found: Iterable[Oracle], like: suite.Suite, mutants: int) -> Iterator[Oracle]:
    """Those that were measured as this suite would be."""
    how = (mutants, like.seeds, like.distributions)
    return (o for o in found if (o.asked, o.seeds, o.distributions) == how)


def _tell(folder: Path, chosen: suite.Suite, kept: Sequence[Oracle]) -> None:
    """Write what was found into the suite's card, if it has one, instead of what it said before."""
    card = folder / CARD
    if not card.is_file():
        return
    missing = [o for o in kept if o.missed or o.strength is None]
    section = render(
        "card/oracle.md.j2",
        asked=max(o.asked for o in kept),
        seeds=chosen.seeds,
        distributions=chosen.distributions,
        found=kept,
        least=LEAST,
        strong=sum(o.strength is not None and o.strength >= LEAST for o in kept),
        killed=sum(o.killed for o in kept),
        missed=sum(len(o.missed) for o in kept),
        missing=sorted(missing, key=lambda o: 2.0 if o.strength is None else o.strength),
        folder=f"evals/{chosen.name}",
    )
    heading = section.split("\n", 1)[0]
    before = card.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[0].rstrip("\n")
    card.write_text(f"{before}\n\n{section}", encoding="utf-8")


def strength(pair: Pair, scratch: Path, runner: Path, mutants: int = MUTANTS) -> Oracle:
    """Of one pair, with the inputs that every pair is admitted on."""
    setup = Setup(runner, Limits(wall_seconds=CALL_SECONDS), cores(1))
    return oracle(pair, ADMISSION, Bench(setup, compiler(FLAGS), scratch), mutants)


def bench(scratch: Path, call_seconds: float, jobs: int = 1, sandbox: str = "jail") -> Bench:
    """A bench for judging mutants, on one core."""
    runner = launcher.build(scratch)
    limits = Limits(wall_seconds=call_seconds)
    setup = Setup(runner, limits, cores(1), layers=choose(sandbox, runner))
    return Bench(setup, compiler(FLAGS), scratch, jobs)
