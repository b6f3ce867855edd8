"""Builds the runner, the small C program under which untrusted code runs; cached by content."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from hpctc.core.errors import HpctcError, MissingTool
from hpctc.native.compiler import find
from hpctc.sandbox.layers import bits
from hpctc.sandbox.limits import Limits

SOURCES = Path(__file__).with_name("runner")

FLAGS = ("-O2", "-std=gnu11", "-Wl,-z,relro,-z,now")
"""The last one makes the runner's table of library functions read-only before a candidate loads."""

OPENMP = ("-fopenmp", "-Wl,--no-as-needed")
"""Loads the OpenMP runtime with the runner, wherever this compiler keeps it, before the fence."""

OUTER_DESCRIPTORS = 1024
"""For a program that runs under limits alone, as programs of our own do."""


def build(folder: Path) -> Path:
    """The runner's path in ``folder``, built there on first use with gcc (or cc, or clang)."""
    texts = [path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.suffix in (".c", ".h")]
    what = b"\0".join([*texts, " ".join((*FLAGS, *OPENMP)).encode()])
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
    """The words before a command so that it runs under ``limits`` and no other layer."""
    more = f"descriptors={OUTER_DESCRIPTORS}"
    return (str(runner), "exec", *settings(limits, ("rlimits",)), more, "--")


def settings(limits: Limits, layers: Iterable[str], buffers: int = 0) -> list[str]:
    """The runner's settings for limits and layers; ``buffers``: bytes that come on top."""
    memory = limits.memory_bytes and limits.memory_bytes + buffers
    return [
        f"layers={bits(layers)}",
        f"cpu={limits.cpu_seconds}",
        f"memory={memory}",
        f"file={limits.file_bytes}",
        f"descriptors={limits.descriptors}",
        f"threads={limits.threads}",
        f"parent={os.getpid()}",
    ]


def _compile(program: Path, more: Sequence[str]) -> str:
    """Build the runner; what the compiler complained of, empty when it succeeded."""
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    command = [_compiler(), *more, *FLAGS, "-o", str(program), *sources, "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or f"it ended with {done.returncode}"


def _compiler() -> str:
    for program in ("gcc", "cc", "clang"):
        try:
            return find(program)
        except MissingTool:
            continue
    return find("gcc")
