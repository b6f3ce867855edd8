"""Builds programs of CUDA sources: precompiled header, engine object, unit, all kept by content.

The header and the engine are compiled once a machine (2 to 4 s); a kernel then takes a fraction of
a second. What lies in the cache is named by the hash of everything that shaped it. The engine is
ours; a kernel is anybody's, so it is compiled in the jail (:mod:`hpctc.sandbox`), which shows the
compiler one folder of the cache and, where it was named, the folder of the source's own headers.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hpctc.core import resources
from hpctc.core.errors import HpctcError
from hpctc.native.compiler import find, run_group
from hpctc.sandbox import launcher
from hpctc.sandbox.compiling import run_jailed
from hpctc.sandbox.limits import COMPILE

LANGUAGE = ("-std=gnu++17", "-x", "c++", "-w")
MACHINE = (
    "-march=native",
    "-ffp-contract=off",  # what is fused and what is not stands in the source
    "-fno-strict-aliasing",  # kernels view floats as float4 by casting pointers
    "-fwrapv",
    "-fno-math-errno",
    "-fno-extern-tls-init",
    "-ftls-model=local-exec",
    "-fno-pie",
    "-fno-asynchronous-unwind-tables",
    "-fno-exceptions",
)
KERNEL_LEVEL = "-O1"
"""For kernels: compiling costs more than running at the sizes that are checked."""

MOST_PROGRAMS = 2000
"""How many programs (40 KB each) are kept; then the older half goes."""
KEEP_SECONDS = 600


@dataclass(frozen=True)
class Program:
    """What became of a unit."""

    path: Path | None
    """The executable; None: the compiler refused."""
    log: str
    """The compiler's words."""
    seconds: float


def folder() -> Path:
    """Where programs are kept between runs: the user's cache folder."""
    home = Path.home() / ".cache" / "hpctc" / "emulate"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        home = Path(tempfile.gettempdir()) / f"hpctc-emulate-{os.getuid()}"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


@cache
def runner() -> Path:
    """The sandbox's program, kept beside the programs that it runs."""
    return launcher.build(folder())


def build(unit: str, asan: bool, include: Path | None = None, lines: bool = False) -> Program:
    """Compile and link a unit in the jail; one that was built before is taken as it is.

    ``include`` is the folder of the source's own headers; ``lines``: with a table of lines, which
    changes no instruction.
    """
    began = time.monotonic()
    prefix = precompiled(asan)
    flags = _kernel_flags(prefix, asan, include, lines)
    text = unit.encode("utf-8", "replace")  # what is no Unicode, g++ shall refuse
    head = "\n".join([prefix.parent.name, *flags, ""]).encode()
    name = hashlib.sha256(head + text).hexdigest()[:24]
    kept = folder() / "programs" / name
    if kept.exists():
        return Program(kept, "", time.monotonic() - began)
    kept.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(kept.parent)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        source, program = Path(scratch) / "source.cu", Path(scratch) / "program"
        source.write_bytes(text)
        command = [find("g++"), *flags, str(source), *_linked(prefix, program, asan or lines)]
        reads = (prefix.parent, *((include.resolve(),) if include else ()))
        status, words = run_jailed(command, Path(scratch), runner(), COMPILE, "g++", reads)
        if status != 0:
            slow = f"g++ took more than {COMPILE.wall_seconds:g} s"
            log = words.replace(f"{scratch}/", "") or f"g++ ended with {status}"
            return Program(None, slow if status is None else log, time.monotonic() - began)
        os.replace(program, kept)
    return Program(kept, words.replace(f"{scratch}/", ""), time.monotonic() - began)


def _kernel_flags(prefix: Path, asan: bool, include: Path | None, lines: bool) -> list[str]:
    """What shapes the code of a unit."""
    shadow = prefix.parent / "source" / "shadow"
    own = [f"-I{include.resolve()}"] if include else []
    table = ["-g1"] if lines else []
    return [*_flags(asan), f"-I{shadow}", *own, *table, "-include", str(prefix)]


def _linked(prefix: Path, program: Path, lines: bool) -> list[str]:
    """The words behind a source that make a program of it: the engine, and how to link."""
    linker = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []  # a quarter less to build
    return [
        *("-x", "none", *(str(part) for part in sorted(prefix.parent.glob("*.o")))),
        *([] if lines else ["-s"]),
        *linker,
        *("-no-pie", "-fopenmp", "-Wl,-z,noexecstack", "-o", str(program), "-lm"),
    ]


def _forget_old(programs: Path) -> None:
    """Delete the oldest programs when there are many; a young one may be about to run."""
    found = list(programs.iterdir())
    if len(found) < MOST_PROGRAMS:
        return
    now = time.time()
    with contextlib.suppress(FileNotFoundError):  # somebody else tidies up as well
        ages = sorted(((now - p.stat().st_mtime, p) for p in found if p.is_file()), reverse=True)
        for age, path in ages[: MOST_PROGRAMS // 2]:
            if age > KEEP_SECONDS:
                path.unlink()


@cache
def precompiled(asan: bool) -> Path:
    """The header to include, with its precompiled form beside it and the engine's objects."""
    root = resources.root("templates") / "emulate"
    parts = sorted(p for p in root.rglob("*") if p.is_file())
    text = [_compiler(), *_flags(asan), *(p.read_text(encoding="utf-8") for p in parts)]
    place = folder() / hashlib.sha256("\n".join(text).encode()).hexdigest()[:24]
    header = place / "prefix.hpp"
    if (place / "complete").exists():
        return header
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        draft = Path(scratch) / "draft"
        draft.mkdir()
        _compile_parts(root, draft, asan)
        (draft / "complete").touch()
        try:
            draft.rename(place)
        except OSError:
            if not (place / "complete").exists():  # somebody else was quicker, or it is broken
                raise
    return header


def _compile_parts(root: Path, place: Path, asan: bool) -> None:
    """Our own text, so outside of the jail; a copy of it, for that is all a kernel's jail shows."""
    header, source = place / "prefix.hpp", place / "source"
    shutil.copytree(root, source)
    header.write_text('#include "source/cuda/cuda.hpp"\n', encoding="utf-8")
    commands = [
        [*_flags(asan), "-c", "-x", "c++-header", str(header), "-o", f"{header}.gch"],
    ]
    for part in sorted((source / "engine").glob("*.cpp")):
        flags = [f for f in _flags(asan) if f != KERNEL_LEVEL]
        target = place / f"{part.stem}.o"
        commands.append([*flags, "-O3", "-fopenmp", "-c", str(part), "-o", str(target)])
    for command in commands:
        status, words = run_group([find("g++"), *command], COMPILE.wall_seconds)
        if status != 0:
            raise HpctcError(
                f"g++ cannot compile the emulator: {words[:2000] or 'it took too long'}",
                "run 'hpctc doctor'; g++ 11 or later on Linux is needed",
            )


def _flags(asan: bool) -> list[str]:
    sanitizer = ["-fsanitize=address,alignment", "-fsanitize-undefined-trap-on-error", "-g1"]
    return [*LANGUAGE, *MACHINE, KERNEL_LEVEL, *(sanitizer if asan else ())]


@cache
def _compiler() -> str:
    """The compiler and what it takes this machine for: both shape precompiled code."""
    query = [find("g++"), "-march=native", "-Q", "--help=target"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=60, check=False)
    version = [find("g++"), "--version"]
    named = subprocess.run(version, capture_output=True, text=True, timeout=60, check=False)
    return named.stdout + done.stdout
