"""``hpctc models``: who can answer."""

import shlex
from importlib import import_module
from textwrap import wrap

import click

from hpctc.models import MODELS

WIDTH = 80
NAMES = 11
"""Columns of the names at the left."""


@click.command()
def models() -> None:
    """List the models that can answer, each with a spec that works."""
    for name, place in MODELS.items():
        module, _, attribute = place.partition(":")
        kind = getattr(import_module(module), attribute)
        first, *more = wrap(kind.about, WIDTH - NAMES)
        click.echo(f"{name:<{NAMES}}{first}")
        for line in (*more, f"--model {shlex.quote(kind.example)}"):
            click.echo(f"{'':<{NAMES}}{line}")
    click.echo("\nhpctc eval mini --model null --out runs/null")
