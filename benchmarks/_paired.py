"""Two C functions side by side: the ratio of their times with an interval, and over many."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hpctc.core.records import Tensor
from hpctc.native import host
from hpctc.native.race import Failure, Program, Samples, Setup, compare
from hpctc.score import Estimate, geometric_mean, speedup

CONSOLE = Console(stderr=True, soft_wrap=True)


@dataclass(frozen=True)
class Row:
    """One line of a benchmark: how much faster ours is, or why there is no figure."""

    name: str
    ours_ns: float | None = None
    theirs_ns: float | None = None
    ratio: Estimate | None = None
    """Their time over ours, median of pairs."""
    note: str = ""


def pair(
    name: str,
    ours: Program,
    theirs: Program,
    tensors: tuple[Sequence[Tensor], Sequence[Tensor]],
    how: Setup,
    calls: int = 1,
) -> Row:
    """Check that both agree, then time them alternately in one child.

    A call of either is ``calls`` calls of what is compared; the row is about one of them.
    """
    taken = compare([theirs, ours], *tensors, how)
    if isinstance(taken, Failure):
        return Row(name, note=taken.reason)
    made = row(name, taken)
    return replace(made, ours_ns=taken.median(1) / calls, theirs_ns=taken.median(0) / calls)


def row(name: str, taken: Samples) -> Row:
    """The row of a comparison whose first program is theirs and whose second is ours."""
    times = [[max(1, round(t)) for t in ns] for ns in taken.ns]
    return Row(name, taken.median(1), taken.median(0), speedup(times[1], times[0]))


def show(row: Row) -> None:
    """One line on the terminal."""
    if row.ratio is None or row.ours_ns is None or row.theirs_ns is None:
        CONSOLE.print(f"{row.name:32} skipped: {row.note}", style="dim", markup=False)
        return
    r = row.ratio
    CONSOLE.print(
        f"{row.name:32} {row.theirs_ns / 1e3:12.3f} us {row.ours_ns / 1e3:12.3f} us"
        f"  x{r.value:7.2f}  [{r.low:.2f}, {r.high:.2f}]  {row.note[:60]}",
        style="red" if r.value < 1 else "",
        markup=False,
        highlight=False,
    )


def summary(rows: Sequence[Row], bars: tuple[float, float]) -> dict[str, Any]:
    """Geometric mean with its interval, the worst row, and whether the bars are met."""
    timed = [(r.ratio.value, r.name) for r in rows if r.ratio is not None]
    if not timed:
        return {"timed": 0, "skipped": len(rows)}
    mean = geometric_mean([value for value, _ in timed])
    worst, where = min(timed)
    return {
        "timed": len(timed),
        "skipped": len(rows) - len(timed),
        "geometric_mean": asdict(mean),
        "worst": {"name": where, "ratio": worst},
        "below_one": sorted(n for v, n in timed if v < 1),
        "bars": {"geometric_mean": bars[0], "worst": bars[1]},
        "met": mean.value >= bars[0] and worst >= bars[1],
    }


def report(title: str, rows: Sequence[Row], bars: tuple[float, float]) -> dict[str, Any]:
    """Print the summary and return everything as JSON values."""
    found = summary(rows, bars)
    table = Table(title=title, show_header=False)
    for key, value in found.items():
        table.add_row(key, json.dumps(value))
    CONSOLE.print(table)
    return {"title": title, "summary": found, "host": dict(host.facts()), "rows": _plain(rows)}


def write(path: Path | None, results: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write a JSON file where one was asked for."""
    if path is not None:
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [asdict(r) for r in rows]
