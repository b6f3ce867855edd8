"""``hpctc dataset twins``: a suite's tasks in other words, to tell skill from memory."""

import os
from collections import Counter
from pathlib import Path

import click
from rich.console import Console

from hpctc.cli.progress import Shown
from hpctc.core import suite
from hpctc.core.errors import UsageError
from hpctc.flow.twins import KINDS, suite_of, twins


@click.command("twins", short_help="Say a suite in other words: does a model remember it?")
@click.argument("name", metavar="SUITE")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="May be repeated.  [all kinds]",
)
@click.option("--alone", is_flag=True, help="The twins without the originals.")
@click.option("--jobs", type=click.IntRange(1), help="Twins at once.  [all cores]")
def twins_command(
    name: str, out: Path, kinds: tuple[str, ...], alone: bool, jobs: int | None
) -> None:
    """Write a suite of SUITE's tasks and their contamination twins, each proven as any pair.

    A twin asks for the same C in other CUDA: other names, another index arithmetic, loops in
    another order, other schedules, unfused kernels. 'hpctc eval' on it scores both, and the report
    says how far the scores of the twins fall.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty", "give another folder with --out")
    original = suite.load(name)
    count = jobs or len(os.sched_getaffinity(0))
    made = twins(original.tasks, kinds or KINDS, count, Shown(Console(stderr=True)))
    written = suite_of(original, out.resolve().name, made, alone)
    suite.write(written, out)
    click.echo(f"{out}: {len(written.tasks)} tasks")
    there = Counter(twin.kind for twin in made if twin.pair is not None)
    asked = Counter(twin.kind for twin in made)
    for kind in kinds or KINDS:
        click.echo(f"  {there[kind]:4} of {asked[kind]:4}  {kind}")
    for twin in made:
        if twin.pair is None:
            click.echo(f"no {twin.kind} twin of {twin.of}: {twin.reason}"[:160], err=True)
    click.echo(f"next: hpctc eval {out} --model MODEL --out RUN")
