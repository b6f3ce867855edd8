"""``hpctc calibrate``: measure what this host can do at best, once."""

import os

import click
from rich.console import Console
from rich.table import Table

from hpctc.calibrate import store
from hpctc.calibrate.measure import calibrate as measure
from hpctc.calibrate.roof import Calibration
from hpctc.core.errors import UsageError

BUSY = 0.5
"""Load a core from which what is measured may be too low."""


@click.command()
@click.option("--threads", metavar="N,...", help="Numbers of threads.  [1, 2, 4, ... all cores]")
@click.option("--seconds", default=0.3, type=click.FloatRange(0.01), help="For each figure.  [0.3]")
def calibrate(threads: str | None, seconds: float) -> None:
    """Measure the roofline of this host and keep it: peak arithmetic, bandwidth of every level.

    Runs of 'hpctc eval' on this host then say what share of the roof each time reaches, and
    flag what is faster than the host can be. Do it when the machine is idle.
    """
    cores = len(os.sched_getaffinity(0))
    made = measure(_counts(threads, cores), seconds)
    file = store.save(made)
    Console(highlight=False).print(table(made))
    if made.load > BUSY * cores:
        click.echo(f"\nThe load was {made.load:g}: run it again when the machine is idle.")
    click.echo(f"\nkept in {file}")


def table(made: Calibration) -> Table:
    """A row a number of threads."""
    dtypes = list(dict.fromkeys(p.dtype for p in made.peaks))
    levels = list(dict.fromkeys(b.level for b in made.bands))
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("threads", *(f"{d}\nGFLOP/s" for d in dtypes), *(f"{n}\nGB/s" for n in levels)):
        shown.add_column(title, justify="right")
    for count in made.threads:
        peaks = {p.dtype: p.flops_per_second for p in made.peaks if p.threads == count}
        bands = {b.level: b.bytes_per_second for b in made.bands if b.threads == count}
        figures = [*(peaks[d] for d in dtypes), *(bands[n] for n in levels)]
        shown.add_row(str(count), *(f"{figure / 1e9:,.1f}" for figure in figures))
    return shown


def _counts(text: str | None, cores: int) -> list[int]:
    if text is None:
        powers = [1 << i for i in range(cores.bit_length()) if 1 << i < cores]
        return [*powers, cores]
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and 0 < int(word) <= cores for word in words):
        raise UsageError(
            f"--threads {text} is no list of numbers from 1 to {cores}", "write for example 1,2"
        )
    return sorted({int(word) for word in words})
