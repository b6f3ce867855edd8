"""Escape attempts on the jail: each fails, and each layer that it names stops it alone.

A file of ``escapes/`` defines ``int escape(void)``: 1 if it got out. It names the layers that stop
it; ``a+b`` are layers that do so together. Each is tried without any layer first, so that an
attempt which never worked is not counted as stopped (``without: root`` where it takes root to
succeed, ``host may refuse`` where this kernel may have been built or set without what it tries).
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpctc.core.records import Tensor
from hpctc.native.compiler import SCRATCH, compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.compiling import fenced
from hpctc.sandbox.layers import MEANS, given
from hpctc.sandbox.limits import MIB, Limits
from hpctc.sandbox.process import Called, Candidate, Setup

ESCAPES = sorted((Path(__file__).parent / "escapes").glob("*.c"))
NEEDS = {"mounts": ("namespaces",)}
"""A layer that can only be entered in another."""

CAP_SYS_ADMIN = 21
LIMITS = Limits(wall_seconds=10, resident_bytes=64 * MIB)
DRIVER = "void f(float *y) { y[0] = (float)escape(); }\n"
Y = Tensor(name="y", shape=(8,), dtype="float32")


@dataclass(frozen=True)
class World:
    """What there is to be reached from a jail."""

    runner: Path
    folder: Path
    secret: Path
    macros: dict[str, str]


@pytest.fixture(scope="module")
def world(build_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    secret = folder / "secret"
    secret.write_text("what nobody may read")
    abstract = f"hpctc-{os.getpid()}"
    with ExitStack() as opened:
        tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        for address in (f"\0{abstract}", str(folder / "socket")):
            server = opened.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(address)
            server.listen(64)
        held = os.open(secret, os.O_RDONLY)
        opened.callback(os.close, held)
        inherited = os.dup2(held, 77, inheritable=True)
        opened.callback(os.close, inherited)
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        victim = opened.enter_context(subprocess.Popen(sleep))
        opened.callback(victim.kill)
        macros = {
            "SECRET": f'"{secret}"',
            "SECRET_BYTES": str(secret.stat().st_size),
            "FOLDER": f'"{folder}"',
            "SOCKET": f'"{folder / "socket"}"',
            "ABSTRACT": f'"{abstract}"',
            "PORT": str(tcp.getsockname()[1]),
            "INHERITED": str(inherited),
            "VICTIM": str(victim.pid),
            "RESIDENT": f"{LIMITS.resident_bytes}UL",
        }
        yield World(launcher.build(build_folder), build_folder, secret, macros)


def header(path: Path) -> dict[str, str]:
    """The first lines' remarks: what stops it, and what it needs without a jail."""
    return dict(re.findall(r"^/\* ([a-z ]+?)(?:: (.+))? \*/$", path.read_text(), re.MULTILINE))


def stoppers(path: Path) -> list[tuple[str, ...]]:
    return [tuple(group.split("+")) for group in header(path)["stopped by"].split(", ")]


def escapes(path: Path, layers: tuple[str, ...] | None, world: World) -> bool:
    """Whether an attempt gets out of these layers (None: all that there are)."""
    macros = "".join(f"#define {name} {value}\n" for name, value in world.macros.items())
    code = f"#define _GNU_SOURCE\n{macros}{path.read_text()}{DRIVER}"
    built = compiler("gcc{flags='-O1 -pthread'}").build(code, world.folder)
    assert built.library is not None, built.log
    setup = Setup(world.runner, LIMITS, (0,), layers=layers)
    with (
        Arena([], writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(setup, built.library, "f", inputs, outputs) as child,
    ):
        outputs.poison(1)
        called = child.call()
        return isinstance(called, Called) and outputs.arrays[0][0] == 1.0


def is_root() -> bool:
    """Root of the machine, with its powers: not that of a container."""
    status = Path("/proc/self/status").read_text()
    capabilities = int(re.findall(r"^CapEff:\s*(\w+)$", status, re.MULTILINE)[0], 16)
    everybody = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    return os.geteuid() == 0 and everybody and bool(capabilities >> CAP_SYS_ADMIN & 1)


def with_needs(group: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {*group, *(more for name in group for more in NEEDS.get(name, ()))}
    return tuple(name for name in MEANS if name in wanted)


def test_there_are_attempts_enough() -> None:
    assert len(ESCAPES) >= 70
    for path in ESCAPES:
        assert {name for group in stoppers(path) for name in group} <= set(MEANS), path.name


COMPILERS_MAY = {
    "becomes_root", "clones", "fork_bomb", "forks", "leaves_its_cores", "lists_root",
    "loads_library", "outlives_parent", "raises_limits", "runs_program", "runs_shell",
    "thread_flood", "uses_memory",
}  # fmt: skip
"""What a compiler needs (programs and libraries), or may do to itself within its limits."""


@pytest.mark.parametrize(
    "path", [p for p in ESCAPES if p.stem not in COMPILERS_MAY], ids=lambda p: p.stem
)
def test_a_compiler_that_was_taken_over_fails_too(path: Path, world: World, tmp_path: Path) -> None:
    here = given(world.runner)
    if not {"seccomp", "mounts", "privileges"} <= set(here):
        pytest.skip("a compiler's jail needs all of these here")
    program = tmp_path / "taken-over"
    macros = [f"-D{name}={value}" for name, value in world.macros.items()]
    main = f'#include "{path}"\nint main(void) {{ return escape() ? 0 : 77; }}\n'
    command = ["gcc", "-D_GNU_SOURCE", "-pthread", *macros, "-xc", "-", "-o", program]
    subprocess.run(command, input=main, text=True, check=True)
    limits = Limits(wall_seconds=10, memory_bytes=1 << 30, file_bytes=8 * MIB, descriptors=256)
    words = [w.replace(SCRATCH, str(tmp_path)) for w in fenced(world.runner, limits, here)]
    done = subprocess.run([*words, program], capture_output=True, check=False, timeout=60)
    assert done.returncode in (77, 128 + 31), done  # it says that it failed, or SIGSYS ended it


@pytest.mark.parametrize("path", ESCAPES, ids=lambda p: p.stem)
def test_an_attempt_fails(path: Path, world: World) -> None:
    said, here = header(path), given(world.runner)
    if said.get("needs") == "cores" and len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core, and no other to go to")
    can = "host may refuse" not in said and ("without" not in said or is_root())
    if can:
        assert escapes(path, (), world), "it gets nowhere even without a jail"
    tried = [g for g in map(with_needs, stoppers(path)) if set(g) <= set(here)]
    for group in tried:
        assert not escapes(path, group, world), f"{'+'.join(group)} do not stop it"
    if tried:
        assert not escapes(path, None, world)
