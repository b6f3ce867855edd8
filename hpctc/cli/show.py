"""``hpctc show``: one pair, for a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

from hpctc.core import suite
from hpctc.core.errors import UsageError
from hpctc.core.jsonl import read as read_records
from hpctc.core.records import Launch, Pair, Task, Tensor
from hpctc.dataset import read
from hpctc.native.call import prototype

THEME = "ansi_dark"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of what is shown."""

    title: str
    text: str
    language: str = "text"
    """For the colours: a name that pygments knows."""


@click.command()
@click.argument("where", metavar="DATASET|SUITE|RUN")
@click.argument("what", required=False, metavar="[ID|NAME]")
@click.option("--only", help="Show one part alone, as it is: graph, cuda, c.")
def show(where: str, what: str | None, only: str | None) -> None:
    """Show one pair of a dataset, a suite or a run; without ID or NAME, list them.

    The beginning of an id is enough where only one pair has it.
    """
    pairs = pairs_of(where)
    if what is None:
        _list(where, pairs)
        return
    pair = read.find(pairs, what)
    if only is not None:
        click.echo(_part(pair, only), nl=False)
        return
    _print(pair)


def pairs_of(where: str) -> list[Pair]:
    """The pairs of a dataset, or those behind the tasks of a suite or a run."""
    path = Path(where)
    if (path / "run.json").is_file():
        return [t.pair for t in read_records(path / "tasks.jsonl", Task)]
    if (path / "suite.toml").is_file() or (not path.exists() and where in suite.names()):
        return [t.pair for t in suite.load(where).tasks]
    return list(read.pairs(read.locate(where)))


def sections(pair: Pair) -> Iterator[Section]:
    """What there is to show of a pair, in the order in which one reads it."""
    yield Section("graph", pair.graph)
    yield Section("signature", prototype(pair.entry, pair.inputs, pair.outputs) + ";", "c")
    yield Section("buffers", "\n".join(_buffers(pair)))
    yield Section("CUDA", pair.cuda_code, "cuda")
    yield Section("launches", "\n".join(_launch(n) for n in pair.launches), "cuda")
    yield Section("C", pair.c_code, "c")
    yield Section("checks", "\n".join(_checks(pair)) or "nothing was checked")
    yield Section("provenance", "\n".join(_provenance(pair)))


def _part(pair: Pair, name: str) -> str:
    parts = {"graph": pair.graph, "cuda": pair.cuda_code, "c": pair.c_code}
    if name not in parts:
        raise UsageError(f"there is no part {name!r}", f"there are {', '.join(parts)}")
    return parts[name].rstrip("\n") + "\n"


def _buffers(pair: Pair) -> Iterator[str]:
    for role, tensors in (
        ("in", pair.inputs),
        ("out", pair.outputs),
        ("between", pair.intermediates),
    ):
        for tensor in tensors:
            yield f"{role:8}{_tensor(tensor)}"


def _tensor(tensor: Tensor) -> str:
    extents = ", ".join(map(str, tensor.shape))
    domain = f" in [{tensor.domain[0]:g}, {tensor.domain[1]:g}]" if tensor.domain else ""
    return f"{tensor.name}: {tensor.dtype}[{extents}]{domain}"


def _launch(launch: Launch) -> str:
    grid, block = (", ".join(map(str, e)) for e in (launch.grid, launch.block))
    shared = f", {launch.shared_bytes}" if launch.shared_bytes else ""
    arguments = ", ".join(map(str, launch.args))
    return f"{launch.kernel}<<<dim3({grid}), dim3({block}){shared}>>>({arguments});"


def _checks(pair: Pair) -> Iterator[str]:
    for check in pair.checks:
        words = [check.what]
        if check.max_error is not None:
            words.append(f"largest error {check.max_error:.2g}")
        if check.tolerance is not None:
            words.append(f"tolerance {check.tolerance:.2g}")
        if check.seeds:
            words.append(f"seeds {', '.join(map(str, check.seeds))}")
        if check.detail:
            words.append(check.detail)
        yield "; ".join(words)


def _provenance(pair: Pair) -> Iterator[str]:
    of = pair.provenance
    yield f"id        {pair.id}"
    yield f"source    {of.source}, effort {of.effort}"
    yield f"work      {pair.flops:,} operations, {pair.bytes:,} bytes"
    if of.seed is not None:
        yield f"seed      {of.seed}"
    for parent in of.parents:
        yield f"parent    {parent}"
    for rewrite in of.rewrites:
        yield f"rewrite   {rewrite}"
    for kernel, schedule in of.schedules.items():
        first, *more = schedule.strip().splitlines() or [""]
        yield f"schedule  {kernel}: {first}" + (f" ... ({len(more)} more lines)" if more else "")
    for tool, version in of.tools.items():
        yield f"tool      {tool} {version}"


def _print(pair: Pair) -> None:
    """Headings and colours for a terminal; marked plain text for a pipe."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        click.echo(f"# {pair.name} ({pair.category}) {pair.id}")
        for section in sections(pair):
            click.echo(f"\n## {section.title}\n\n{section.text.strip()}")
        return
    console.print(f"[bold]{pair.name}[/] ({pair.category}) [dim]{pair.id}[/]")
    for section in sections(pair):
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
    console.print(f"{len(pairs)} pairs; next: hpctc show {where} NAME")
