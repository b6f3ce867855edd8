"""What share of this host's roofline our C reaches, memory-bound and compute-bound apart.

``python benchmarks/roofline.py [--of medium|published|SUITE] [--effort fast] [--only TEXT]
[--json FILE]`` times each pair's C alone on ``--threads`` threads and divides the least time that
the roofline allows by the median: the pair's operations at the peak rate, or its inputs and outputs
once at the bandwidth of the smallest level of the memory that holds them (``level``), whichever is
longer. ``memory`` is the classic roofline: bandwidth of main memory whatever the size; what lies in
a cache may rise above it. Run ``hpctc calibrate`` first, on an idle machine.

What takes less than ``--least`` microseconds is shown, and left out of the medians: the start of a
parallel region is no part of the roofline.

Bars: median share 0.6 where memory-bound, 0.4 where compute-bound.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from _paired import CONSOLE, write
from _pairs import OF, pairs, program
from hpctc.calibrate import store
from hpctc.calibrate.roof import Calibration
from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair
from hpctc.lower.cpu import Database
from hpctc.lower.effort import Effort
from hpctc.native import host
from hpctc.native.compiler import Gcc
from hpctc.native.race import Failure, Setup, compare
from hpctc.score.roofline import Roof

BARS = {"memory": 0.6, "compute": 0.4}


@dataclass(frozen=True)
class Share:
    """One pair under the roof, or why there is no figure."""

    name: str
    bound: str = ""
    """What its floor is made of: ``memory`` or ``compute``."""
    ns: float | None = None
    level: float | None = None
    """Floor over time, with the bandwidth of the level that holds the pair's arrays."""
    memory: float | None = None
    """The same with that of main memory."""
    note: str = ""


def share(name: str, made: Pair, known: Calibration, setup: Setup, folder: Path) -> Share:
    """Time a pair's C and hold it under the roofline."""
    built = program(made, made.c_code, Gcc(), folder)
    if isinstance(built, str):
        return Share(name, note=built)
    taken = compare([built], made.inputs, made.outputs, setup)
    if isinstance(taken, Failure):
        return Share(name, note=taken.reason)
    ns, floor = taken.median(0), known.floor_ns(made, setup.threads)
    moved = known.floor_ns(replace(made, flops=0), setup.threads)
    flops, rate = known.flops_per_second(setup.threads), known.memory(setup.threads)
    if floor is None or flops is None or rate is None:
        raise HpctcError(
            f"the roofline was not measured on {setup.threads} threads, but on {known.threads}",
            "run: hpctc calibrate",
        )
    bound = "memory" if floor == moved else "compute"
    return Share(name, bound, ns, floor / ns, Roof(setup.threads, flops, rate).share(made, ns))


def show(found: Share) -> None:
    """One line on the terminal."""
    if found.ns is None or found.level is None or found.memory is None:
        CONSOLE.print(f"{found.name:28} skipped: {found.note}", style="dim", markup=False)
        return
    CONSOLE.print(
        f"{found.name:28} {found.bound:8} {found.ns / 1e3:12.2f} us"
        f"  {found.level:6.1%} of its level  {found.memory:6.1%} of memory's",
        markup=False,
        highlight=False,
    )


def summary(found: Sequence[Share], least_us: float) -> dict[str, Any]:
    """The median shares of either kind, of what lasts long enough, and whether the bars are met."""
    made: dict[str, Any] = {"skipped": sum(s.ns is None for s in found)}
    for bound, bar in BARS.items():
        long = [s for s in found if s.bound == bound and s.ns and s.ns >= 1e3 * least_us]
        levels = [s.level for s in long if s.level is not None]
        memories = [s.memory for s in long if s.memory is not None]
        made[bound] = {"timed": len(long), "bar": bar}
        if long:
            middle = median(levels)
            made[bound] |= {"level": middle, "memory": median(memories), "met": middle >= bar}
    return made


def main() -> None:
    """Time every pair, print the shares and their medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--of", default="medium", help=OF)
    parser.add_argument("--effort", default="fast", help="of what is lowered here")
    parser.add_argument("--only", default="", help="only what has this in its name")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="sampling time of a pair")
    parser.add_argument("--least", type=float, default=100.0, help="microseconds that count")
    parser.add_argument("--database", type=Path, help="tuning database to use and fill")
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    known = store.load()
    if known is None:
        raise SystemExit("this host was never measured\n  hint: hpctc calibrate")
    setup = Setup(threads=asked.threads, seconds=asked.seconds, limit=300.0, samples=31)
    database = Database(asked.database) if asked.database else None
    found = []
    with tempfile.TemporaryDirectory(prefix="hpctc-roofline-") as folder:
        for name, made in pairs(asked.of, Effort.parse(asked.effort), asked.only, database):
            one = (
                Share(name, note=made)
                if isinstance(made, str)
                else share(name, made, known, setup, Path(folder))
            )
            found.append(one)
            show(one)
    medians = summary(found, asked.least)
    CONSOLE.print_json(data=medians)
    roof = {"date": known.date, "load": known.load, "threads": asked.threads}
    rows = [asdict(s) for s in found]
    results = {"summary": medians, "roofline": roof, "host": dict(host.facts()), "rows": rows}
    write(asked.json, {"of": asked.of, "effort": asked.effort, **results})


if __name__ == "__main__":
    main()
