"""``hpctc models``: who can answer."""

from importlib import import_module

import click
from rich.console import Console
from rich.table import Table

from hpctc.models import MODELS


@click.command()
def models() -> None:
    """List the models that can answer, each with a spec that works."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "what it is", "example"):
        table.add_column(column)
    for name, place in MODELS.items():
        module, _, attribute = place.partition(":")
        kind = getattr(import_module(module), attribute)
        table.add_row(name, kind.about, kind.example)
    Console(highlight=False).print(table)
    click.echo("\nhpctc eval mini --model null --out runs/null")
