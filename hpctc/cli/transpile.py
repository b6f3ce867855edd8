"""``hpctc transpile``: one CUDA kernel as C that a person would keep."""

from pathlib import Path

import click

from hpctc.core.errors import UsageError
from hpctc.native.compiler import DEFAULT_FLAGS


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--entry", default="", help="The kernel, such as scale or 'scale<float, 4>'.")
@click.option("--grid", default="", metavar="X[,Y,Z]", help="Blocks; numbers or expressions.")
@click.option("--block", default="", metavar="X[,Y,Z]", help="Threads of a block.")
@click.option("--shared", default="", metavar="BYTES", help="Dynamic shared memory.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here.  [stdout]")
def transpile(
    file: Path, entry: str, grid: str, block: str, shared: str, output: Path | None
) -> None:
    """Turn a CUDA kernel into C by rule: loops over blocks and threads, OpenMP, no CUDA left.

    The launch is read from the file's host code where --grid and --block do not say it; sizes that
    are parameters of the kernel stay parameters. Ends with 0 when done, 1 when the source or launch
    is invalid, 2 on wrong use, 3 when a feature is not supported (see docs/cuda-support.md).
    """
    from hpctc.transpile.file import Asked, transpile_file

    try:
        source = file.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise UsageError(f"cannot read {file}: {problem.strerror}") from None
    made = transpile_file(source, Asked(entry, grid, block, shared), str(file), file.parent)
    name = output.name if output is not None else f"{file.stem}.c"
    head = (
        f"// {made.signature}\n"
        f"// Made by hpctc transpile from {file.name}; the launch assumed is\n"
        f"//   {made.launch}\n"
        f"// Build: gcc {DEFAULT_FLAGS} -c {name}\n\n"
    )
    if output is None:
        click.echo(head + made.code, nl=False)
        return
    try:
        output.write_text(head + made.code, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write {output}: {problem.strerror}") from None
