"""Rounds of equals: kept in a file, drawn from it as runs, and made slower.

A round is a timing of one start of both sides, which were the same C.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.codec import decode
from hpctc.core.records import Timing

SIDES, CLOCKS = ("candidate", "baseline"), ("ns", "busy_ns")
"""Of a timing's columns."""

Run = tuple[int, ...]
"""Calls of each start of a recorded run."""

Pool = Mapping[str, Sequence[Timing]]
"""Task -> its rounds of equals."""


def lines(path: Path) -> list[dict[str, Any]]:
    """The documents of a file, if there is one; half a line at its end is cut off."""
    if not path.is_file():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def append(path: Path, document: Mapping[str, Any]) -> None:
    """One more line, on disk when this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(document) + "\n")


def read(path: Path) -> Pool:
    """The rounds of a file, by task."""
    pool: dict[str, list[Timing]] = {}
    for document in lines(path):
        timing = decode(Timing, document["timing"])
        if not timing.problem:
            pool.setdefault(document["task"], []).append(timing)
    return pool


def spans(count: int, length: int, random: np.random.Generator) -> tuple[int, int]:
    """Where two runs of starts begin that share none, in either order."""
    gap = count - 2 * length
    first, second = sorted(int(n) for n in random.integers(gap + 1, size=2))
    both = (first, second + length)
    return both if random.integers(2) else both[::-1]


def swapped(timings: Sequence[Timing], random: np.random.Generator) -> list[Timing]:
    """The same, or with the two sides in each other's place: they are equals."""
    if random.integers(2):
        return list(timings)
    pairs = [(f"{a}_{clock}", f"{b}_{clock}") for a, b in (SIDES, SIDES[::-1]) for clock in CLOCKS]
    return [with_columns(t, {mine: getattr(t, theirs) for mine, theirs in pairs}) for t in timings]


def with_columns(timing: Timing, columns: Mapping[str, Any]) -> Timing:
    """The same with other times."""
    return replace(timing, **columns)


def run_of(starts: Sequence[Timing], run: Run) -> Timing:
    """What an evaluation takes of so many starts."""

    def cut(name: str) -> tuple[int, ...]:
        pairs = zip(starts, run, strict=True)
        return tuple(ns for t, calls in pairs for ns in getattr(t, name)[:calls])

    names = [f"{side}_{clock}" for side in SIDES for clock in CLOCKS]
    return with_columns(starts[0], {name: cut(name) for name in names} | {"starts": run})


def slower(timing: Timing, loss: float) -> Timing:
    """With a candidate that takes so many times as long, and computes as much more."""
    names = [f"candidate_{clock}" for clock in CLOCKS]
    lost = {name: tuple(round(loss * ns) for ns in getattr(timing, name)) for name in names}
    return with_columns(timing, lost)
