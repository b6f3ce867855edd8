"""The layers of isolation: what each is called, which ones this host gives, which a run needs.

The runner itself is asked: it tries to enter each layer and says for which error the kernel
refuses. So what ``hpctc doctor`` shows is what a candidate gets, as root and as anybody else, in a
container and outside.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hpctc.core.errors import HpctcError

BITS = {
    "rlimits": 1,
    "namespaces": 2,
    "mounts": 4,
    "privileges": 8,
    "landlock": 16,
    "seccomp": 32,
}
"""The runner's layers, as in ``runner/jail.h``."""

MEANS = {
    "rlimits": "CPU time, memory, files, threads are bounded",
    "watch": "the parent ends what grows, spreads or stays too long",
    "namespaces": "no processes, network or IPC but its own",
    "mounts": "an empty root folder, with nothing to write to",
    "privileges": "not root, no capabilities",
    "landlock": "no file but the candidate can be opened",
    "seccomp": "few system calls are left",
}
"""Each layer, in the order of the doctor's report. ``watch`` is the parent's own."""

NEEDED: tuple[tuple[str, ...], ...] = (
    ("rlimits",),
    ("watch",),
    ("privileges",),
    ("seccomp",),
    ("landlock", "mounts"),
)
"""What a run asks of a host: of each group one. The others are a second wall behind the first."""

LEVELS = {
    "all": "every layer, or the run refuses",
    "jail": "every layer that this host gives; refuses without those that a run needs",
    "rlimits": "limits on time and memory only",
    "none": "nothing",
}
"""The values of ``--sandbox``."""

_PROBE = (
    "cpu=600",
    f"memory={1 << 32}",
    "file=1048576",
    "descriptors=64",
    "threads=64",
    "read=/usr",
)
_LANDLOCK_CREATE_RULESET, _LANDLOCK_VERSION_FLAG = 444, 1


@dataclass(frozen=True)
class Layer:
    """One layer: whether this host gives it, and what it means or why not."""

    name: str
    present: bool
    detail: str


def bits(names: Iterable[str]) -> int:
    """The runner's number for some layers."""
    return sum(BITS.get(name, 0) for name in set(names))


def names(number: int) -> tuple[str, ...]:
    """The layers that a number of the runner stands for."""
    return tuple(name for name, bit in BITS.items() if number & bit)


@cache
def layers(runner: Path) -> tuple[Layer, ...]:
    """Every layer, tried once a process (some milliseconds)."""
    done = subprocess.run(
        [runner, "probe", *_PROBE], capture_output=True, text=True, check=False, timeout=60
    )
    lines = dict(line.split() for line in done.stdout.splitlines())
    if done.returncode != 0 or set(lines) != set(BITS):
        raise HpctcError(f"the sandbox cannot be tried: {done.stderr.strip() or done.returncode}")
    return tuple(_layer(name, int(lines.get(name, 0))) for name in MEANS)


def given(runner: Path) -> tuple[str, ...]:
    """The names of the layers that this host gives."""
    return tuple(layer.name for layer in layers(runner) if layer.present)


def choose(level: str, runner: Path) -> tuple[str, ...]:
    """The layers under which a run of this level works; a host with fewer is an error."""
    found = given(runner)
    if level == "none":
        return ()
    if level == "rlimits":
        return ("rlimits", "watch")
    if missing := lacking(found, [(name,) for name in MEANS] if level == "all" else NEEDED):
        reasons = {layer.name: layer.detail for layer in layers(runner)}
        words = "; ".join(f"{' or '.join(g)} ({reasons[g[0]]})" for g in missing)
        raise HpctcError(
            f"candidates are untrusted programs, and this host cannot jail them: it lacks {words}",
            "'hpctc doctor' shows every layer; to run them all the same, say --sandbox=rlimits",
        )
    return found


def lacking(
    found: Iterable[str], needed: Sequence[tuple[str, ...]] = NEEDED
) -> list[tuple[str, ...]]:
    """The groups of ``needed`` of which there is none in ``found``."""
    have = set(found)
    return [group for group in needed if not have.intersection(group)]


def _layer(name: str, error: int) -> Layer:
    if name == "watch" and not Path("/proc/self/task").is_dir():
        return Layer(name, False, "there is no /proc")
    if error:
        return Layer(name, False, os.strerror(error))
    more = f", ABI {_landlock_version()}" if name == "landlock" else ""
    return Layer(name, True, MEANS[name] + more)


def _landlock_version() -> int:
    call = ctypes.CDLL(None).syscall
    call.restype = ctypes.c_long
    return int(call(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG))
