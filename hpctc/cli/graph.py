"""``hpctc graph``: check and show graph files; grow and rewrite live in a module of their own."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpctc.core.errors import HpctcError
from hpctc.core.words import count

if TYPE_CHECKING:
    from hpctc.graph.ir import Graph

LAZY = {
    "grow": ("hpctc.cli.graph_widen:grow", "Grow random graphs, operator by operator."),
    "rewrite": ("hpctc.cli.graph_widen:rewrite", "Rewrite graphs and keep their meaning."),
    "scale": ("hpctc.cli.graph_widen:scale", "Scale models in depth, width and resolution."),
    "saturate": ("hpctc.cli.graph_widen:saturate", "Print whole families of equal graphs."),
}
"""Subcommand -> where it lies, and its line in the help; imported when used."""


class Subcommands(click.Group):
    """The group with its own commands and the lazy ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Own commands first."""
        return [*super().list_commands(ctx), *LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """An own command, or a lazy one imported now."""
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = LAZY[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all without importing the lazy ones."""
        own = [(name, c.get_short_help_str()) for name, c in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, line) for name, (_, line) in LAZY.items())])


@click.group(cls=Subcommands)
def graph() -> None:
    """Check, show, grow and rewrite operator graphs.

    \b
    hpctc graph check mlp.graph          is it legal, and what does it cost?
    hpctc graph show - < mlp.graph       in canonical form
    hpctc graph show --intervals FILE    with the interval of every value
    """  # noqa: D301  click wants the character itself


FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@graph.command(short_help="Say whether graphs are legal, and their cost.")
@FILES
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Say of each graph in FILES (- is stdin) whether it is legal, and what it costs.

    One line a graph: name, operators, work, compulsory traffic, category, where its outputs lie.
    Ends with 1 if a file does not hold legal graphs, with 2 if one cannot be read.
    """
    from hpctc.graph.files import read_graphs

    code = 0
    for path in files:
        try:
            graphs = read_graphs(path)
        except HpctcError as problem:
            code = max(code, problem.exit_code)
            click.secho(f"error: {problem.message}", fg="red", err=True)
            click.echo(f"  hint: {problem.hint}", err=True)
            continue
        for each in graphs:
            click.echo(summary(each))
    ctx.exit(code)


@graph.command(short_help="Print graphs in canonical form.")
@FILES
@click.option("--intervals", is_flag=True, help="Note on each line where its value can lie.")
def show(files: tuple[Path, ...], intervals: bool) -> None:
    """Print the graphs in FILES (- is stdin) in canonical form."""
    from hpctc.graph.files import read_graphs
    from hpctc.graph.text import annotated
    from hpctc.graph.text import show as text_of

    texts = [
        annotated(each) if intervals else text_of(each)
        for path in files
        for each in read_graphs(path)
    ]
    click.echo("\n".join(texts), nl=False)


def summary(graph: "Graph") -> str:
    """One line on a legal graph: what it is and what it costs."""
    from hpctc.graph.check import intervals
    from hpctc.graph.cost import category, flops, nbytes

    known = intervals(graph)
    outputs = ", ".join(f"{name} in {known[name]}" for name in graph.outputs)
    return (
        f"{graph.name}: {count(len(graph.nodes), 'operator')}, "
        f"{quantity(flops(graph), 'flop')}, {quantity(nbytes(graph), 'B')}, "
        f"{category(graph)}; {outputs}"
    )


def quantity(amount: int, unit: str) -> str:
    """A number of things with a decimal prefix: ``33.6 Mflop``."""
    scaled = float(amount)
    for prefix in ("", "k", "M", "G", "T", "P"):
        if scaled < 1000 or prefix == "P":
            return f"{scaled:.3g} {prefix}{unit}"
        scaled /= 1000
    raise AssertionError
