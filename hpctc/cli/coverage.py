"""``hpctc ops --coverage``: which operator is proven in which element type, on which side."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

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
    """Operator, class, element types; a side holds a tick, or the types that are proven."""
    from rich.table import Table

    from hpctc.flow.coverage import SIDES
    from hpctc.graph.ir import SHORT
    from hpctc.graph.published import by_operator

    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    table.add_column("operator", overflow="fold", max_width=19)
    table.add_column("class", max_width=11, no_wrap=True, overflow="ellipsis")
    table.add_column("types", overflow="fold", max_width=18)
    for side in ("C", "CUDA", "rules", "proof"):
        table.add_column(side, overflow="fold")
    table.add_column("HPCTransEval", overflow="fold")
    for row in rows:
        table.add_row(
            row.operator,
            row.category,
            " ".join(SHORT[d] for d in row.dtypes),
            *(_mark(row, side) for side in SIDES),
            ", ".join(by_operator().get(row.operator, ())),
        )
    console = Console(width=WIDTH, highlight=False)
    console.print(table)
    problems = [f"{row.operator} {problem}" for row in rows for problem in row.problems]
    for problem in problems:
        click.echo(f"{problem.partition(chr(10))[0]}"[:WIDTH])
    whole = sum(len(row.proven["proof"]) == len(row.dtypes) for row in rows)
    cells = sum(len(row.dtypes) for row in rows)
    proven = sum(len(row.proven["proof"]) for row in rows)
    click.echo(f"{whole} of {len(rows)} operators proven, {proven} of {cells} element types")


def _mark(row: "Row", side: str) -> str:
    from hpctc.graph.ir import SHORT

    proven = row.proven[side]
    if len(proven) == len(row.dtypes):
        return "yes"
    return " ".join(SHORT[d] for d in proven) or "no"
