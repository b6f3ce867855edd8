"""What the emulator is told and what it says: options, findings, results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from hpctc.core.spec import Spec

Array = np.ndarray[Any, Any]

Kind = Literal[
    "does not compile",
    "bad launch",
    "out of bounds",
    "input written",
    "misaligned",
    "divergent barrier",
    "early exit",
    "deadlock",
    "inactive lane",
    "mask",
    "race",
    "assertion",
    "trap",
    "stack overflow",
    "out of memory",
    "not supported",
    "crash",
    "timeout",
]

HARMLESS: frozenset[Kind] = frozenset({"early exit", "inactive lane"})
"""Kinds that are worth a look, but by themselves do not spoil a result: a barrier waits only for
threads that have not returned, and what a shuffle reads of an inactive lane is often not used."""


@dataclass(frozen=True)
class Emulation(Spec):
    """How to run: ``emulate{order=reverse,threads=1}``."""

    name: ClassVar[str] = "emulate"
    order: Literal["forward", "reverse", "random"] = "forward"
    """In which order the threads of a block, and the blocks of a grid, take their turns."""
    seed: int = 0
    """Of the random order."""
    threads: int = 2
    """Operating-system threads that run blocks."""
    guard: Literal["right", "left"] = "right"
    """At which end buffers touch forbidden memory; the other end has up to a page of slack."""
    asan: bool = False
    """Build with sanitizers: finds overruns of local and shared arrays, and accesses that are not
    aligned; on one thread, several times slower."""
    seconds: float = 60.0
    """Time limit of the run, compiling not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a source or its launch did wrong."""

    kind: Kind
    message: str
    kernel: str = ""
    launch: int | None = None
    """Which launch, from 0."""
    block: tuple[int, int, int] | None = None
    thread: tuple[int, int, int] | None = None
    line: int | None = None
    """Line of the CUDA source, from 1; None: not known."""
    buffer: str | None = None
    index: int | None = None
    """Element of ``buffer`` that was touched; may be negative."""

    @property
    def harmless(self) -> bool:
        """Whether results stand in spite of it."""
        return self.kind in HARMLESS

    def __str__(self) -> str:
        where = f"{self.kernel or 'source'}"
        if self.line is not None:
            where += f", line {self.line}"
        if self.block is not None and self.thread is not None:
            where += f", block {_point(self.block)}, thread {_point(self.thread)}"
        return f"{self.kind}: {self.message} ({where})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulated:
    """What came of a run."""

    outputs: Mapping[str, Array]
    """Output name -> array; empty where the run did not come to its end."""
    findings: tuple[Finding, ...] = ()
    printed: str = ""
    """What the kernels printed."""
    build_seconds: float = 0.0
    """For compiling; near 0 when the program was in the cache."""
    run_seconds: float = 0.0
    arrays: Mapping[str, Array] = field(default_factory=dict)
    """Intermediate buffers as the last launch left them, where they were asked for."""

    @property
    def ok(self) -> bool:
        """Whether every launch came to its end and nothing harmful was found."""
        return not any(not f.harmless for f in self.findings)


def _point(xyz: tuple[int, int, int]) -> str:
    return f"({xyz[0]},{xyz[1]},{xyz[2]})"
