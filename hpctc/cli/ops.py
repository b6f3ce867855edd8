"""``hpctc ops``: the operators, as a table, as JSON, or one in full."""

import json
from typing import TYPE_CHECKING, Any

import click

from hpctc.cli.coverage import covered
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Category

if TYPE_CHECKING:
    from hpctc.graph.ir import Interval
    from hpctc.graph.op import Op


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--category",
    type=click.Choice(CATEGORIES),
    metavar="CLASS",
    help=f"Only operators of one class: {', '.join(CATEGORIES)}.",
)
@click.option("--json", "as_json", is_flag=True, help="A list of objects, one an operator.")
@click.option(
    "--coverage",
    is_flag=True,
    help="Prove each on this machine, in every element type: C, CUDA, rules, all three agreed.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Proofs at the same time.")
def ops(
    names: tuple[str, ...], category: Category | None, as_json: bool, coverage: bool, jobs: int
) -> None:
    """List the operators that graphs are made of; with a NAME, show it in full.

    A name of HPCTransEval (conv2d_opt) is found too. With --coverage each operator is lowered, run,
    emulated and transpiled; what was proven once, by the same code, is not proven again.

    \b
    hpctc ops softmax                    one in full, with a graph of it
    hpctc ops --category reduction       all of a class
    hpctc generate softmax --out pairs   a checked pair of it
    """  # noqa: D301  click wants the character itself
    from hpctc.graph import ops as registry

    chosen = [_named(name) for name in names] or [
        o for o in registry.OPS.values() if category in (None, o.category)
    ]
    if coverage:
        covered([o.name for o in chosen], as_json, jobs)
    elif as_json:
        click.echo(json.dumps([describe(o) for o in chosen], indent=1, ensure_ascii=False))
    elif names:
        click.echo("\n\n".join(in_full(o) for o in chosen))
    else:
        _table(chosen)


def _named(name: str) -> "Op":
    """The operator of that name, be it ours or a published one."""
    from hpctc.graph import ops as registry
    from hpctc.graph import published

    if name not in registry.OPS and (graph := published.published().get(name)) is not None:
        if (own := published.operator(name, graph)) is None:
            used = ", ".join(node.op for node in graph.nodes)
            raise UsageError(
                f"{name!r} is no operator but a graph of {used}",
                f"hpctc generate published:{name} --out FOLDER",
            )
        name = own
    try:
        return registry.get(name)
    except HpctcError as problem:  # in a graph the data is wrong, here the use is
        raise UsageError(problem.message, problem.hint) from None


def describe(op: "Op") -> dict[str, Any]:
    """An operator as plain JSON values."""
    return {
        "name": op.name,
        "usage": usage(op),
        "category": op.category,
        "meaning": op.doc,
        "operands": [
            {"name": name, "legal": str(interval)}
            for name, interval in zip(op.params, _legal(op), strict=True)
        ],
        "arity": list(op.arity),
        "literals": list(op.literals),
        "attributes": [
            {"name": d.name, "kind": d.kind, "legal": d.legal, "default": d.default}
            for d in op.attrs
        ],
        "dtypes": list(op.dtypes),
        "continuous": op.continuous,
        "rounding": op.rounding,
        "published": list(_published(op)),
        "example": _example(op),
    }


def _published(op: "Op") -> tuple[str, ...]:
    """The names by which HPCTransEval has the operator."""
    from hpctc.graph.published import by_operator

    return by_operator().get(op.name, ())


def usage(op: "Op") -> str:
    """How the operator is written: ``conv2d(x, w, stride=[1, 1], ...)`` or ``a @ b``."""
    from hpctc.graph.text import attribute

    if op.infix:
        return f"{op.params[0]} {op.infix} {op.params[1]}"
    operands = list(op.params) if op.arity[1] <= len(op.params) else [f"{op.params[0]}0", "..."]
    attrs = [
        f"{d.name}={'...' if d.default is None else attribute(d, d.default)}" for d in op.attrs
    ]
    return f"{op.name}({', '.join([*operands, *attrs])})"


def in_full(op: "Op") -> str:
    """Everything that is declared about an operator, for a person."""
    from hpctc.graph.ir import SHORT
    from hpctc.graph.text import attribute

    lines = [usage(op), f"  {op.doc}", "", f"category      {op.category}"]
    lines.append(f"element types {', '.join(SHORT[d] for d in op.dtypes)}")
    for i, (name, interval) in enumerate(zip(op.params, _legal(op), strict=True)):
        lines.append(f"{'operands' if i == 0 else '':13} {name} in {interval}")
    for i, d in enumerate(op.attrs):
        default = "required" if d.default is None else f"default {attribute(d, d.default)}"
        legal = f", {d.legal}" if d.legal else ""
        lines.append(f"{'attributes' if i == 0 else '':13} {d.name}: {d.kind}, {default}{legal}")
    lines.append(f"continuous    {'yes' if op.continuous else 'no: it jumps'}")
    lines.append(f"rounding      {op.rounding}")
    if found := _published(op):
        lines.append(f"HPCTransEval  {', '.join(found)}")
    example = "\n".join(f"  {line}" for line in _example(op).splitlines())
    return "\n".join([*lines, "", example])


def _legal(op: "Op") -> list["Interval"]:
    from hpctc.graph.infer import complete

    sample = op.samples[0]
    return list(op.domains(sample.types, complete(op, sample.attrs)))[: len(op.params)]


def _example(op: "Op") -> str:
    from hpctc.graph.samples import graph_of
    from hpctc.graph.text import show

    return show(graph_of(op.name, op.samples[0]))


def _table(chosen: list["Op"]) -> None:
    from rich.console import Console
    from rich.table import Table

    for category in CATEGORIES:
        found = [o for o in chosen if o.category == category]
        if not found:
            continue
        table = Table(title=f"{category} ({len(found)})", title_justify="left", box=None)
        table.add_column("operator", style="bold", overflow="fold", max_width=34)
        table.add_column("meaning", overflow="fold")
        for op in found:
            named = f"{op.name}: {usage(op)}" if op.infix else usage(op)
            other = [name for name in _published(op) if name != op.name]
            words = f"{op.doc} (HPCTransEval: {', '.join(other)})" if other else op.doc
            table.add_row(_escaped(named), _escaped(words))
        Console(highlight=False).print(table)
        click.echo()
    click.echo("hpctc ops NAME shows one; hpctc generate NAME --out FOLDER makes a pair of it")


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
