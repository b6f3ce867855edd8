"""``hpctc families``: the workloads that the field talks about, as a table or one in full."""

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hpctc.families import Family


@click.command()
@click.argument("name", required=False)
@click.option(
    "--at", "sizes", multiple=True, metavar="SIZE=N",
    help="Print the graph at these sizes; the others have their first value.",
)  # fmt: skip
@click.option("--published", is_flag=True, help="Print the graph at the published sizes.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, one a family.")
def families(name: str | None, sizes: tuple[str, ...], published: bool, as_json: bool) -> None:
    """List the families of workloads; with NAME, show one with a graph of it.

    \b
    hpctc families attention                       all about attention
    hpctc families attention.causal                one in full
    hpctc families attention.causal --at seq=256 > causal.graph
    hpctc generate family:attention --out pairs    pairs of all of them
    """  # noqa: D301  click wants the character itself
    from hpctc.core.errors import UsageError
    from hpctc.families import FAMILIES, matching

    chosen = list(FAMILIES.values()) if name is None else matching(name)
    if as_json:
        click.echo(json.dumps([describe(f) for f in chosen], indent=1, ensure_ascii=False))
    elif sizes or published:
        if name is None or len(chosen) > 1:
            raise UsageError("a graph is of one family", "name it: hpctc families attention.causal")
        click.echo(_text(chosen[0], _sizes(chosen[0], sizes, published)), nl=False)
    elif len(chosen) == 1:
        click.echo(in_full(chosen[0]), nl=False)
    else:
        _table(chosen)


def describe(family: "Family") -> dict[str, Any]:
    """A family as plain JSON values."""
    return {
        "name": family.name,
        "computes": family.doc,
        "sizes": {name: list(values) for name, values in family.sizes.items()},
        "published": dict(family.published),
        "like": family.like or None,
        "source": family.source,
    }


def in_full(family: "Family") -> str:
    """Everything that is declared about a family, and its smallest graph."""
    lines = [family.name, f"  {family.doc}", "", f"source     {family.source}"]
    for i, (name, values) in enumerate(family.sizes.items()):
        lines.append(f"{'' if i else 'sizes':10} {name}: {', '.join(map(str, values))}")
    if family.published:
        said = ", ".join(f"{name}={value}" for name, value in family.published.items())
        lines.append(f"published  {said}")
    if family.like:
        lines.append(f"like       {family.like} computes the same of the same inputs")
    if tables := family.tables({n: values[0] for n, values in family.sizes.items()}):
        lines.append(f"tables     {', '.join(tables)}: inputs that hold fixed values")
    return "\n".join([*lines, "", _text(family, {})])


def _text(family: "Family", sizes: dict[str, int]) -> str:
    from hpctc.graph.check import check
    from hpctc.graph.text import show

    graph = family.graph(**sizes)
    check(graph)
    return show(graph)


def _sizes(family: "Family", words: tuple[str, ...], published: bool) -> dict[str, int]:
    from hpctc.core.errors import UsageError

    if published and not family.published:
        raise UsageError(f"no sizes of {family.name} are published", "give some: --at SIZE=N")
    found = dict(family.published) if published else {}
    for word in words:
        name, _, value = word.partition("=")
        if not value.isdigit():
            raise UsageError(f"--at {word} is no size", f"write --at {next(iter(family.sizes))}=8")
        found[name] = int(value)
    return found


def _table(chosen: "list[Family]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for column in ("family", "computes", "sizes"):
        table.add_column(column, overflow="fold")
    for family in chosen:
        table.add_row(family.name, family.doc, ", ".join(family.sizes))
    Console(highlight=False, markup=False).print(table)
    click.echo("\nhpctc families NAME shows one; hpctc generate family:NAME --out FOLDER: pairs")
