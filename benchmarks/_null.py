"""Our C against what the compiler makes of it without our OpenMP pragmas, at its best flags.

The null transpiler leaves the pragmas out and is otherwise our C, schedule and all. Where flags
may give back what the pragmas did (vectors, threads, freedom to reorder sums), it gets them; ours
keeps the default flags. A set of flags that does not build or changes the result is passed over.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from _paired import Row, pair
from _pairs import pairs, program
from hpctc.core.records import Pair
from hpctc.lower.cpu import Database
from hpctc.lower.effort import Effort
from hpctc.models.null import without_openmp
from hpctc.native.compiler import Gcc
from hpctc.native.race import Setup

FLAGS = (
    "-O3 -march=native",
    "-O3 -march=native -ffast-math",
    "-O3 -march=native -ffast-math -mprefer-vector-width=512",
    "-O3 -march=native -ffast-math -ftree-parallelize-loops={threads}",
)
"""What the null transpiler's C is built with; the fastest counts."""


def against_null(
    of: str, effort: Effort, only: str, database: Database | None, how: tuple[Setup, Path]
) -> Iterator[Row]:
    """One row a pair of :func:`_pairs.pairs`; its note says which flags were best."""
    for name, made in pairs(of, effort, only, database):
        yield Row(name, note=made) if isinstance(made, str) else _row(name, made, *how)


def _row(name: str, made: Pair, setup: Setup, folder: Path) -> Row:
    ours = program(made, made.c_code, Gcc(), folder)
    if isinstance(ours, str):
        return Row(name, note=ours)
    serial, rows = without_openmp(made.c_code), []
    for flags in (f.format(threads=setup.threads) for f in FLAGS):
        theirs = program(made, serial, Gcc(flags=flags), folder)
        if isinstance(theirs, str):
            rows.append(Row(name, note=f"{flags}: {theirs}"))
            continue
        found = pair(name, ours, theirs, (made.inputs, made.outputs), setup)
        rows.append(replace(found, note=f"{flags} {found.note}".strip()))
    timed = [(r.ratio.value, n) for n, r in enumerate(rows) if r.ratio is not None]
    return rows[min(timed)[1]] if timed else rows[0]
