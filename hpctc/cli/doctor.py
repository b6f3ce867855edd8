"""``hpctc doctor``: what this machine has, and what to install for what is missing."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hpctc.calibrate import store as calibration
from hpctc.core.errors import HpctcError
from hpctc.native import host
from hpctc.sandbox.launcher import build
from hpctc.sandbox.layers import lacking, layers


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    what: str
    seen: str | None
    """What was found; None: missing."""
    needed: bool
    """Whether the road is closed without it."""
    remedy: str = ""


@click.command()
def doctor() -> None:
    """Say what this machine has and what to install for what is missing.

    Ends with 1 when something is missing without which the road is closed.
    """
    table = Table(box=None, pad_edge=False, width=80)
    table.add_column("", width=4)
    table.add_column("what", width=18, no_wrap=True)
    table.add_column("found", overflow="fold")
    closed = False
    for finding in examine():
        closed |= finding.needed and finding.seen is None
        mark = "ok" if finding.seen else ("MISS" if finding.needed else "-")
        table.add_row(mark, finding.what, finding.seen or f"missing. {finding.remedy}")
    Console(width=80, highlight=False).print(table)
    click.echo(
        "\nThe road is closed until what is marked MISS is installed."
        if closed
        else "\nThe whole road is open. Next: hpctc generate matmul --out pairs"
    )
    raise SystemExit(1 if closed else 0)


def examine() -> Iterator[Finding]:
    """Look at everything that the road can use, most needed first."""
    facts = host.facts()
    yield Finding("processor", f"{facts['cpu']}, {facts['isa']}", True)
    yield Finding("cores, memory", f"{facts['cores']}, {facts['memory_gib']} GiB", True)
    yield from _compilers()
    for name, package, remedy in (
        ("TVM", "apache-tvm", "pip install apache-tvm==0.27.0.post1"),
        ("TVM ffi", "apache-tvm-ffi", "pip install apache-tvm-ffi==0.1.14.post1"),
        ("torch", "torch", "pip install torch"),
        ("cost model", "xgboost-cpu", "pip install xgboost-cpu"),
        ("parquet", "pyarrow", "pip install pyarrow"),
    ):
        version = host.package_version(package)
        yield Finding(name, version and f"{package} {version}", name != "torch", remedy)
    yield from _cuda()
    yield _roofline()
    yield from _jail()


def _roofline() -> Finding:
    """What this host can do at best, if it was measured."""
    known = calibration.load()
    if known is None:
        return Finding("roofline", None, False, "to see shares of it: hpctc calibrate")
    most = known.threads[-1]
    flops, memory = known.flops_per_second(most) or 0.0, known.memory(most) or 0.0
    seen = f"{flops / 1e9:,.0f} GFLOP/s, {memory / 1e9:,.1f} GB/s on {most} threads"
    return Finding("roofline", f"{seen}, {known.date[:10]}", False)


def _compilers() -> Iterator[Finding]:
    gcc = host.tool_version("gcc")
    yield Finding("gcc", gcc, True, "apt-get install gcc libc6-dev")
    if gcc:
        works = "parallel loops build and link" if host.openmp_works() else None
        yield Finding("OpenMP", works, True, "apt-get install libgomp1 gcc")
    remedy = "to emulate CUDA: apt-get install g++"
    yield Finding("g++", host.tool_version("g++"), False, remedy)
    yield Finding("clang", host.tool_version("clang"), False, "optional: apt-get install clang")


def _jail() -> Iterator[Finding]:
    """The layers around untrusted code, each tried by the program that runs it."""
    try:
        with tempfile.TemporaryDirectory(prefix="hpctc-") as folder:
            found = layers(build(Path(folder)))
    except HpctcError as problem:
        yield Finding("jail", None, False, problem.message)
        return
    for layer in found:
        seen = layer.detail if layer.present else None
        yield Finding(f"jail: {layer.name}", seen, False, f"the kernel says: {layer.detail}")
    missing = lacking(layer.name for layer in found if layer.present)
    words = ", ".join(" or ".join(group) for group in missing)
    yield Finding(
        "jail",
        None if missing else "all that 'hpctc eval' needs",
        False,
        f"'hpctc eval' needs {words}, or --sandbox=rlimits",
    )


def _cuda() -> Iterator[Finding]:
    nvcc, nvrtc = host.tool_version("nvcc"), host.package_version("nvidia-cuda-nvrtc")
    seen = (nvcc and f"nvcc {nvcc}") or (nvrtc and f"NVRTC {nvrtc}")
    yield Finding(
        "CUDA compiler", seen or None, False, "optional, to check CUDA: pip install 'hpctc[cuda]'"
    )
    yield Finding("GPU", host.gpu(), False, "optional: pairs are made and scored without one")
