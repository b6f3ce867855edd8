"""``hpctc emulate``: run one kernel on this machine's CPU and say what it does wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hpctc.core.errors import UsageError
from hpctc.core.records import Launch

TYPE = "name=f32[128,256]:random (or normal, zeros, ones, arange, F.npy), name=F.npy or n=1024"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--entry", help="The kernel as C++ names it, such as scale or 'scale<float, 4>'.")
@click.option("--grid", required=True, metavar="X[,Y,Z]", help="Blocks.")
@click.option("--block", required=True, metavar="X[,Y,Z]", help="Threads of a block.")
@click.option("--shared", type=click.IntRange(min=0), default=0, help="Bytes of dynamic memory.")
@click.option("--arg", "args", multiple=True, metavar="NAME=VALUE", help=f"In order: {TYPE}.")
@click.option(
    "--order",
    type=click.Choice(["forward", "reverse", "random"]),
    default="forward",
    show_default=True,
    help="In which threads and blocks take their turns.",
)
@click.option("--check-races", is_flag=True, help="Run in all three orders and compare.")
@click.option("--asan", is_flag=True, help="Also find overruns of local and shared arrays.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of random values and order.")
@click.option("--threads", type=click.IntRange(min=1), default=2, help="That run blocks.  [2]")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=60.0, help="For the run.  [60]")
@click.option("--out", type=click.Path(path_type=Path), help="Write the arrays as one .npz file.")
def emulate(
    file: Path, args: tuple[str, ...], check_races: bool, out: Path | None, **asked: Any
) -> None:
    """Run a CUDA kernel on the CPU, unchanged, and report what it does wrong.

    Out of bounds, divergent barriers, deadlocks, races and more are told with thread and line.
    Ends with 0 when all is well, with 1 on a finding, with 2 on wrong use.

    \b
    hpctc emulate scale.cu --grid 4 --block 128 --check-races \\
        --arg x=f32[512]:random --arg y=f32[512] --arg by=2.5 --arg n=512
    """  # noqa: D301  click wants the character itself
    from hpctc import emulate as emulator
    from hpctc.emulate import request
    from hpctc.syntax.parse import guard
    from hpctc.syntax.slices import without_host

    code = _read(file)
    guard(code, file.name)
    code = without_host(code)
    given = request.read_arguments(args, asked["seed"])
    launch = Launch(
        kernel=request.choose_kernel(code, asked["entry"]),
        grid=request.read_extent(asked["grid"], "grid"),
        block=request.read_extent(asked["block"], "block"),
        shared_bytes=asked["shared"],
        args=tuple(given.args),
    )
    how = emulator.Emulation(
        **{n: asked[n] for n in ("order", "seed", "threads", "asan", "seconds")}
    )
    run = emulator.races if check_races else emulator.emulate
    got = run(code, [launch], given.buffers(), given.arrays, how, include=file.parent)
    _tell_launch(launch, [*map(str, args)], got)
    click.echo(got.printed, nl=False)
    if got.outputs:
        _tell_arrays(request.summarise(given.arrays, got.outputs))
    for finding in got.findings:
        _tell_finding(finding, code)
    if out is not None and got.outputs:
        request.save(got.outputs, out)
    raise SystemExit(0 if got.ok else 1)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as problem:
        raise UsageError(f"cannot read {file}: {problem.strerror}") from None


def _tell_launch(launch: Launch, args: Sequence[str], got: Any) -> None:
    extents = [",".join(map(str, e)) for e in (launch.grid, launch.block)]
    shared = f", {launch.shared_bytes}" if launch.shared_bytes else ""
    click.echo(f"{launch.kernel}<<<({extents[0]}), ({extents[1]}){shared}>>>({', '.join(args)})")
    if got.run_seconds:
        click.echo(f"built in {got.build_seconds:.2f} s, ran in {got.run_seconds:.2f} s")


def _tell_arrays(summaries: Sequence[Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("array", "type", "", "min", "max", "mean", "NaN", "first values"):
        table.add_column(heading, no_wrap=heading != "first values")
    for s in summaries:
        figures = ["-" if v is None else f"{v:.6g}" for v in (s.low, s.high, s.mean)]
        first = " ".join(f"{v:.6g}" for v in s.first)
        table.add_row(s.name, s.kind, "changed" if s.changed else "", *figures, str(s.nans), first)
    Console(width=80, highlight=False).print(table)


def _tell_finding(finding: Any, code: str) -> None:
    click.secho(f"{finding}", fg="yellow" if finding.harmless else "red", err=True)
    lines = code.split("\n")
    if finding.line is not None and 1 <= finding.line <= len(lines):
        for number in range(max(1, finding.line - 1), min(len(lines), finding.line + 1) + 1):
            mark = ">" if number == finding.line else " "
            click.echo(f" {mark} {number:4} | {lines[number - 1]}", err=True)
