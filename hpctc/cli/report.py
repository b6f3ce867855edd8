"""``hpctc report``: print the scores of runs."""

import json
from pathlib import Path

import click
from rich.console import Console

from hpctc.core.errors import HpctcError
from hpctc.report import tables


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the figures here.")
def report(runs: tuple[Path, ...], target: Path | None) -> None:
    """Print the scores of runs: rates, speedups with intervals, failures with reasons.

    \b
    hpctc report runs/mini-null-1
    hpctc report runs/mini-null-1 runs/mini-replay-1 --json figures.json
    """  # noqa: D301
    console = Console(width=tables.WIDTH)
    for number, folder in enumerate(runs):
        if number:
            console.rule()
        tables.print_run(folder, console)
    if len(runs) > 1:
        console.rule()
        console.print(tables.side_by_side([tables.read(folder) for folder in runs]))
    if target is not None:
        documents = [tables.document(tables.read(folder)) for folder in runs]
        try:
            target.write_text(json.dumps(documents, indent=2) + "\n", encoding="utf-8")
        except OSError as problem:
            raise HpctcError(f"cannot write {target}: {problem.strerror}") from None
