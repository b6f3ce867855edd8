"""C compilers as specs: ``gcc{flags='-O3 -march=native'}``; builds are cached by content."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from hpctc.core.errors import MissingTool
from hpctc.core.spec import Spec, load

DEFAULT_FLAGS = "-O3 -march=native -fopenmp"
"""The equal flags under which everything is compared unless a result says otherwise."""

SCRATCH = "{scratch}"
"""In the words of a wrapping command: the folder of source and result."""


@dataclass(frozen=True)
class Built:
    """What a compiler made of a source."""

    library: Path | None
    """The shared object; None where the build failed."""
    log: str
    """The compiler's words, at most 4,000 characters."""


@dataclass(frozen=True)
class Compiler(Spec):
    """A C compiler with its flags."""

    program: ClassVar[str]
    flags: str = DEFAULT_FLAGS
    std: str = "gnu11"

    def command(self, source: Path, library: Path) -> list[str]:
        """The command line that makes ``library`` of ``source``."""
        return [
            find(self.program),
            f"-std={self.std}",
            *self.flags.split(),
            "-fPIC",
            "-shared",
            "-Wl,-z,defs",  # a function that nobody defines is the compiler's error, not a crash
            "-o",
            str(library),
            str(source),
            "-lm",
        ]

    def build(
        self, code: str, folder: Path, seconds: float = 60.0, wrap: Sequence[str] = ()
    ) -> Built:
        """Compile C text into ``folder/<hash>.so``; an existing one is taken as it is.

        ``wrap`` are the words of a command that runs the compiler in a jail; :data:`SCRATCH` in
        them becomes the folder in which it works.
        """
        name = hashlib.sha256(f"{self}\n{code}".encode()).hexdigest()[:24]
        library = folder / f"{name}.so"
        if library.exists():
            return Built(library, "")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            source, draft = Path(scratch) / "code.c", Path(scratch) / "code.so"
            source.write_text(code, encoding="utf-8")
            around = [word.replace(SCRATCH, scratch) for word in wrap]
            status, words = run_group([*around, *self.command(source, draft)], seconds)
            log = words.replace(f"{scratch}/", "")[:4000]
            if status is None:
                return Built(None, f"the compiler took more than {seconds:g} s")
            if status != 0:
                return Built(None, log or f"the compiler ended with {status}")
            os.replace(draft, library)
        return Built(library, log)


@dataclass(frozen=True)
class Gcc(Compiler):
    """GNU C."""

    name: ClassVar[str] = "gcc"
    program: ClassVar[str] = "gcc"


@dataclass(frozen=True)
class Clang(Compiler):
    """LLVM's C compiler."""

    name: ClassVar[str] = "clang"
    program: ClassVar[str] = "clang"


COMPILERS = {"gcc": "hpctc.native.compiler:Gcc", "clang": "hpctc.native.compiler:Clang"}


def compiler(text: str = "gcc") -> Compiler:
    """The compiler that a spec text names."""
    return load(COMPILERS, text, "compiler", Compiler)


def run_group(command: list[str], seconds: float) -> tuple[int | None, str]:
    """Run a command with a time limit; exit status (None: too slow) and what it wrote as errors.

    The command gets a process group of its own, which is killed whole when time is up or we are
    interrupted: a compiler driver's children would otherwise work on.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            words = process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, ""
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, words


@cache
def find(program: str) -> str:
    """The path of a compiler, or a :class:`MissingTool` that says how to get it."""
    if path := shutil.which(program):
        return path
    raise MissingTool(
        f"there is no {program} on this machine",
        f"install it (Debian, Ubuntu: apt-get install {program}) and run 'hpctc doctor'",
    )
