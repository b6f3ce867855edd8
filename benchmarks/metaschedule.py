"""Our schedules at effort fast against 256 trials of MetaSchedule: run time, and time to find it.

``python benchmarks/metaschedule.py --out FILE [--trials 256] [--only TEXT] [--effort fast]`` tunes
twelve operators both ways, on ``--threads`` threads, without a tuning database. MetaSchedule has
the builder and runner that we have (:mod:`hpctc.lower.cpu.meta`): candidates are printed as C,
built by gcc, timed in a child. Then both results run alternately on the same arrays. FILE gets a
JSON line a workload as soon as it is done; what stands there already is not done again, so an
interrupted run is continued by the same command.

MetaSchedule is Shao et al., "Tensor program optimization with probabilistic programs" (2022).
Bars: geometric mean of its run time over ours at least 0.95, of its tuning time over ours at
least 5.
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from _paired import CONSOLE, row
from _pairs import graphs
from hpctc.core.errors import HpctcError
from hpctc.lower.cpu import schedule
from hpctc.lower.cpu.meta import Search, search
from hpctc.lower.cpu.replay import replay
from hpctc.lower.cpu.ship import Shipyard, signature
from hpctc.lower.effort import Effort
from hpctc.lower.relax import plan
from hpctc.native.race import Failure, Program, Setup, compare
from hpctc.score import geometric_mean

WORKLOADS = (
    "matmul 512", "matmul 333x777x555", "batch_matmul 8x256 NT", "dense 256x1024x1024",
    "conv2d 3x3", "conv2d 1x1", "conv2d 7x7 stride 2", "conv2d depthwise",
    "conv2d_transpose", "softmax", "layer_norm", "max_pool2d",
)  # fmt: skip
"""Names in :data:`_torch.CASES`: half of them contractions that a template of ours knows best."""

BARS = {"run_time": 0.95, "tuning_time": 5.0}


@dataclass(frozen=True)
class Result:
    """One workload, tuned both ways."""

    name: str
    settings: str
    ours: str = ""
    """Our schedule's text."""
    ours_seconds: float | None = None
    """How long we looked."""
    theirs_seconds: float | None = None
    ours_ns: float | None = None
    theirs_ns: float | None = None
    ratio: tuple[float, float, float] | None = None
    """Their run time over ours: median of pairs, and its interval."""
    note: str = ""
    """Why there is no ratio."""


@dataclass(frozen=True)
class How:
    """The settings of a run."""

    trials: int
    effort: str
    threads: int

    def __str__(self) -> str:
        return f"trials={self.trials} effort={self.effort} threads={self.threads}"


def tuned(name: str, func: Any, how: How) -> Result:
    """Tune a function both ways, then race the results."""
    with tempfile.TemporaryDirectory(prefix="hpctc-metaschedule-") as folder:
        begun = time.monotonic()
        mine = schedule(func, Effort.parse(how.effort), None, how.threads, Path(folder) / "ours")
        ours_seconds = time.monotonic() - begun
        # a cache of its own: what we built must not save MetaSchedule a compilation
        yard = Shipyard(Path(folder) / "theirs")
        begun = time.monotonic()
        trace = search(func, Search(how.trials, how.threads, yard, Setup(threads=how.threads)))
        theirs_seconds = time.monotonic() - begun
        made = Result(name, str(how), mine.text, ours_seconds, theirs_seconds)
        if trace is None:
            return replace(made, note="MetaSchedule found nothing that runs")
        built = [yard.build(replay(func, trace)), yard.build(mine.func)]
        programs = [p for p in built if isinstance(p, Program)]
        if len(programs) < len(built):
            return replace(made, note="one of the results does not build again")
        known = signature(func)
        setup = Setup(threads=how.threads, seconds=2.0, samples=61, limit=120.0)
        taken = compare(programs, known.inputs, known.outputs, setup)
    if isinstance(taken, Failure):
        return replace(made, note=taken.reason)
    found = row(name, taken)
    ratio = (found.ratio.value, found.ratio.low, found.ratio.high) if found.ratio else None
    return replace(made, ours_ns=taken.median(1), theirs_ns=taken.median(0), ratio=ratio)


def show(found: Result) -> None:
    """One line on the terminal."""
    if found.ratio is None or found.ours_seconds is None or found.theirs_seconds is None:
        CONSOLE.print(f"{found.name:24} no ratio: {found.note}", style="dim", markup=False)
        return
    value, low, high = found.ratio
    CONSOLE.print(
        f"{found.name:24} run time x{value:5.2f} [{low:.2f}, {high:.2f}]"
        f"  tuned in {found.ours_seconds:6.1f} s against {found.theirs_seconds:7.1f} s",
        markup=False,
        highlight=False,
    )


def summary(done: list[Result]) -> dict[str, Any]:
    """Geometric means of both ratios, and whether the bars are met."""
    runs = [r.ratio[0] for r in done if r.ratio is not None]
    tunings = [
        r.theirs_seconds / r.ours_seconds
        for r in done
        if r.ratio is not None and r.theirs_seconds and r.ours_seconds
    ]
    made: dict[str, Any] = {"timed": len(runs), "of": len(WORKLOADS), "bars": BARS}
    if runs:
        means = {"run_time": geometric_mean(runs), "tuning_time": geometric_mean(tunings)}
        made |= {name: asdict(mean) for name, mean in means.items()}
        made["met"] = all(means[name].value >= bar for name, bar in BARS.items())
    return made


def read(path: Path, how: How) -> list[Result]:
    """What a file holds of these settings; a line that was cut off ends it."""
    done = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            fields = json.loads(line)
        except ValueError:
            break
        if fields["settings"] == str(how):
            ratio = fields.pop("ratio")
            done.append(Result(**fields, ratio=None if ratio is None else tuple(ratio)))
    return done


def main() -> None:
    """Tune what is not done yet, print the rows and the summary."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a JSON line a workload")
    parser.add_argument("--trials", type=int, default=256, help="of MetaSchedule")
    parser.add_argument("--effort", default="fast", help="ours")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="only what has this in its name")
    asked = parser.parse_args()
    how = How(asked.trials, asked.effort, asked.threads)
    done = read(asked.out, how)
    known, finished = dict(graphs("medium")), {r.name for r in done}
    for name in WORKLOADS:
        if name in finished or asked.only not in name:
            continue
        try:
            found = tuned(name, plan(known[name]).steps[0].func, how)
        except HpctcError as problem:
            found = Result(name, str(how), note=problem.message)
        with asked.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")
        done.append(found)
    for found in done:
        show(found)
    CONSOLE.print_json(data=summary(done))


if __name__ == "__main__":
    main()
