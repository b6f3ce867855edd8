"""The compiler in a jail: a candidate's source must not read what the compiler could.

``#include "/etc/passwd"``, ``.incbin`` and their like make the compiler a reader of files. So it
sees the system's programs, headers and libraries and one scratch folder, and nothing else: no home,
no ``/etc``, no ``/proc``, nothing of ours.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import hpctc
from hpctc.core.errors import HpctcError
from hpctc.native.compiler import SCRATCH, Built, Compiler, find, run_group
from hpctc.sandbox.launcher import confined, settings
from hpctc.sandbox.layers import given
from hpctc.sandbox.limits import COMPILE, Limits

SYSTEM = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/dev/null",
)
"""What gcc, clang and the programs behind them read."""

BROKEN = "the sandbox failed: "
"""So begins what the runner says of itself; a compiler's words begin with a place."""


def fenced(
    runner: Path,
    limits: Limits,
    layers: tuple[str, ...],
    program: str = "gcc",
    reads: Sequence[Path] = (),
) -> tuple[str, ...]:
    """The words before a compiler's command; they name the scratch folder by a placeholder.

    What a compiler made can be run behind the same words, if ``reads`` names what else it opens.
    """
    if not set(layers) - {"rlimits", "watch"}:
        return confined(runner, limits) if layers else ()
    return (
        str(runner),
        "exec",
        *settings(limits, layers),
        f"errors={limits.errors_bytes}",
        *(f"read={path}" for path in (*readable(Path(find(program))), *reads)),
        *(f"hide={path}" for path in hidden()),
        f"write={SCRATCH}",
        "--",
    )


def around(program: str, runner: Path, seconds: float) -> tuple[str, ...]:
    """The words before the command of a compiler, in all layers that this host gives."""
    limits = replace(COMPILE, wall_seconds=seconds, cpu_seconds=math.ceil(seconds))
    return fenced(runner, limits, given(runner), program)


def jailed(
    code: str, using: Compiler, folder: Path, runner: Path, seconds: float = COMPILE.wall_seconds
) -> Built:
    """Compile a text that nobody vouches for, in all layers that this host gives."""
    return checked(using.build(code, folder, seconds, around(using.program, runner, seconds)))


def run_jailed(
    command: Sequence[str],
    place: Path,
    runner: Path,
    limits: Limits,
    program: str = "gcc",
    reads: Sequence[Path] = (),
) -> tuple[int | None, str]:
    """Run a compiler, or what it made, in all layers that this host gives.

    The command may write to the folder ``place``, and read what ``program`` reads and ``reads``.
    Returns its exit status (None: it took more than ``limits.wall_seconds``) and what it wrote as
    errors. A link that it leaves in ``place`` is removed and counts as a failure.
    """
    jail = fenced(runner, limits, given(runner), program, reads)
    before = [word.replace(SCRATCH, str(place)) for word in jail]
    status, words = run_group([*before, *command], limits.wall_seconds)
    if status != 0:
        refuse_broken(words)
    if links := [path for path in place.iterdir() if path.is_symlink()]:
        for path in links:  # we would follow it to what the jail did not show
            path.unlink()
        return 1, f"it left a link in the place of {links[0].name}"
    return status, words


def checked(built: Built) -> Built:
    """The same; a jail that could not be put up is an error of ours, not of the source."""
    if built.library is None:
        refuse_broken(built.log)
    return built


def refuse_broken(words: str) -> None:
    """Raise where the runner speaks of itself: then nothing is known of what it was to run."""
    if words.startswith(BROKEN):
        raise HpctcError(words.strip(), "'hpctc doctor' shows which layers this host gives")


def readable(compiler: Path) -> list[str]:
    """The system's folders, and the compiler's own where it was installed elsewhere."""
    found = [path for path in SYSTEM if os.path.lexists(path)]
    for place in {compiler.parent, compiler.resolve().parent}:
        if not any(place.is_relative_to(path) for path in found):
            # .../bin/gcc has its other parts in .../lib; a home folder is not such a place.
            whole = place.name == "bin" and place.parent not in (Path("/"), Path.home())
            found.append(str(place.parent if whole else place))
    return found


def hidden() -> list[str]:
    """Our own package with its tasks, where it was installed among the system's folders."""
    place = Path(hpctc.__file__).resolve().parent
    return [str(place)] if any(place.is_relative_to(path) for path in SYSTEM) else []
