"""``hpctc report``: the scores of runs, on the terminal, as a page, as figures."""

import json
from pathlib import Path

import click
from rich.console import Console

from hpctc.core.errors import HpctcError
from hpctc.report import tables
from hpctc.report.language import print_strategies
from hpctc.report.reading import read


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("--html", type=click.Path(path_type=Path), help="Write one self-contained page here.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the figures here.")
def report(runs: tuple[Path, ...], html: Path | None, target: Path | None) -> None:
    """Print the scores of runs: rates, speedups with intervals, failures with reasons.

    Of several runs, the first is the one that the others are compared with.

    \b
    hpctc report runs/mini-null-1
    hpctc report runs/mini-null-1 runs/mini-rules-1 --html report.html
    """  # noqa: D301
    found = [read(folder) for folder in runs]
    if html is not None:
        from hpctc.report.page import page

        _write(html, page(found))
    if target is not None:
        first, *others = found
        documents = [tables.document(first), *(tables.document(run, first) for run in others)]
        _write(target, json.dumps(documents, indent=2) + "\n")
    console = Console(width=tables.WIDTH)
    for number, run in enumerate(found):
        if number:
            console.rule()
        tables.show(run, console)
    if len(found) > 1:
        console.rule()
        console.print(tables.side_by_side(found))
        print_strategies(found, console)
    if html is not None:
        click.echo(f"\n{html}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise HpctcError(f"cannot write {path}: {problem.strerror}") from None
