"""The course of a long run: how many pairs there are and what memory its processes hold, by time.

A growth of some kilobytes a pair shows after hours only, so it is measured as a slope over the
pairs, with an interval: a run that holds still has an interval around zero.
"""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

Array = np.ndarray[Any, np.dtype[np.float64]]

MIB = 1 << 20

DRAWS = 2000
"""Of the bootstrap."""

BLOCKS = 24
"""Parts of a course between which a slope is sought: neighbouring samples say the same thing."""

WARM = 0.1
"""Share of a course that is left out of slopes at its beginning: imports and first pages."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a run."""

    session: int
    """Counts the starts of a run that was interrupted; memory begins anew with each."""
    seconds: float
    """Of running, sessions before included, pauses between them not."""
    pairs: int
    failures: int
    parent_mib: float
    """Resident memory of ``hpctc generate`` itself."""
    server_mib: float
    """Of the process that forks the workers."""
    total_mib: float
    """Of all processes together, pages that they share counted once (PSS)."""


class Lines:
    """How many lines a growing file has; what was counted is not read again."""

    def __init__(self, path: Path) -> None:
        self.path, self.count, self._offset = path, 0, 0

    def now(self) -> int:
        """The lines that are complete."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as handle:
            handle.seek(self._offset)
            while chunk := handle.read(MIB):
                self.count += chunk.count(b"\n")
                self._offset += len(chunk)
        return self.count


class Course:
    """The samples of a run, kept in a file so that an interrupted one goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.samples = [Sample(**json.loads(line)) for line in text.splitlines()]
        self._session = self.samples[-1].session + 1 if self.samples else 0
        self._before = self.samples[-1].seconds if self.samples else 0.0

    def watch(
        self, process: subprocess.Popen[bytes], counts: Callable[[], tuple[int, int]], every: float
    ) -> Iterator[Sample]:
        """Look at a running process ``every`` so many seconds until it ends, and once more then."""
        began = time.monotonic()
        memory = 0.0, 0.0, 0.0
        with self.path.open("a", encoding="utf-8") as file:
            running = True
            while running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(every)
                    running = False
                memory = _memory(process.pid) or memory
                seconds = self._before + time.monotonic() - began
                sample = Sample(self._session, round(seconds, 2), *counts(), *memory)
                file.write(json.dumps(asdict(sample)) + "\n")
                file.flush()
                self.samples.append(sample)
                yield sample

    def figures(self) -> dict[str, Any]:
        """Peaks, and how each process grew in the longest session."""
        found = {
            name: {
                "peak_mib": round(max((getattr(s, name) for s in self.samples), default=0.0), 1),
                "growth": growth(self.longest(), name),
            }
            for name in ("parent_mib", "server_mib", "total_mib")
        }
        return {name.removesuffix("_mib"): value for name, value in found.items()}

    def longest(self) -> list[Sample]:
        """The samples of the session that made the most pairs."""
        by: dict[int, list[Sample]] = {}
        for sample in self.samples:
            by.setdefault(sample.session, []).append(sample)
        return max(by.values(), key=lambda s: s[-1].pairs - s[0].pairs, default=[])

    def thinned(self, most: int = 60) -> list[dict[str, Any]]:
        """At most so many samples, evenly spread, to draw the course by."""
        if not self.samples:
            return []
        places = np.unique(np.linspace(0, len(self.samples) - 1, most).astype(int))
        return [asdict(self.samples[i]) for i in places]


def growth(samples: Sequence[Sample], name: str) -> dict[str, Any] | None:
    """MiB a thousand pairs: the slope of a line through the blocks' means, and its 95 % interval.

    The interval is a bootstrap's over the blocks. None where the samples are too few to tell.
    """
    warm = samples[int(len(samples) * WARM) :]
    blocks = [b for b in np.array_split(np.arange(len(warm)), BLOCKS) if len(b)]
    if len(blocks) < BLOCKS // 2 or warm[-1].pairs == warm[0].pairs:
        return None
    pairs = np.array([np.mean([warm[i].pairs for i in b]) / 1000 for b in blocks])
    held = np.array([np.mean([getattr(warm[i], name) for i in b]) for b in blocks])
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(blocks), len(blocks)) for _ in range(DRAWS)]
    slopes = [_slope(pairs[d], held[d]) for d in drawn if np.ptp(pairs[d]) > 0]
    low, high = np.percentile(slopes, [2.5, 97.5])
    return {
        "mib_per_1000_pairs": round(_slope(pairs, held), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
        "over_pairs": warm[-1].pairs - warm[0].pairs,
    }


def _slope(x: Array, y: Array) -> float:
    """Of the line of least squares."""
    away = x - x.mean()
    return float((away * (y - y.mean())).sum() / (away * away).sum())


def _memory(pid: int) -> tuple[float, float, float] | None:
    """MiB of the parent, of its server and of all; None where it has ended."""
    try:
        parent = psutil.Process(pid)
        children = parent.children()
        own = parent.memory_info().rss
        server = max((_rss(c) for c in children), default=0)
        total = sum(_pss(p) for p in (parent, *parent.children(recursive=True)))
    except psutil.Error:
        return None
    return tuple(round(n / MIB, 2) for n in (own, server, total)) if own else None  # type: ignore[return-value]


def _rss(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _pss(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0
