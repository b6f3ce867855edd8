"""``hpctc dataset suite``: choose the tasks of a suite from checked pairs."""

import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from hpctc.cli.progress import Shown
from hpctc.cli.typed import typed
from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES
from hpctc.core.suite import Suite
from hpctc.dataset import read
from hpctc.dataset.draw import KINDS, Kind, Rule, kind
from hpctc.dataset.folder import command_of, settings_of
from hpctc.dataset.suite import Wanted, make_suite
from hpctc.flow.drawing import draw_strong
from hpctc.sandbox.launcher import build as build_runner

TASKS = 32


@click.command("suite", short_help="Choose tasks for a suite from folders of pairs.")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder.")
@click.option("--tasks", type=click.IntRange(min=1), help=f"Of any kind.  [{TASKS}]")
@click.option("--operators", type=click.IntRange(min=1), help="Tasks of one operator each.")
@click.option("--graphs", type=click.IntRange(min=1), help="Tasks of grown graphs and families.")
@click.option("--blocks", type=click.IntRange(min=1), help="Tasks of building blocks of networks.")
@click.option("--keep", multiple=True, metavar="FOLDER", help="All its operators must be there.")
@click.option("--least-ms", default=1.0, show_default=True, help="Of the C on one thread.")
@click.option("--most-ms", default=float("inf"), help="Of the C on one thread.  [no limit]")
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Measure each task by mutants, and replace what notices a smaller share of them.",
)
@click.option("--jobs", type=click.IntRange(1), help="Tasks measured at once.  [all cores]")
@click.option("--name", "label", help="Default: the out folder's name.")
@click.option("--description", default="", help="One line on what the tasks are.")
def suite_command(  # noqa: PLR0913
    folders: tuple[str, ...],
    out: Path,
    tasks: int | None,
    operators: int | None,
    graphs: int | None,
    blocks: int | None,
    keep: tuple[str, ...],
    least_ms: float,
    most_ms: float,
    strength: float | None,
    jobs: int | None,
    label: str | None,
    description: str,
) -> None:
    """Choose tasks from the pairs in FOLDER...: all classes, many families, enough work to time.

    --operators, --graphs and --blocks ask for so many tasks of a kind, --tasks for so many of any.
    An operator that has no pair of the wanted time is still there if its folder is kept: then its
    longest one is taken. With --strength the same command goes on where it was interrupted.
    """
    places = {f: read.locate(f) for f in (*folders, *keep)}
    found = list(read.distinct(p for place in places.values() for p in read.pairs(place)))
    quotas = _quotas(tasks, dict(zip(KINDS, (operators, graphs, blocks), strict=True)))
    count = sum(number for _, number in quotas)
    kept = frozenset(p.id for f in keep for p in read.pairs(places[f]))
    made_by = tuple(command_of(s) for f in places.values() if (s := settings_of(f)))
    wanted = Wanted(
        name=label or out.resolve().name,
        description=description or f"{count} tasks of {least_ms:g} ms or more on one thread",
        rule=Rule(quotas, least_ms, most_ms, kept),
        commands=(*made_by, typed()),
    )
    with tempfile.TemporaryDirectory(prefix="hpctc-") as folder:
        scratch, runner = Path(folder), build_runner(Path(folder))

        def make(weak: frozenset[str] = frozenset()) -> Suite:
            ruled = replace(wanted, rule=replace(wanted.rule, weak=weak))
            return make_suite(found, ruled, out, scratch, runner)

        if strength is None:
            made = make()
        else:
            using = jobs or len(os.sched_getaffinity(0))
            made = draw_strong(make, out, strength, using, watch=Shown(Console(stderr=True)))
    kinds, classes = (Counter(f(t.pair) for t in made.tasks) for f in (kind, lambda p: p.category))
    click.echo(f"{out}: {len(made.tasks)} tasks")
    click.echo("  " + ", ".join(f"{kinds[k]} {k}" for k in KINDS if kinds[k]))
    for category in CATEGORIES:
        click.echo(f"  {classes[category]:4}  {category}")
    click.echo(f"next: hpctc eval {out} --model null --out RUN")


def _quotas(
    tasks: int | None, asked: dict[Kind, int | None]
) -> tuple[tuple[Kind | None, int], ...]:
    quotas = tuple((k, number) for k, number in asked.items() if number is not None)
    if quotas and tasks is not None:
        raise UsageError(
            "--tasks is of any kind, and there are quotas by kind", "leave --tasks out"
        )
    return quotas or ((None, tasks or TASKS),)
