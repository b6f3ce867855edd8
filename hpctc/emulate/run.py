"""Carries launches out on the CPU, in a child process in the jail: a kernel is anybody's code."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path

import numpy as np

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Launch, Tensor
from hpctc.emulate import diagnose, toolchain
from hpctc.emulate.ptx import replace_assembly
from hpctc.emulate.records import Array, Emulated, Emulation, Finding
from hpctc.emulate.unit import unit
from hpctc.sandbox.compiling import run_jailed
from hpctc.sandbox.limits import MIB, Limits

MOST_THREADS = 1024
MOST_SHARED_BYTES = 232_448
"""What a block may ask for on sm_90."""

REACH = 2 * 64 * MIB
"""Address space around every buffer, as in the engine (``faults.cpp``)."""

STACKS = MOST_THREADS * (MIB + MIB // 4)
"""The same for the stacks of a block's threads with their guards (``block.cpp``)."""

PRINTED = 64 * MIB
"""What kernels may print in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """The global arrays of a run."""

    inputs: tuple[Tensor, ...]
    """Read-only: a kernel that writes one is a finding."""
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor, ...] = ()

    def all(self) -> tuple[Tensor, ...]:
        """Every buffer, in the order in which the driver numbers them."""
        return (*self.inputs, *self.intermediates, *self.outputs)


def emulate(
    cuda_code: str,
    launches: Sequence[Launch],
    buffers: Buffers,
    arrays: Mapping[str, Array],
    how: Emulation | None = None,
    include: Path | None = None,
) -> Emulated:
    """Compile ``cuda_code`` with g++ and carry out ``launches`` in order.

    ``arrays`` holds every input; an output or intermediate it holds as well starts with that value,
    any other starts poisoned (NaN, or huge integers). ``include`` is a folder for the source's own
    headers. A source that does not compile, crashes or hangs is a finding; only misuse of this
    function and a machine without g++ are exceptions.
    """
    how = how or Emulation()
    _refuse_misuse(launches, buffers, arrays)
    if bad := [f for i, launch in enumerate(launches) for f in _bad_launch(i, launch)]:
        return Emulated(outputs={}, findings=tuple(bad))
    entries = list(dict.fromkeys(launch.kernel for launch in launches))
    shared = max((launch.shared_bytes for launch in launches), default=0)
    text = unit(replace_assembly(cuda_code), entries, shared, how.asan)
    program = toolchain.build(text, how.asan, include)
    if program.path is None:
        finding = diagnose.refused(program.log, cuda_code)
        return Emulated(outputs={}, findings=(finding,), build_seconds=program.seconds)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hpctc-emulate-") as place:
        job = _Job(Path(place), buffers, how)
        job.write(launches, entries, arrays)
        status, words = job.run(program.path)
        findings = list(job.findings())
        done = status == 0
        if not done and not findings:
            findings.append(_silent_end(status, words))
        try:
            outputs = job.results(buffers.outputs) if done else {}
            between = job.results(buffers.intermediates) if done else {}
        except (OSError, ValueError):
            outputs = between = {}
            findings.append(_crash("it ended before its results were written down"))
        findings = diagnose.with_lines(findings, text, how, include)
        return Emulated(
            outputs=outputs,
            arrays=between,
            findings=tuple(f.finding for f in findings),
            printed=job.printed(),
            build_seconds=program.seconds,
            run_seconds=time.monotonic() - began,
        )


class _Job:
    """The files that the driver reads and writes."""

    def __init__(self, place: Path, buffers: Buffers, how: Emulation) -> None:
        self.place = place
        self.buffers = buffers
        self.how = how
        self.number = {t.name: i for i, t in enumerate(buffers.all())}

    def write(
        self, launches: Sequence[Launch], entries: Sequence[str], arrays: Mapping[str, Array]
    ) -> None:
        """Lay out the plan and the arrays."""
        how = self.how
        threads = 1 if how.asan else max(1, how.threads)
        lines = [
            f"order {how.order} {how.seed}",
            f"threads {threads}",
            f"seconds {how.seconds!r}",
            f"guard {how.guard}",
        ]
        for i, tensor in enumerate(self.buffers.all()):
            role = "input" if tensor in self.buffers.inputs else "output"
            count = int(np.prod(tensor.shape, dtype=np.int64))
            size = np.dtype(tensor.dtype).itemsize
            lines.append(f"buffer {tensor.name} {role} {size} {count} {self.place / str(i)}")
            if tensor.name in arrays:
                array = np.ascontiguousarray(arrays[tensor.name], dtype=tensor.dtype)
                array.tofile(self.place / str(i))
        for launch in launches:
            lines.append(self._launch(launch, entries.index(launch.kernel)))
        (self.place / "plan").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _launch(self, launch: Launch, kernel: int) -> str:
        words: list[str] = [str(kernel), *map(str, (*launch.grid, *launch.block))]
        words += [str(launch.shared_bytes), str(len(launch.args))]
        for arg in launch.args:
            if isinstance(arg, str):
                words += ["b", str(self.number[arg])]
            elif isinstance(arg, int):
                words += ["i", str(int(arg))]
            else:
                words += ["f", float(arg).hex()]
        return "launch " + " ".join(words)

    def run(self, program: Path) -> tuple[int | None, str]:
        """Run the program in the jail: exit status (None: too slow), and its errors."""
        files = ("plan", "findings", "printed")
        command = [str(program), *(str(self.place / name) for name in files)]
        runner = toolchain.runner()
        return run_jailed(command, self.place, runner, self._limits(), reads=[program])

    def _limits(self) -> Limits:
        how, buffers = self.how, self.buffers.all()
        held = [prod(t.shape) * np.dtype(t.dtype).itemsize for t in buffers]
        reserved = sum(held) + len(held) * REACH + how.threads * STACKS
        return Limits(
            wall_seconds=how.seconds + 5,  # its own alarm, which says where it was, comes before
            cpu_seconds=ceil(how.seconds * how.threads) + 5,
            # The sanitizer reserves terabytes for its shadow.
            memory_bytes=0 if how.asan else Limits.memory_bytes + reserved,
            file_bytes=max([PRINTED, *held]),
            threads=Limits.threads + how.threads,
        )

    def findings(self) -> Iterator[diagnose.Raw]:
        """What the driver wrote down, up to a line that is not the driver's."""
        path = self.place / "findings"
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    yield diagnose.raw(line)
                except ValueError:
                    yield _crash("it wrote among the emulator's findings")
                    return

    def printed(self) -> str:
        """What kernels printed."""
        path = self.place / "printed"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def results(self, tensors: Sequence[Tensor]) -> dict[str, Array]:
        """Arrays as the launches left them."""
        found = {}
        for tensor in tensors:
            path = self.place / f"{self.number[tensor.name]}.out"
            found[tensor.name] = np.fromfile(path, dtype=tensor.dtype).reshape(tensor.shape)
        return found


def _silent_end(status: int | None, words: str) -> diagnose.Raw:
    if status is None:
        return diagnose.Raw(Finding(kind="timeout", message="the run does not answer its alarm"))
    if status == 2:
        raise HpctcError(f"the emulator's driver refused: {words.strip()[:500]}")
    return _crash(words.strip()[-500:] or f"it ended with status {status}")


def _crash(detail: str) -> diagnose.Raw:
    return diagnose.Raw(Finding(kind="crash", message=detail))


def _bad_launch(number: int, launch: Launch) -> Iterator[Finding]:
    threads = launch.block[0] * launch.block[1] * launch.block[2]
    problems = []
    if not 1 <= threads <= MOST_THREADS:
        problems.append(f"a block of {threads} threads; CUDA allows 1 to {MOST_THREADS}")
    if min(launch.grid) < 1:
        problems.append(f"a grid of {launch.grid}; every extent must be 1 or more")
    if not 0 <= launch.shared_bytes <= MOST_SHARED_BYTES:
        problems.append(
            f"{launch.shared_bytes} bytes of shared memory; {MOST_SHARED_BYTES} at most"
        )
    for problem in problems:
        yield Finding(kind="bad launch", message=problem, kernel=launch.kernel, launch=number)


def _refuse_misuse(
    launches: Sequence[Launch], buffers: Buffers, arrays: Mapping[str, Array]
) -> None:
    names = {t.name for t in buffers.all()}
    for launch in launches:
        for arg in launch.args:
            if isinstance(arg, str) and arg not in names:
                raise UsageError(
                    f"{launch.kernel} is launched with {arg!r}, which is no buffer",
                    f"there are {', '.join(sorted(names)) or 'none'}",
                )
    for tensor in buffers.all():
        given = arrays.get(tensor.name)
        if given is None and tensor in buffers.inputs:
            raise UsageError(f"there is no array for input {tensor.name}")
        if given is not None and tuple(given.shape) != tensor.shape:
            raise UsageError(
                f"{tensor.name} should have shape {tensor.shape}; the array has {given.shape}"
            )
