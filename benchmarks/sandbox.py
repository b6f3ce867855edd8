"""What the jail costs a launch, layer by layer, against a plain process.

``python benchmarks/sandbox.py [--rounds N] [--json FILE]`` starts, in every round and in changing
order: a plain process (``true``, spawned and awaited), and a candidate (spawned, loaded, ready,
ended) under no layer, then under one more at a time. The cost of a row is the median over the
rounds of its difference from the plain process of the same round, with a 95 % bootstrap interval.
The last two rows are the same for a small compile, alone and in the jail, which differ by its cost.
The processor's time, of parent and children, is what a launch costs on a busy machine too: there
the other columns count mostly the waiting for a core, once for every process that takes part.

Bar: all layers together cost at most 5 ms over a plain process.
"""

import argparse
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from _paired import write
from hpctc.core.records import Tensor
from hpctc.native import host
from hpctc.native.compiler import Gcc
from hpctc.sandbox import launcher
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.compiling import fenced
from hpctc.sandbox.layers import given
from hpctc.sandbox.limits import COMPILE
from hpctc.sandbox.process import Candidate, Setup, cores

BAR_MS = 5.0
ORDER = ("rlimits", "watch", "privileges", "landlock", "seccomp", "namespaces", "mounts")
CODE = "void entry(const float *x, float *y) { for (int i = 0; i < 1024; i++) y[i] = x[i] + 1; }\n"
PLAIN, ALONE, FENCED = "plain process", "compile, alone", "compile, in the jail"


@dataclass(frozen=True)
class Row:
    """One way to start something."""

    name: str
    median_ms: float
    cpu_ms: float
    """Median of the processor's time, of all processes that take part."""
    over: str
    """The row that it is compared with."""
    cost_ms: float
    """Median of the paired differences."""
    low_ms: float
    high_ms: float


def plain() -> None:
    """The least that a process costs."""
    program = shutil.which("true") or "/bin/true"
    os.waitpid(os.posix_spawn(program, [program], {}), 0)


def candidate(setup: Setup, library: Path) -> None:
    """Start, load, end."""
    x, y = (Tensor(name=n, shape=(1024,), dtype="float32") for n in "xy")
    with (
        Arena([x], writable=False) as inputs,
        Arena([y], writable=True) as outputs,
        Candidate(setup, library, "entry", inputs, outputs) as child,
    ):
        assert child.ended is None, child.ended


def ways(folder: Path) -> dict[str, Callable[[], None]]:
    """Name -> what is timed."""
    runner = launcher.build(folder)
    here = given(runner)
    library = Gcc(flags="-O1").build(CODE, folder).library
    assert library is not None
    found: dict[str, Callable[[], None]] = {PLAIN: plain}
    layers: tuple[str, ...] = ()
    found["runner, no layer"] = lambda: candidate(Setup(runner, cores=cores(), layers=()), library)
    for name in ORDER:
        if name in here:
            layers = (*layers, name)
            setup = Setup(runner, cores=cores(), layers=layers)
            found[f"+ {name}"] = lambda setup=setup: candidate(setup, library)  # type: ignore[misc]

    def compile_once(words: Sequence[str]) -> None:
        fresh = f"/* {random.random()} */ {CODE}"
        built = Gcc(flags="-O1").build(fresh, folder, 60, words).library
        assert built is not None
        built.unlink()

    words = fenced(runner, COMPILE, here)
    return {**found, ALONE: lambda: compile_once(()), FENCED: lambda: compile_once(words)}


Times = dict[str, list[tuple[float, float]]]
"""By way: milliseconds that went by, and of processor's time. Entry i is of round i."""


def processor_ms() -> float:
    """What this process and all that it has buried have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return 1e3 * sum(u.ru_utime + u.ru_stime for u in used)


def taken(todo: dict[str, Callable[[], None]], rounds: int) -> Times:
    """Time every way once a round."""
    found: Times = {name: [] for name in todo}
    for turn in range(-2, rounds):
        order = list(todo)
        random.shuffle(order)
        for name in order:
            began, computed = time.perf_counter_ns(), processor_ms()
            todo[name]()
            passed = (time.perf_counter_ns() - began) / 1e6
            if turn >= 0:
                found[name].append((passed, processor_ms() - computed))
    return found


def row(name: str, times: Times) -> Row:
    """The paired cost of one way."""
    over = ALONE if name in (ALONE, FENCED) else PLAIN
    mine, theirs = np.array(times[name]), np.array(times[over])
    differences = mine[:, 0] - theirs[:, 0]
    draws = np.random.default_rng(0).choice(differences, (2000, differences.size))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    cost = float(np.median(differences))
    passed, computed = (float(m) for m in np.median(mine, axis=0))
    return Row(name, passed, computed, over, cost, float(low), float(high))


def show(rows: Sequence[Row]) -> None:
    """The table on the terminal."""
    table = Table(box=None)
    for title in ("", "median ms", "CPU ms", "cost ms", "95 % interval"):
        table.add_column(title, justify="left" if not title else "right")
    for r in rows:
        cost = (f"{r.cost_ms:+.2f}", f"[{r.low_ms:+.2f}, {r.high_ms:+.2f}]")
        middle = (f"{r.median_ms:.2f}", f"{r.cpu_ms:.2f}")
        table.add_row(r.name, *middle, *(cost if r.name != r.over else ("", "")))
    Console().print(table)


def main() -> None:
    """Time every way, print the table, say whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = taken(ways(Path(folder)), asked.rounds)
    rows = [row(name, times) for name in times]
    show(rows)
    whole = [r for r in rows if r.name.startswith("+")][-1]
    met = whole.cost_ms <= BAR_MS
    verdict = "met" if met else "missed"
    Console().print(
        f"a launch in the whole jail: {whole.cost_ms:+.2f} ms, bar {BAR_MS} ms: {verdict}"
    )
    facts = {**host.facts(), "load": f"{os.getloadavg()[0]:.2f}"}
    rounds = {"rounds_ms": times, "rows": [asdict(r) for r in rows]}
    write(asked.json, {"title": "cost of a launch", "host": facts, "met": met, **rounds})


if __name__ == "__main__":
    main()
