"""C compilers as specs: ``gcc{flags='-O3 -march=native'}``; builds are cached by content."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from hpctc.core.errors import MissingTool
from hpctc.core.spec import Spec, load

DEFAULT_FLAGS = "-O3 -march=native -fopenmp"
"""The equal flags under which everything is compared unless a result says otherwise."""


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
            "-o",
            str(library),
            str(source),
            "-lm",
        ]

    def build(self, code: str, folder: Path, seconds: float = 60.0) -> Built:
        """Compile C text into ``folder/<hash>.so``; an existing one is taken as it is."""
        name = hashlib.sha256(f"{self}\n{code}".encode()).hexdigest()[:24]
        library = folder / f"{name}.so"
        if library.exists():
            return Built(library, "")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            source, draft = Path(scratch) / "code.c", Path(scratch) / "code.so"
            source.write_text(code, encoding="utf-8")
            try:
                done = subprocess.run(
                    self.command(source, draft),
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return Built(None, f"the compiler took more than {seconds:g} s")
            log = done.stderr.replace(f"{scratch}/", "")[:4000]
            if done.returncode != 0:
                return Built(None, log or f"the compiler ended with {done.returncode}")
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


@cache
def find(program: str) -> str:
    """The path of a compiler, or a :class:`MissingTool` that says how to get it."""
    if path := shutil.which(program):
        return path
    raise MissingTool(
        f"there is no {program} on this machine",
        f"install it (Debian, Ubuntu: apt-get install {program}) and run 'hpctc doctor'",
    )
