"""``hpctc regress``: compare two runs."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.core.codec import encode
from hpctc.core.errors import HpctcError, UsageError
from hpctc.report.regress import Change, Comparison, compare, order
from hpctc.report.tables import WIDTH, interval

STYLES = {"slower": "red", "newly wrong": "red", "faster": "green", "cannot tell": "yellow"}


@click.command()
@click.argument("baseline", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--threshold", default="3%", metavar="SHARE", help="What counts: 3% or 0.03.  [3%]")
@click.option("--force", is_flag=True, help="Compare runs of different conditions.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the answer here.")
@click.pass_context
def regress(
    ctx: click.Context,
    baseline: Path,
    run: Path,
    threshold: str,
    force: bool,
    target: Path | None,
) -> None:
    """Compare two runs: faster, slower or cannot tell, a task each and for the whole.

    \b
    Ends with 0 no regression, 1 regression, 2 wrong use, 3 cannot tell.
    """  # noqa: D301
    found = compare(baseline, run, _share(threshold), force)
    console = Console(width=WIDTH)
    console.print(_table(found))
    answer = {0: "no regression", 1: "regression", 3: "cannot tell"}[found.exit_code]
    click.echo(f"\n{answer} (threshold {found.threshold:.1%})")
    if found.exit_code == 3:
        click.echo("  hint: time longer (hpctc eval --seconds) on a quieter machine")
    if target is not None:
        _write(found, answer, target)
    ctx.exit(found.exit_code)


def _share(text: str) -> float:
    try:
        share = float(text.rstrip("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        share = -1.0
    if not 0.0 <= share < 1.0:
        raise UsageError(f"{text!r} is no threshold", "write a share: 3% or 0.03")
    return share


def _table(found: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    table.add_column("task", no_wrap=True, max_width=30)
    table.add_column("answer", no_wrap=True)
    table.add_column("new / old speedup [interval]", overflow="fold")
    for change in order(found.changes):
        _row(table, change)
    if found.whole is not None:
        table.add_section()
        _row(table, found.whole)
    return table


def _row(table: Table, change: Change) -> None:
    shown = interval(change.ratio) if change.ratio else change.detail[:160]
    table.add_row(
        escape(change.name), change.answer, escape(shown), style=STYLES.get(change.answer)
    )


def _write(found: Comparison, answer: str, target: Path) -> None:
    document = {"answer": answer, "exit_code": found.exit_code, **encode(found)}
    try:
        target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise HpctcError(f"cannot write {target}: {problem.strerror}") from None
