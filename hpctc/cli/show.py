"""``hpctc show``: one pair, for a person."""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import click
from rich.console import Console
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

from hpctc.cli.sections import Section, attempts, sections
from hpctc.core import suite
from hpctc.core.errors import UsageError
from hpctc.core.jsonl import read as read_records
from hpctc.core.records import Pair, Score, Task
from hpctc.core.words import count
from hpctc.dataset import read
from hpctc.flow.repro import reproduce

THEME = "ansi_dark"


@click.command()
@click.argument("where", metavar="DATASET|SUITE|RUN")
@click.argument("what", required=False, metavar="[ID|NAME]")
@click.option("--only", help="Show one part alone, as it is: graph, cuda, c.")
@click.option(
    "--repro", type=click.Path(path_type=Path), help="Write a failure of a run to this folder."
)
def show(where: str, what: str | None, only: str | None, repro: Path | None) -> None:
    """Show one pair of a dataset, a suite or a run; without ID or NAME, list them.

    The beginning of an id is enough where only one pair has it.

    With --repro, a failure of a run (ID or NAME of a task, or the id of a score) is written to a
    folder that fails the same way with plain gcc: sh DIR/run.sh.

    \b
    hpctc show mini                              what there is
    hpctc show mini softmax --only c             the C alone
    hpctc show runs/rules matmul --repro repro   a failure, to take along
    """  # noqa: D301  click wants the character itself
    if repro is not None:
        if what is None:
            raise UsageError("--repro needs a failure", "name a task, or the id of a score")
        failure = reproduce(Path(where), what, repro)
        click.echo(f"{failure.task.name} is {failure.verdict}: {failure.detail}")
        click.echo(f"\nsh {repro / 'run.sh'}")
        return
    run = Path(where) if (Path(where) / "run.json").is_file() else None
    tasks = tasks_of(where)
    pairs = list(read.pairs(read.locate(where))) if tasks is None else [t.pair for t in tasks]
    if what is None:
        _list(where, pairs)
        return
    task = _task(run, tasks or [], what)
    pair = task.pair if task is not None else read.find(pairs, what)
    if only is not None:
        click.echo(_part(pair, only), nl=False)
        return
    task = task or next((t for t in tasks or [] if t.of == pair.id), None)
    more = attempts(run, task) if run is not None and task is not None else iter(())
    _print(pair, chain(sections(pair), more))


def tasks_of(where: str) -> list[Task] | None:
    """The tasks of a suite or a run; None where the word means neither."""
    path = Path(where)
    if (path / "run.json").is_file():
        return list(read_records(path / "tasks.jsonl", Task))
    if (path / "suite.toml").is_file() or (not path.exists() and where in suite.names()):
        return list(suite.load(where).tasks)
    return None


def _task(run: Path | None, tasks: Sequence[Task], what: str) -> Task | None:
    """The task with this id, or with a score of this id."""
    of = what
    if run is not None and (run / "scores.jsonl").is_file():
        of = next((s.task for s in read_records(run / "scores.jsonl", Score) if s.id == what), what)
    return next((t for t in tasks if t.id == of), None)


def _part(pair: Pair, name: str) -> str:
    parts = {"graph": pair.graph, "cuda": pair.cuda_code, "c": pair.c_code}
    if name not in parts:
        raise UsageError(f"there is no part {name!r}", f"there are {', '.join(parts)}")
    return parts[name].rstrip("\n") + "\n"


def _print(pair: Pair, parts: Iterable[Section]) -> None:
    """Headings and colours for a terminal; marked plain text for a pipe."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        click.echo(f"# {pair.name} ({pair.category}) {pair.id}")
        for section in parts:
            click.echo(f"\n## {section.title}\n\n{section.text.strip()}")
        return
    console.print(f"[bold]{pair.name}[/] ({pair.category}) [dim]{pair.id}[/]")
    for section in parts:
        console.print(Rule(section.title, align="left"))
        console.print(
            Syntax(section.text.strip(), section.language, theme=THEME, background_color="default")
        )


def _list(where: str, pairs: Sequence[Pair]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        for pair in pairs:
            click.echo(f"{pair.id} {pair.name} ({pair.category})")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("id", "name", "category", "kernels", "bytes"):
        table.add_column(title, justify="right" if title in ("kernels", "bytes") else "left")
    for pair in pairs:
        kernels = str(len(pair.launches))
        table.add_row(pair.id, pair.name, pair.category, kernels, f"{pair.bytes:,}")
    console.print(table)
    console.print(f"{count(len(pairs), 'pair')}; next: hpctc show {where} NAME")
