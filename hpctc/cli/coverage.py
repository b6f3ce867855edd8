"""``hpctc ops --coverage``: which operator is proven in which element type, on which side."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

from hpctc.core.words import count

if TYPE_CHECKING:
    from hpctc.flow.coverage import Row

WIDTH = 80


def covered(names: Sequence[str], as_json: bool, jobs: int) -> None:
    """Prove operators, with progress on standard error, and print the table."""
    from hpctc.cli.progress import Shown
    from hpctc.flow import coverage

    watch = Shown(Console(stderr=True))
    try:
        found = list(watch("coverage", coverage.count(names), coverage.cells(names, jobs=jobs)))
    except KeyboardInterrupt:
        click.echo("\ninterrupted; what is proven is kept: run the same command", err=True)
        raise SystemExit(130) from None
    rows = coverage.rows(found)
    if as_json:
        click.echo(json.dumps([_described(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        _table(rows)


def _described(row: "Row") -> dict[str, object]:
    from hpctc.graph.published import by_operator

    return {**asdict(row), "published": list(by_operator().get(row.operator, ()))}


def _table(rows: Sequence["Row"]) -> None:
    """Operator, class, element types; a side holds ``yes``, or the types that are proven."""
    from rich.table import Table

    from hpctc.flow.coverage import SIDES
    from hpctc.graph.ir import SHORT
    from hpctc.graph.published import by_operator

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("operator", no_wrap=True)
    table.add_column("class", no_wrap=True)
    table.add_column("types", no_wrap=True)
    for side in ("C", "CUDA", "rules", "proof"):
        table.add_column(side)
    for row in rows:
        # the published names stand below: most operators have none, some have two
        names = [row.operator, *(f"= {n}" for n in by_operator().get(row.operator, ()))]
        table.add_row(
            "\n".join(names),
            row.category.partition(" ")[0],
            " ".join(SHORT[d] for d in row.dtypes),
            *(_mark(row, side) for side in SIDES),
        )
    console = Console(width=WIDTH, highlight=False)
    console.print(table)
    problems = [f"{row.operator} {problem}" for row in rows for problem in row.problems]
    for problem in problems:
        click.echo(f"{problem.partition(chr(10))[0]}"[:WIDTH])
    total = count(len(rows), "operator")
    whole = sum(len(row.proven["proof"]) == len(row.dtypes) for row in rows)
    cells = sum(len(row.dtypes) for row in rows)
    proven = sum(len(row.proven["proof"]) for row in rows)
    click.echo("= the name in HPCTransEval")
    click.echo(f"{whole} of {total} proven, {proven} of {cells} element types")


def _mark(row: "Row", side: str) -> str:
    from hpctc.graph.ir import SHORT

    proven = row.proven[side]
    if len(proven) == len(row.dtypes):
        return "yes"
    return " ".join(SHORT[d] for d in proven) or "no"
