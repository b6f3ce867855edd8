"""Graphs in, checked pairs out: the half of the road that makes datasets.

:mod:`hpctc.flow.work` lists the graphs; each is lowered, compiled, run, compared and judged in a
forked child, so that whatever kills it costs one graph; the outcomes are appended in the order of
the work list.
"""

import datetime
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair
from hpctc.dataset.check import How, check
from hpctc.dataset.device import insist
from hpctc.dataset.folder import Failure, Folder, Measurement, Settings, Stage
from hpctc.dataset.rejection import Rejected
from hpctc.flow.oracle import strength
from hpctc.flow.siblings import DOUBLE, Siblings
from hpctc.flow.work import Item, Plan, Source, items
from hpctc.graph.cost import flops
from hpctc.graph.text import parse
from hpctc.lower import worker
from hpctc.lower.effort import Effort
from hpctc.native import host
from hpctc.native.compiler import find
from hpctc.sandbox.launcher import build as build_runner

SECONDS = 120.0
"""What one graph may take, all stages together and tuning aside."""

PER_OPERATION = 5e-9
"""Seconds on top for every operation of the largest graph: the meaning of each of its trials is
computed some four times in float64, its C and the transpiled CUDA a few times more."""

ORACLE_SECONDS = 240.0
"""What one pair's mutants may take on top."""

FUNCTIONS = 12
"""Fused functions of one graph for whose tuning there is time."""

HERE = "hpctc.flow.generation"
"""What the children need besides the lowering, so that it is imported once."""

WARM = "hpctc.dataset.check:warm"
"""What loads the rest for all children."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a child sends back: an outcome, and what making it took."""

    outcome: Pair | Failure
    seconds: Mapping[str, float]
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after one more outcome."""

    outcome: Pair | Failure
    pairs: int
    failures: int
    resumed: bool
    """Whether the outcome was there already from a run before."""


def generate(
    settings: Settings,
    found: Sequence[Source],
    out: Path,
    jobs: int = 1,
    database: Path | None = None,
) -> Iterator[Progress]:
    """Make the pairs that ``settings`` ask for in the folder ``out``; go on where it stopped.

    ``database`` is the file in which measured schedules are kept; without one, every run measures
    anew.
    """
    effort = Effort.parse(settings.effort)
    find("gcc")  # what is missing would otherwise be every graph's failure
    insist(settings.cuda_check)
    listed = items(found, _plan(settings))
    with Folder(out, settings) as folder, tempfile.TemporaryDirectory(prefix="hpctc-") as scratch:
        how = How(Path(scratch), build_runner(Path(scratch)), cuda=settings.cuda_check)
        seconds = SECONDS + FUNCTIONS * effort.seconds + PER_OPERATION * _largest(found)
        seconds += ORACLE_SECONDS if settings.oracle is not None else 0.0
        known = database if effort.trials else None
        lowering = worker.TUNING if effort.trials else worker.LOWERING
        workers = worker.Workers(jobs, seconds, preload=(*lowering, HERE, WARM))
        pairs = failures = 0
        work = partial(make, how, known, settings.oracle)
        for outcome, resumed in _outcomes(listed, folder, workers, work):
            made = isinstance(outcome, Pair)
            pairs, failures = pairs + made, failures + (not made)
            yield Progress(outcome, pairs, failures, resumed)
            if pairs == settings.count:
                return


def make(how: How, database: Path | None, least: float | None, item: Item) -> Made:
    """Lower one graph and check the pair: the work of one child."""
    from hpctc.lower.cpu.database import Database  # imports TVM, which the parent never needs
    from hpctc.lower.pair import lower
    from hpctc.lower.variant import read

    clock = _Clock()
    effort = Effort.parse(item.provenance.effort)
    try:
        known = Database(database) if database is not None else None
        variant = read(item.provenance.variant)
        pair = lower(parse(item.graph), effort, item.provenance, known, variant)
    except HpctcError as problem:
        return Made(_failure(item, "lower", problem.message, problem.hint), clock.seconds, {})
    clock.lap("lower")
    checked = check(pair, how, clock.lap)
    if isinstance(checked, Rejected):
        failure = _failure(item, checked.stage, checked.reason, checked.detail)
        return Made(failure, clock.seconds, {})
    figures = dict(checked.figures)
    if least is not None:
        found = strength(pair, how.folder, how.runner)
        clock.lap("oracle")
        if found.strength is None or found.strength < least:
            missed = found.missed[0] if found.missed else found.reason
            failure = _failure(item, "admission", "its inputs notice too few mistakes", missed)
            return Made(failure, clock.seconds, {})
        figures["oracle_strength"] = found.strength
    return Made(replace(pair, name=item.name, checks=checked.checks), clock.seconds, figures)


def _outcomes(
    listed: Iterator[Item],
    folder: Folder,
    workers: worker.Workers,
    work: Callable[[Item], Made],
) -> Iterator[tuple[Pair | Failure, bool]]:
    """What is there already, then what is made, in the order of the work list."""
    first = None
    told, siblings = folder.told(), Siblings()
    for item in listed:
        if (known := told.of(item.name)) is None:
            first = item
            break
        siblings.meet(item, known)
        yield known, True
    if first is None:
        return
    facts = host.facts()
    with workers:
        for item, made in workers.map(work, chain([first], listed), ordered=True):
            if isinstance(made, worker.Failure):
                made = Made(_broken(item, made), {}, {})
            if (double := siblings.meet(item, made.outcome)) is not None:
                made = Made(_failure(item, "admission", DOUBLE, double), {}, {})
            folder.land(made.outcome, _measurement(made, facts))
            yield made.outcome, False


def _largest(found: Sequence[Source]) -> int:
    """Operations of the largest graph that is listed; what is drawn has a size of its own."""
    return max((flops(graph) for source in found for _, graph in source.graphs), default=0)


def _plan(settings: Settings) -> Plan:
    return Plan(
        settings.count, settings.seed, settings.size, settings.rewrites, settings.effort,
        settings.engine, settings.variants,
    )  # fmt: skip


def _measurement(made: Made, facts: Mapping[str, str]) -> Measurement | None:
    if not isinstance(made.outcome, Pair):
        return None
    return Measurement.make(
        of=made.outcome.id,
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds={stage: round(s, 3) for stage, s in made.seconds.items()},
        host=facts,
        figures=made.figures,
    )


def _failure(item: Item, stage: Stage, reason: str, detail: str) -> Failure:
    return Failure.make(
        graph=item.graph,
        name=item.name,
        source=item.provenance.source,
        stage=stage,
        reason=reason,
        detail=_steady(detail),
    )


def _broken(item: Item, failure: worker.Failure) -> Failure:
    """A child that gave no result: only the lowering can do that, the C runs elsewhere."""
    kind, _, words = failure.reason.partition(": ")
    return _failure(item, "lower", kind, words)


def _steady(text: str) -> str:
    """The text without what differs from run to run: addresses and scratch folders."""
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", text)
    return re.sub(r"/tmp/[\w./-]+", "/tmp/...", text)[:1000]


class _Clock:
    """Wall seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """What passed since the lap before belongs to ``stage``."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now
