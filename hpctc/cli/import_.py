"""``hpctc import``: other people's models as operator graphs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpctc.core.errors import UsageError

if TYPE_CHECKING:
    from hpctc.importers.imported import Imported


@click.group(name="import")
def import_() -> None:
    """Turn a model into an operator graph, and check the one against the other.

    \b
    hpctc import torch my_model.py      a torch module; the file is executed
    hpctc import onnx my_model.onnx     an ONNX model
    hpctc generate my_model.graph --out pairs
    """  # noqa: D301  click wants the character itself


class Shape(click.ParamType[tuple[int, ...]]):
    """Extents with an x between them: ``8x3x32x32``."""

    name = "shape"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the extents."""
        parts = str(value).split("x")
        if not all(part.isdigit() and int(part) > 0 for part in parts):
            self.fail(f"{value!r} is no shape; write extents with an x between: 8x3x32x32")
        return tuple(int(part) for part in parts)


OUT = click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file to write.  [NAME.graph]"
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True,
    help="Of the inputs on which graph and model are compared.",
)  # fmt: skip
FORCE = click.option("--force", is_flag=True, help="Replace the file if it is there.")


@import_.command(short_help="Import a torch module from a Python file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--class", "wanted", metavar="NAME", help="The module.  [Model, or the only one]")
@click.option(
    "--input", "shapes", type=Shape(), multiple=True,
    help="The shape of a float argument, once an argument.  [the file's get_inputs()]",
)  # fmt: skip
@OUT
@SEED
@FORCE
def torch(
    file: Path,
    wanted: str | None,
    shapes: tuple[tuple[int, ...], ...],
    out: Path | None,
    seed: int,
    force: bool,
) -> None:
    """Import the torch module in FILE as a graph that computes the same.

    FILE IS EXECUTED with your rights: import only what you trust. As in KernelBench, a class
    Model, get_inputs() and get_init_inputs() say what is made and what it is called on. The module
    is put into eval mode; parameters become inputs of the graph.
    """
    target = _target(file, "a Python file that holds a module", out, force)
    click.echo(f"{file} is executed with your rights", err=True)
    from hpctc.importers.exported import import_module
    from hpctc.importers.module import load

    example = load(file, wanted, shapes)
    name = file.stem if wanted is None else wanted
    made = import_module(example, name, f"{file.name}, class {example.label}", seed)
    _write(made, target)


@import_.command(short_help="Import an ONNX model.")
@click.argument("file", type=click.Path(path_type=Path))
@OUT
@SEED
@FORCE
def onnx(file: Path, out: Path | None, seed: int, force: bool) -> None:
    """Import the ONNX model in FILE as a graph that computes the same.

    Initializers become inputs of the graph. Needs the extra: pip install 'hpctc[onnx]'.
    """
    target = _target(file, "an ONNX model", out, force)
    from hpctc.importers.onnx.model import import_model

    _write(import_model(file, seed), target)


def _target(file: Path, what: str, out: Path | None, force: bool) -> Path:
    """Where the graph is to go; an error before any work where it cannot be made."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}", f"name {what}")
    target = out if out is not None else Path(f"{file.stem}.graph")
    if target.exists() and not force:
        raise UsageError(f"{target} is there already", "say --force, or another file by -o")
    return target


def _write(made: "Imported", target: Path) -> None:
    from hpctc.cli.graph import summary

    target.write_text(made.text())
    click.echo(summary(made.graph))
    click.echo(
        f"{target}: {len(made.graph.inputs)} inputs; differs from the original by "
        f"{made.difference:.2g}, rounding explains {made.tolerance:.2g}"
    )
    for note in made.notes:
        click.echo(f"  {note}")
    click.echo(f"next: hpctc generate {target} --out pairs")
