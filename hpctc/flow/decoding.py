"""Decoding strategies on the prompts of a suite: what was measured is kept, the rest goes on."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from rich.table import Table

from hpctc.core import suite as suites
from hpctc.core.errors import UsageError
from hpctc.core.jsonl import Appender
from hpctc.core.records import Prompt, Task
from hpctc.models.hf.bench import GENERATE, Bench, Sample
from hpctc.prompt import render
from hpctc.score import Estimate, geometric_mean

BUILD = render.How("gcc -O3 -march=native -fopenmp", 2)
"""What the prompts say of the compiler: the same on every machine."""


def chosen(suite: str, only: Sequence[str]) -> list[tuple[Prompt, Task]]:
    """The prompts of the tasks whose names match one of the globs; of all, if there is none."""
    tasks = [
        task
        for task in suites.load(suite).tasks
        if not only or any(fnmatch(task.name, glob) for glob in only)
    ]
    if not tasks:
        raise UsageError(f"no task of {suite} is called {' or '.join(only)}")
    return list(zip(render.prompts(tasks, BUILD), tasks, strict=True))


def race(
    bench: Bench,
    asked: Sequence[tuple[Prompt, Task]],
    place: Path | None,
    tell: Callable[[Sample, int, bool], None],
) -> list[Sample]:
    """All strategies on all prompts; those that ``place`` holds already are not run again.

    A prompt's samples are written when all of them are there, so that after a kill no prompt is
    left whose strategies ran at different times. ``tell`` is given each sample, the number of its
    prompt, and whether it was measured now.
    """
    kept: Appender[Sample] | None = Appender(place, Sample) if place is not None else None
    try:
        known = {s.id: s for s in kept.records} if kept else {}
        found: list[Sample] = []
        for number, (prompt, task) in enumerate(asked):
            ids = [bench.id(prompt, name) for name in bench.names]
            fresh = not all(id in known for id in ids)
            made = bench.run(prompt, task, number) if fresh else [known[id] for id in ids]
            for sample in made:
                found.append(kept.add(sample) if kept else sample)
                tell(sample, number, fresh)
        return found
    finally:
        if kept:
            kept.close()


def table(found: Sequence[Sample]) -> Table:
    """One line a strategy; the ratio is the geometric mean over prompts, of pairs, with 95 %."""
    base = {s.of: s for s in found if s.strategy == GENERATE}
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("strategy", overflow="fold")
    for column in ("tokens/s", "/pass", f"times {GENERATE} [95 %]", "identical"):
        made.add_column(column, justify="right", no_wrap=True)
    for name in dict.fromkeys(s.strategy for s in found):
        mine = [s for s in found if s.strategy == name]
        tokens, seconds = sum(s.tokens for s in mine), sum(s.seconds for s in mine)
        passes = [s.passes for s in mine if s.passes]
        made.add_row(
            name,
            f"{tokens / seconds:.2f}",
            f"{tokens / sum(passes):.2f}" if passes else "-",
            _ratio(geometric_mean([base[s.of].seconds / s.seconds for s in mine])),
            f"{sum(s.identical for s in mine)} of {len(mine)}",
        )
    return made


def _ratio(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


__all__ = ["chosen", "race", "table"]
