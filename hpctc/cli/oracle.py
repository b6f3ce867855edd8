"""``hpctc dataset oracle``: do a suite's inputs tell wrong programs from right ones?"""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hpctc.cli.progress import Shown
from hpctc.flow.oracle import measure


@click.command("oracle", short_help="Find tasks whose inputs would not tell a wrong kernel.")
@click.argument("suite", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mutants", default=24, type=click.IntRange(1), help="For each task.  [24]")
@click.option("--jobs", type=click.IntRange(1), help="Tasks at once.  [all cores]")
@click.option("--least", default=0.0, type=click.FloatRange(0, 1), help="End with 1 below it.  [0]")
def oracle(suite: Path, mutants: int, jobs: int | None, least: float) -> None:
    """Change the references of a SUITE folder in small ways, and count what its inputs notice.

    The share that is noticed is stored with each task as oracle_strength; oracle.jsonl lists the
    mutants that slipped through, and those that compute the same.
    """
    console = Console(stderr=True)
    count = jobs or len(os.sched_getaffinity(0))
    found = measure(suite, mutants, count, watch=Shown(console))
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("task", "strength", "killed", "missed", "equivalent", "first missed"):
        shown.add_column(title, overflow="fold")
    for one in found:
        strength = f"{one.strength:.0%}" if one.strength is not None else "-"
        first = one.missed[0] if one.missed else one.reason
        counts = (one.killed, len(one.missed), len(one.equivalent))
        shown.add_row(one.name, strength, *map(str, counts), first)
    Console(highlight=False, width=100).print(shown)
    weak = [o.name for o in found if o.strength is None or o.strength < least]
    click.echo(f"\n{len(found) - len(weak)} of {len(found)} tasks reach {least:.0%}")
    raise SystemExit(1 if weak else 0)
