"""``hpctc ops``: the operators, as a table, as JSON, or one in full."""

import json
from typing import TYPE_CHECKING, Any

import click

from hpctc.core.records import CATEGORIES, Category

if TYPE_CHECKING:
    from hpctc.graph.ir import Interval
    from hpctc.graph.op import Op


@click.command()
@click.argument("name", required=False)
@click.option(
    "--category",
    type=click.Choice(CATEGORIES),
    metavar="CLASS",
    help=f"Only operators of one class: {', '.join(CATEGORIES)}.",
)
@click.option("--json", "as_json", is_flag=True, help="A list of objects, one an operator.")
def ops(name: str | None, category: Category | None, as_json: bool) -> None:
    """List the operators that graphs are made of; with NAME, show one in full."""
    from hpctc.graph import ops as registry

    if name is not None:
        chosen = [registry.get(name)]
    else:
        chosen = [o for o in registry.OPS.values() if category in (None, o.category)]
    if as_json:
        click.echo(json.dumps([describe(o) for o in chosen], indent=1, ensure_ascii=False))
    elif name is not None:
        click.echo(in_full(chosen[0]))
    else:
        _table(chosen)


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
        "example": _example(op),
    }


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
            table.add_row(_escaped(named), _escaped(op.doc))
        Console(highlight=False).print(table)
        click.echo()


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
