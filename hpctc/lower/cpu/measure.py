"""Time C functions against each other in a forked child: a crash or a hang costs one candidate.

What is measured is what ships: the shared object that the C compiler made of the printed source.
The programs of one comparison run alternately on the same arrays (A B B A ...), so a busy machine
slows all of them alike. The child sets its OpenMP threads before it loads the first library.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from hpctc.core.records import Tensor
from hpctc.native.call import aligned, function, poisoned

Array = np.ndarray[Any, Any]

SAMPLE_NS = 200_000
"""A sample is made of so many calls that it lasts about this long."""

TOLERANCE = 2e-3
"""Largest |a - b| / (|b| + scale) between two programs; sums are reordered, mistakes are larger."""


@dataclass(frozen=True)
class Program:
    """A built function and the names of its arguments, in its own order."""

    library: Path
    entry: str
    args: tuple[str, ...]


@dataclass(frozen=True)
class Samples:
    """Nanoseconds per call of every program; entry i of all lists was taken side by side."""

    ns: tuple[tuple[float, ...], ...]

    def median(self, program: int) -> float:
        """The middle time of one program."""
        return median(self.ns[program])

    def ratio(self, program: int, base: int = 0) -> float:
        """Middle of the paired ratios: time of ``program`` over time of ``base``."""
        return median(a / b for a, b in zip(self.ns[program], self.ns[base], strict=True))


@dataclass(frozen=True)
class Failure:
    """Why a comparison gave no times."""

    reason: str


@dataclass(frozen=True)
class Setup:
    """How a comparison is run."""

    threads: int = 2
    seconds: float = 1.0
    """Time spent on samples, after warm-up."""
    limit: float = 20.0
    """The child is ended after this time."""
    samples: int = 15
    passive: bool = True
    """Idle OpenMP threads sleep: steady on a shared machine. False: they spin, as by default."""
    check: bool = True
    """Compare the outputs of all programs with the first one's before timing."""


def compare(
    programs: Sequence[Program],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    how: Setup,
    data: Mapping[str, Array] | None = None,
) -> Samples | Failure:
    """Time all programs alternately in a child; the first one is the yardstick of correctness."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_child, args=(theirs, programs, inputs, outputs, how, data), daemon=True
    )
    child.start()
    theirs.close()
    try:
        if not ours.poll(how.limit):
            return Failure(f"took more than {how.limit:g} s")
        outcome: Samples | Failure = ours.recv()
    except EOFError:
        child.join(5)
        return Failure(f"crashed with exit code {child.exitcode}")
    else:
        return outcome
    finally:
        ours.close()
        child.kill()
        child.join()


def draw(tensor: Tensor, seed: int) -> Array:
    """Harmless values: floats in the tensor's domain or in [0.5, 1), integers 0 or 1."""
    random = np.random.default_rng(seed)
    array = aligned(tensor.shape, tensor.dtype)
    if array.dtype.kind == "f":
        low, high = tensor.domain or (0.5, 1.0)
        low, high = max(low, -4.0), min(high, 4.0)
        array[...] = random.uniform(low, max(high, low), array.shape)
    else:
        array[...] = random.integers(0, 2, array.shape)
    return array


def _child(
    line: Connection,
    programs: Sequence[Program],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    how: Setup,
    data: Mapping[str, Array] | None,
) -> None:
    os.environ["OMP_NUM_THREADS"] = str(how.threads)
    os.environ["OMP_DYNAMIC"] = "false"
    if how.passive:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    _grow_stack()
    try:
        line.send(_measure(programs, inputs, outputs, how, data or {}))
    except Exception as problem:  # noqa: BLE001  the edge of the child: whatever it is, it is told
        line.send(Failure(f"does not load or run: {problem!r}"))
    finally:
        line.close()
        os._exit(0)


def _grow_stack() -> None:
    """Let the main thread's stack grow as far as it may: foreign C keeps whole tensors there."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))


def _measure(
    programs: Sequence[Program],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    how: Setup,
    data: Mapping[str, Array],
) -> Samples | Failure:
    given: dict[str, Array] = {}
    for seed, tensor in enumerate(inputs):
        given[tensor.name] = draw(tensor, seed)
        if tensor.name in data:
            given[tensor.name][...] = data[tensor.name]
    calls, kept, first = [], [], None
    for number, program in enumerate(programs):
        made = {t.name: poisoned(t.shape, t.dtype) for t in outputs}
        call = function(program.library, program.entry, len(program.args))
        arrays = given | made
        pointers = [arrays[name].ctypes.data for name in program.args]
        start = time.perf_counter_ns()
        call(*pointers)
        calls.append((call, pointers, time.perf_counter_ns() - start))
        kept.append(arrays)
        if first is None:
            first = made
        elif how.check and (worst := _distance(made, first)) > TOLERANCE:
            return Failure(f"program {number} differs from the first by {worst:.3g}")
    repeats = [_repeats(call, pointers, cold) for call, pointers, cold in calls]
    return _alternate([(c, p) for c, p, _ in calls], repeats, how)


def _distance(made: Mapping[str, Array], first: Mapping[str, Array]) -> float:
    """Largest relative difference over all outputs, on the scale of each output."""
    worst = 0.0
    for name, array in made.items():
        a, b = array.astype(np.float64), first[name].astype(np.float64)
        with np.errstate(invalid="ignore"):
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            finite = np.abs(b[np.isfinite(b)])
            scale = float(finite.mean()) if finite.size else 1.0
            gap = np.where(same, 0.0, np.abs(a - b) / (np.abs(b) + scale + 1e-30))
        worst = max(worst, float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0)))
    return worst


def _repeats(call: Any, pointers: Sequence[int], cold: int) -> int:
    """How many calls make a sample, warm; a first call of a second says enough."""
    if cold > 1_000_000_000:
        return 1
    call(*pointers)
    start = time.perf_counter_ns()
    call(*pointers)
    single = max(time.perf_counter_ns() - start, 100)
    return max(1, round(SAMPLE_NS / single))


def _alternate(
    calls: Sequence[tuple[Any, Sequence[int]]], repeats: Sequence[int], how: Setup
) -> Samples:
    """Samples in the order A B C C B A, until they are enough or the time is over."""
    taken: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + how.seconds
    forward = True
    least = min(3, how.samples)
    while len(taken[0]) < how.samples and (len(taken[0]) < least or time.perf_counter() < end):
        order = range(len(calls)) if forward else reversed(range(len(calls)))
        for position in order:
            call, pointers = calls[position]
            start = time.perf_counter_ns()
            for _ in range(repeats[position]):
                call(*pointers)
            taken[position].append((time.perf_counter_ns() - start) / repeats[position])
        forward = not forward
    return Samples(tuple(tuple(t) for t in taken))
