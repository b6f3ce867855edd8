"""Call a C function once, in a child, its arrays between forbidden pages.

The child is ``templates/audit/caller.c``. An access outside of an array, or a write to an input,
ends it and comes back by name and index; so does a crash, a hang, or a text that does not compile.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from hpctc.core import resources
from hpctc.core.errors import HpctcError
from hpctc.core.records import Tensor
from hpctc.native.call import Array
from hpctc.native.compiler import Built, Gcc, find
from hpctc.sandbox.compiling import jailed, run_jailed
from hpctc.sandbox.limits import MIB, Limits

FLAGS = "-O2 -march=native -fopenmp -ffp-contract=off -fno-strict-aliasing"
"""As the emulator builds the CUDA: what is fused and what is not stands in the source."""

REACH = 2 * 128 * MIB
"""Address space around every array, as in the caller."""

Guard = Literal["right", "left"]


@dataclass(frozen=True)
class Fault:
    """An access outside of an array, or a write to an input."""

    verb: str
    buffer: str
    index: int
    elements: int

    def __str__(self) -> str:
        inside = 0 <= self.index < self.elements
        held = "an input of" if inside else "it has"
        return f"it {self.verb} {self.buffer}[{self.index}], {held} {self.elements} elements"


@dataclass(frozen=True)
class Called:
    """What came of a call."""

    outputs: Mapping[str, Array]
    """Empty where it did not come to its end."""
    fault: Fault | None = None
    failure: str = ""
    """How else it ended: ``it took more than 60 s``, ``signal Aborted``."""


def build(code: str, how: "Setup") -> Built:
    """A shared library of a C text, as all C is built here; in the jail, for it is a stranger's."""
    return jailed(code, Gcc(flags=FLAGS), how.folder, how.runner)


def caller(folder: Path) -> Path:
    """The program that calls, built on first use, OpenMP's runtime linked to it."""
    source = resources.root("templates") / "audit" / "caller.c"
    text = source.read_bytes()
    program = folder / f"caller-{hashlib.sha256(text).hexdigest()[:16]}"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        draft = Path(scratch) / "caller"
        flags = ["-O1", "-fopenmp", "-Wl,--no-as-needed"]
        command = [find("gcc"), *flags, "-o", str(draft), str(source)]
        done = subprocess.run([*command, "-ldl", "-lpthread"], capture_output=True, check=False)
        if done.returncode != 0:
            raise HpctcError(f"gcc cannot build the caller: {done.stderr.decode()[:1000]}")
        os.replace(draft, program)
    return program


@dataclass(frozen=True)
class Setup:
    """With what functions are called."""

    folder: Path
    """Scratch."""
    runner: Path
    """The sandbox's program, which puts up the jail."""
    seconds: float = 60.0
    memory: int = 4096 * MIB
    threads: int = 2


@dataclass(frozen=True)
class Function:
    """A built C function with its parameters in order."""

    library: Path
    entry: str
    parameters: tuple[tuple[Tensor, bool], ...]
    """Each with whether it is written."""


def call(
    function: Function, arrays: Mapping[str, Array], how: Setup, guard: Guard = "right"
) -> Called:
    """Call once with ``arrays`` as inputs, in the jail: the C is a stranger's."""
    with tempfile.TemporaryDirectory(dir=how.folder) as name:
        place = Path(name)
        words, held = _arguments(function.parameters, arrays, place)
        limits = Limits(
            wall_seconds=how.seconds,
            cpu_seconds=int(how.seconds * how.threads) + 5,
            memory_bytes=how.memory + held,
            file_bytes=max(held, MIB),
        )
        fault = place / "fault"
        program = [str(caller(how.folder)), str(function.library), function.entry, guard]
        made = (caller(how.folder), function.library)
        openmp = [f"OMP_NUM_THREADS={how.threads}", "OMP_STACKSIZE=256M"]
        command = ["env", *openmp, *program, str(fault), *words]
        status, said = run_jailed(command, place, how.runner, limits, reads=made)
        if status == 0:
            outputs = {
                t.name: np.fromfile(place / str(i), dtype=t.dtype).reshape(t.shape)
                for i, (t, written) in enumerate(function.parameters)
                if written
            }
            return Called(outputs)
        if status is None:
            return Called({}, failure=f"it took more than {how.seconds:g} s")
        text = fault.read_text(encoding="utf-8") if fault.exists() else ""
        if status == 3 and not text.startswith("signal"):
            verb, buffer, index, elements = text.split()
            return Called({}, Fault(verb, buffer, int(index), int(elements)))
        return Called({}, failure=text.strip() or said.strip()[-300:] or f"it ended with {status}")


def _arguments(
    parameters: Sequence[tuple[Tensor, bool]], arrays: Mapping[str, Array], place: Path
) -> tuple[list[str], int]:
    """The caller's words for the parameters, and the bytes they take."""
    words, held = [], 0
    for i, (tensor, written) in enumerate(parameters):
        size = np.dtype(tensor.dtype).itemsize
        count = int(np.prod(tensor.shape, dtype=np.int64))
        held += size * count + REACH
        if not written:
            np.ascontiguousarray(arrays[tensor.name], dtype=tensor.dtype).tofile(place / str(i))
        role = "w" if written else "r"
        words.append(f"{role}:{tensor.name}:{size}:{count}:{place / str(i)}")
    return words, held
