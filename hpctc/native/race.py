"""Time built functions against each other in a child: a crash or a hang costs one comparison.

The programs of one comparison run alternately on the same arrays (A B B A ...), so a busy machine
slows all of them alike. The child is a fresh interpreter, not a fork: a process that has imported
TVM or torch holds an OpenMP runtime that was set up with other threads and another wait policy.
"""

import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

import numpy as np

from hpctc.core.records import Tensor
from hpctc.native.call import aligned, function, poisoned

Array = np.ndarray[Any, Any]

CHILD = "import sys; sys.path[:] = {path!r}; from hpctc.native.race import serve; serve()"

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
    late: bool = False
    """It was not wrong, it was out of time."""


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
) -> Samples | Failure:
    """Time all programs alternately in a child; the first one is the yardstick of correctness."""
    request = pickle.dumps((tuple(programs), tuple(inputs), tuple(outputs), how))
    command = [sys.executable, "-c", CHILD.format(path=sys.path)]
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env=os.environ | environment(how),
        ) as child,
    ):
        try:
            answer, _ = child.communicate(request, how.limit)
        except subprocess.TimeoutExpired:
            return Failure(f"took more than {how.limit:g} s", late=True)
        finally:
            child.kill()
        if child.returncode != 0 or not answer:
            return Failure(f"crashed with exit code {child.returncode}{_last_line(words)}")
    outcome: Samples | Failure = pickle.loads(answer)
    return outcome


def environment(how: Setup) -> dict[str, str]:
    """What OpenMP reads when it is loaded."""
    found = {"OMP_NUM_THREADS": str(how.threads), "OMP_DYNAMIC": "false"}
    if how.passive:
        found["OMP_WAIT_POLICY"] = "passive"
    return found


def serve() -> None:
    """The child: one request on standard input, one answer on standard output."""
    request = pickle.load(sys.stdin.buffer)
    _grow_stack()
    try:
        outcome = _measure(*request)
    except (OSError, AttributeError, MemoryError) as problem:
        outcome = Failure(f"does not load or run: {problem}")
    sys.stdout.buffer.write(pickle.dumps(outcome))
    sys.stdout.buffer.flush()


def _last_line(words: IO[bytes]) -> str:
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""


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


def _grow_stack() -> None:
    """Let the main thread's stack grow as far as it may: foreign C keeps whole tensors there."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))


def _measure(
    programs: Sequence[Program],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    how: Setup,
) -> Samples | Failure:
    given: dict[str, Array] = {}
    for seed, tensor in enumerate(inputs):
        given[tensor.name] = draw(tensor, seed)
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
