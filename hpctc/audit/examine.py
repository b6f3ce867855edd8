"""Runs the sides of a record under every check, and notes what goes wrong.

The same for a published record with inferred launches and for a pair of ours: what differs is the
inputs that are tried, and what counts as right.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hpctc.audit.call import Called, Setup
from hpctc.audit.findings import Kind, Notes
from hpctc.audit.launches import Runnable
from hpctc.audit.sides import buffers, run_c, run_cuda, run_rules
from hpctc.emulate import Emulated, Emulation, races
from hpctc.emulate.records import Finding as Observed
from hpctc.native.call import Array
from hpctc.sandbox.limits import MIB

Arrays = Mapping[str, Array]

KINDS_OF_EMULATOR: Mapping[str, Kind] = {
    "out of bounds": "out of bounds",
    "input written": "input written",
    "race": "race",
    "does not compile": "does not compile",
    "bad launch": "bad launch",
    "out of memory": "not decided",
    "not supported": "not decided",
}
"""The emulator's kind -> ours; any other is ``misbehaves``."""


class OutOfTime(Exception):
    """A step did not come to its end, or the time of the record is over before it."""


@dataclass(frozen=True)
class Limits:
    """What one record may take."""

    seconds: float = 120.0
    """Wall time for all its checks."""
    memory: int = 6144 * MIB
    """Of each child."""

    def __str__(self) -> str:
        return f"{self.seconds:g} s, {self.memory // MIB} MiB"


class Examination:
    """One record's runs: each gets what is left of the record's time, at most a third of it."""

    def __init__(self, record: Runnable, how: Setup, limits: Limits, notes: Notes) -> None:
        self.record = record
        self.how = how
        self.limits = limits
        self.notes = notes
        self.deadline = time.monotonic() + limits.seconds

    def c(
        self, record: Runnable, arrays: Arrays, guard: Literal["right", "left"] = "right"
    ) -> Arrays:
        """The outputs of the C; empty where it did not come to its end, which is noted."""
        called = run_c(record, arrays, self._setup("the C"), guard)
        return self._noted("the C", called)

    def rules(self, record: Runnable, code: str, arrays: Arrays) -> Arrays:
        """The outputs of the transpiled CUDA."""
        called = run_rules(record, code, arrays, self._setup("the transpiled CUDA"))
        return self._noted("the transpiled CUDA", called)

    def cuda(self, record: Runnable, arrays: Arrays, order: Emulation) -> Arrays:
        """The outputs of the emulated CUDA in one order of threads."""
        seconds = self._left("the CUDA")
        return self._observed(run_cuda(record, arrays, replace(order, seconds=seconds)))

    def races(self, arrays: Arrays) -> Arrays:
        """The same forward, in reverse and shuffled, with both ends of every buffer guarded."""
        seconds = self._left("the CUDA in three orders of threads")
        of = self.record
        how = Emulation(seconds=seconds)
        return self._observed(races(of.cuda_code, of.launches, buffers(of), arrays, how))

    def _left(self, step: str) -> float:
        left = self.deadline - time.monotonic()
        if left <= 1.0:
            raise OutOfTime(f"{self.limits.seconds:g} s were over before {step} was run")
        return min(left, self.limits.seconds / 3)

    def _setup(self, step: str) -> Setup:
        return replace(self.how, seconds=self._left(step), memory=self.limits.memory)

    def _noted(self, side: str, called: Called) -> Arrays:
        if called.fault is not None:
            inside = 0 <= called.fault.index < called.fault.elements
            kind: Kind = "input written" if inside else "out of bounds"
            self.notes.add(kind, f"{side}: {called.fault}")
        elif called.failure.startswith("it took more than"):
            raise OutOfTime(f"{side} hangs or is heavy: {called.failure}")
        elif called.failure.startswith("it does not compile"):
            self.notes.add("does not compile", f"{side}: {called.failure}")
        elif called.failure:
            self.notes.add("misbehaves", f"{side}: {called.failure}")
        return called.outputs

    def _observed(self, emulated: Emulated) -> Arrays:
        for finding in emulated.findings:
            if finding.kind == "timeout":
                raise OutOfTime(f"the CUDA hangs or is heavy: {finding}")
            if not finding.harmless:
                kind = KINDS_OF_EMULATOR.get(finding.kind, "misbehaves")
                self.notes.add(kind, f"the CUDA: {_worded(kind, finding)}")
        only_races = all(f.harmless or f.kind == "race" for f in emulated.findings)
        return emulated.outputs if only_races else {}


def _worded(kind: Kind, finding: Observed) -> str:
    """An observation without its kind where ours says the same."""
    text = str(finding)
    return text.removeprefix(f"{finding.kind}: ") if kind != "misbehaves" else text
