"""Builds that watch themselves: what plain calls cannot show, gcc's sanitizers can.

``sanitizers``: AddressSanitizer and parts of UBSan. Each argument is copied to where
poisoned zones lie at its very first and last byte, so that a read one element past the end is seen;
in plain calls only a guard page some bytes further is.

``race``: ThreadSanitizer. OpenMP's own order of threads is told to it (``races.c``); without that
every barrier would be a report. A race that comes out right in every call is one all the same.

Both run in the jail, loaded into the same runner. They find mistakes, they fence nothing: code can
ask not to be instrumented. What they cannot decide (too slow, not enough memory, a host on which
they do not start) is no verdict: then the tier is missing among those that were passed.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Tier, VerdictClass
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.seat import Seat
from hpctc.native.call import ALIGNMENT
from hpctc.native.compiler import Built, Compiler, compiler, find
from hpctc.sandbox.limits import COMPILE
from hpctc.sandbox.process import Called

ZONE = 1 << 18
"""Bytes before and behind each argument whose touch is reported: more than most rows."""

AROUND = "hpctc_around"
"""The function that copies the arguments and calls the entry."""

SANITIZED = (
    "-O1 -g -fno-omit-frame-pointer -fsanitize=address,bounds,object-size,null,alignment,"
    "integer-divide-by-zero,unreachable,vla-bound,return -fno-sanitize-recover=all"
)
"""Signed overflow and wide shifts are not asked about: integers wrap in CUDA, and in what is
translated from it."""

THREADED = "-O1 -g -fno-omit-frame-pointer -fsanitize=thread"

THREADS = 2
"""At least so many, or there is nothing to race."""

_BEYOND = re.compile(
    r"(heap|stack|global|dynamic-stack|container)-(buffer-)?(over|under)flow|use-after|"
    r"negative-size|out of bounds|insufficient space|double-free|alloc-dealloc|beyond an argument"
)


@dataclass(frozen=True)
class Report:
    """What a sanitizer said."""

    verdict: VerdictClass
    detail: str


@dataclass(frozen=True)
class Watcher:
    """One tier: how a source is built for it, and how its words are read."""

    tier: Tier
    flags: str
    preload: Callable[[Path], str]
    """What must be loaded before the candidate, given a folder for what is built."""
    options: Mapping[str, str]
    read: Callable[[str, Path], Report | None]
    """Words and library -> what was found; None where no sanitizer spoke."""
    around: bool = False
    """Whether the arguments are copied to the heap first."""


def examine(watcher: Watcher, source: str, pair: Pair, case: Case, bench: Bench) -> Report | str:
    """Call a build of ``source`` once on ``case``: a report, or ``passed``, or why it is open."""
    code, entry = (f"{source}\n{around(pair)}", AROUND) if watcher.around else (source, pair.entry)
    built = _build(watcher, code, bench)
    if built.library is None:
        return f"it does not build: {built.log[:200]}"
    setup = replace(
        bench.setup,
        cores=(bench.setup.cores * THREADS)[: max(THREADS, len(bench.setup.cores))],
        limits=replace(bench.setup.limits, memory_bytes=0),
        more={"LD_PRELOAD": watcher.preload(bench.folder), **watcher.options},
    )
    with Seat(setup, built.library, replace(pair, entry=entry)) as seat:
        outcome = seat.call(case.inputs, 0)
    if isinstance(outcome, Called):
        return PASSED
    return watcher.read(outcome.words, built.library) or f"it {outcome.failure}: {outcome.detail}"


PASSED = "passed"


def available(program: str = "gcc") -> bool:
    """Whether this compiler brings the sanitizers' libraries."""
    return all(_library(program, name) is not None for name in ("libasan.so", "libtsan.so"))


def named(text: str | None) -> tuple[Tier, ...]:
    """The tiers of ``sanitizers,race`` or ``none``; None: all that this host's gcc has."""
    there: tuple[Tier, ...] = tuple(w.tier for w in WATCHERS)
    if text is None:
        return there if available() else ()
    wanted = {word.strip() for word in text.split(",")} - {"", "none"}
    if unknown := wanted - set(there):
        raise UsageError(
            f"there is no check {min(unknown)!r}", f"there are {', '.join(there)} and none"
        )
    if wanted and not available():
        raise UsageError(
            "this gcc has no sanitizers", "Debian: apt-get install gcc, or --checks none"
        )
    return tuple(tier for tier in there if tier in wanted)


def around(pair: Pair) -> str:
    """C of a function that calls the entry on copies of its arguments, each in its own zone."""
    tensors = [*pair.inputs, *pair.outputs]
    sizes = [prod(t.shape) * np.dtype(t.dtype).itemsize for t in tensors]
    given = ", ".join(f"void *a{i}" for i in range(len(sizes)))
    made = "\n".join(
        f"    char *b{i} = hpctc_zoned({n}); memcpy(b{i}, a{i}, {n});" for i, n in enumerate(sizes)
    )
    back = "\n".join(
        f"    memcpy(a{i}, b{i}, {sizes[i]});" for i in range(len(pair.inputs), len(sizes))
    )
    free = " ".join(f"free(b{i} - {ZONE});" for i in range(len(sizes)))
    types = ", ".join("void *" for _ in sizes)
    copies = ", ".join(f"b{i}" for i in range(len(sizes)))
    return (
        '#line 1 "around.c"\n#include <stdlib.h>\n#include <string.h>\n'
        "void __asan_poison_memory_region(void const volatile *, size_t);\n"
        "static void *hpctc_zoned(size_t n) {\n    void *p;\n"
        f"    if (posix_memalign(&p, {ALIGNMENT}, {ZONE} + n + {ZONE})) abort();\n"
        f"    __asan_poison_memory_region(p, {ZONE});\n"
        f"    __asan_poison_memory_region((char *)p + {ZONE} + n, {ZONE});\n"
        f"    return (char *)p + {ZONE};\n}}\n"
        f"void {AROUND}({given}) {{\n{made}\n"
        # By way of memory: a cast at the call itself is a trap to gcc where the types differ.
        f"    void (*volatile call)({types}) = (void (*)({types})){pair.entry};\n"
        f"    call({copies});\n{back}\n    {free}\n}}\n"
    )


def _build(watcher: Watcher, code: str, bench: Bench) -> Built:
    """With gcc, whose sanitizers the jail can load; the candidate's own flags come first."""
    using: Compiler = compiler("gcc")
    using = replace(using, flags=f"{bench.compiler.flags} {watcher.flags}", std=bench.compiler.std)
    return replace(bench, compiler=using).compile(code)


def _read_address(words: str, library: Path) -> Report | None:
    kind = re.search(r"(?:AddressSanitizer|runtime error): ([^\n(]+)", words)
    if kind is None or "stack-overflow" in words:  # its frames are larger than the candidate's own
        return None
    what = kind.group(1).split(" on ")[0].strip()
    access = re.search(r"(READ|WRITE) of size (\d+)", words)
    what = "beyond an argument" if what == "use-after-poison" else what
    detail = f"{access[1].lower()} of {access[2]} bytes, {what}" if access else what
    detail += _place(words, library)
    return Report("out-of-bounds" if _BEYOND.search(what) else "crashed", detail)


def _read_race(words: str, library: Path) -> Report | None:
    if "ThreadSanitizer: data race" not in words:
        return None
    ends = []
    for block in words.split("\n\n"):
        if access := re.search(r"(read|write) of size (\d+) at", block, re.IGNORECASE):
            where = _place(block[access.end() :], library)
            ends.append(f"{access[1].lower()} of {access[2]} bytes{where}")
    return Report("racy", "two threads at one place, unordered: " + " and ".join(ends[:2]))


def _place(words: str, library: Path) -> str:
    """``, line 7`` of the candidate, from the first frame in it; empty where none is known."""
    if told := re.search(r"\bcode\.c:(\d+)", words):
        return f", line {told[1]}"
    frames = re.findall(rf"\b(?:candidate|{library.stem})\.so\+(0x[0-9a-f]+)\)", words)
    if not frames or shutil.which("addr2line") is None:
        return ""
    # In the jail the library has no path that a sanitizer could read its lines from.
    done = subprocess.run(
        ["addr2line", "-e", str(library), *frames], capture_output=True, text=True, check=False
    )
    found = re.search(r"\bcode\.c:(\d+)", done.stdout)
    return f", line {found[1]}" if found else ""


def _address_library(folder: Path) -> str:
    return _library("gcc", "libasan.so") or ""


def _race_libraries(folder: Path) -> str:
    """ThreadSanitizer, and what tells it of OpenMP."""
    source = Path(__file__).with_name("races.c").read_text(encoding="utf-8")
    built = replace(compiler("gcc"), flags="-O2").build(source, folder, COMPILE.wall_seconds)
    return " ".join(filter(None, [_library("gcc", "libtsan.so"), str(built.library or "")]))


@cache
def _library(program: str, name: str) -> str | None:
    """Where the compiler keeps a library."""
    done = subprocess.run(
        [find(program), f"-print-file-name={name}"], capture_output=True, text=True, check=False
    )
    path = Path(done.stdout.strip())
    return str(path.resolve()) if path.is_absolute() and path.exists() else None


WATCHERS = (
    Watcher(
        "sanitizers",
        SANITIZED,
        _address_library,
        {
            "ASAN_OPTIONS": "detect_leaks=0:exitcode=86:allocator_may_return_null=1",
            "UBSAN_OPTIONS": "halt_on_error=1:exitcode=87",
        },
        _read_address,
        around=True,
    ),
    Watcher(
        "race",
        THREADED,
        _race_libraries,
        {
            "TSAN_OPTIONS": "halt_on_error=1:exitcode=66:report_thread_leaks=0:"
            "report_signal_unsafe=0:report_mutex_bugs=0:ignore_noninstrumented_modules=1"
        },
        _read_race,
    ),
)
