"""Measure the roofs of this host with a small C program, at every number of threads asked for."""

import datetime
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hpctc.calibrate.roof import MEMORY, Band, Calibration, Peak
from hpctc.core.errors import HpctcError
from hpctc.native.compiler import find
from hpctc.native.host import facts, tool_version

SOURCE = Path(__file__).with_name("roofline.c")

FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-fopenmp", "-std=gnu11")

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")

MOST_MEMORY = 1 << 30
"""Bytes read at once to measure memory, at most; twice the last cache where that is less."""


def calibrate(threads: Sequence[int], seconds: float = 0.3) -> Calibration:
    """Measure; ``seconds`` for each of some figures a number of threads."""
    load = os.getloadavg()[0]
    peaks: list[Peak] = []
    bands: list[Band] = []
    with tempfile.TemporaryDirectory() as folder:
        program = _build(Path(folder))
        for count in threads:
            levels = list(_levels(count))
            words = [f"{name}={use // count}" for name, _, use in levels]
            lines = _run(program, [str(count), str(seconds), *words], count)
            capacities = {name: capacity for name, capacity, _ in levels}
            for kind, name, figure in lines:
                if kind == "peak":
                    peaks.append(Peak(dtype=name, threads=count, flops_per_second=figure))
                else:
                    capacity = capacities[name]
                    bands.append(
                        Band(level=name, threads=count, capacity=capacity, bytes_per_second=figure)
                    )
    return Calibration(
        host=facts(),
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        compiler=f"gcc {' '.join(FLAGS)}",
        load=round(load, 2),
        peaks=tuple(peaks),
        bands=tuple(bands),
        tools={"gcc": tool_version("gcc") or "unknown"},
    )


def _build(folder: Path) -> Path:
    program = folder / "roofline"
    command = [find("gcc"), *FLAGS, "-o", str(program), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HpctcError(f"the roofline program does not build: {done.stderr[:400]}")
    return program


def _run(program: Path, words: Sequence[str], threads: int) -> list[tuple[str, str, float]]:
    environment = {
        "OMP_NUM_THREADS": str(threads),
        "OMP_PROC_BIND": "true",
        "OMP_WAIT_POLICY": "passive",
    }
    done = subprocess.run(
        [str(program), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment,
    )
    if done.returncode != 0:
        raise HpctcError(f"the roofline program ended with {done.returncode}: {done.stderr[:200]}")
    found = [line.split() for line in done.stdout.splitlines()]
    return [(kind, name, float(figure)) for kind, name, figure in found]


def _levels(threads: int) -> Iterator[tuple[str, int | None, int]]:
    """Each level, what it holds for so many threads, and how many bytes to measure it with."""
    last = 0
    for name, size, shared in _caches():
        capacity = size if shared else size * threads
        last = max(last, capacity)
        yield name, capacity, capacity // 2
    yield MEMORY, None, max(min(2 * last, MOST_MEMORY), MOST_MEMORY // 4)


def _caches(folder: Path = CACHES) -> list[tuple[str, int, bool]]:
    """Name, bytes, and whether all cores share it, of every cache that holds data."""
    found = []
    for path in sorted(folder.glob("index*")):
        kind, level, size = (
            (path / name).read_text(encoding="ascii").strip() for name in ("type", "level", "size")
        )
        if kind != "Instruction":
            unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1], 1)
            found.append((f"L{level}", int(size.rstrip("KM")) * unit, int(level) >= 3))
    return found
