"""Builds the runner, the small C program under which untrusted code runs; cached by content."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from hpctc.core.errors import HpctcError, MissingTool
from hpctc.native.compiler import find
from hpctc.sandbox.limits import Limits

SOURCE = Path(__file__).with_name("runner.c")

FLAGS = ("-O2", "-std=gnu11", "-Wl,-z,relro,-z,now")
"""The last one makes the runner's table of library functions read-only before a candidate loads."""

OPENMP = ("-fopenmp", "-Wl,--no-as-needed")
"""Loads the OpenMP runtime with the runner, wherever this compiler keeps it, before the fence."""


def build(folder: Path) -> Path:
    """The runner's path in ``folder``, built there on first use with gcc (or cc, or clang)."""
    what = SOURCE.read_bytes() + " ".join((*FLAGS, *OPENMP)).encode()
    program = folder / f"runner-{hashlib.sha256(what).hexdigest()[:16]}"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        draft = Path(scratch) / "runner"
        complaint = _compile(draft, OPENMP) and _compile(draft, ())
        if complaint:
            raise HpctcError(
                f"the sandbox's runner does not compile: {complaint[:400]}",
                "it needs Linux with its kernel headers (Debian: apt-get install linux-libc-dev)",
            )
        draft.replace(program)
    return program


def confined(runner: Path, limits: Limits) -> tuple[str, ...]:
    """The words to put before a command so that it runs under ``limits``."""
    return (str(runner), "exec", *words(limits), "--")


def words(limits: Limits, extra_memory: int = 0) -> tuple[str, ...]:
    """The runner's first arguments: limits, and the process with which the child must end."""
    memory = limits.memory_bytes + extra_memory
    return str(limits.cpu_seconds), str(memory), str(limits.file_bytes), str(os.getpid())


def _compile(program: Path, more: tuple[str, ...]) -> str:
    """Build the runner; what the compiler complained of, empty when it succeeded."""
    command = [_compiler(), *more, *FLAGS, "-o", str(program), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or f"it ended with {done.returncode}"


def _compiler() -> str:
    for program in ("gcc", "cc", "clang"):
        try:
            return find(program)
        except MissingTool:
            continue
    return find("gcc")
