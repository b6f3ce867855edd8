"""Nothing survives: not the child of a candidate, not a candidate whose parent was killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hpctc.core.records import Tensor
from hpctc.native.compiler import compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.compiling import fenced
from hpctc.sandbox.layers import MEANS, given
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Called, Candidate, Setup

Y = Tensor(name="y", shape=(8,), dtype="float32")

DAEMON = """
#include <unistd.h>
void f(float *y) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) for (;;) write(2, "alive", 5), usleep(1000);
        _exit(0);
    }
    y[0] = 1;
}
"""
PARENT = """
import sys
from pathlib import Path
from hpctc.core.records import Tensor
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.process import Candidate, Setup
y = Tensor(name="y", shape=(8,), dtype="float32")
with Arena([], False) as i, Arena([y], True) as o:
    setup = Setup(Path(sys.argv[1]), layers=tuple(sys.argv[3:]))
    with Candidate(setup, Path(sys.argv[2]), "f", i, o) as child:
        print(child.pid, flush=True)
        child.call()
"""


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within a time that no machine is too busy for."""
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def is_gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(") ")[2].startswith(("Z", "X"))  # nobody has buried it yet


def children() -> set[int]:
    return {int(p) for p in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def test_a_daemon_of_a_candidate_ends_with_it(build_folder: Path) -> None:
    runner = launcher.build(build_folder)
    if "namespaces" not in given(runner):
        pytest.skip("this host gives no namespaces")
    library = compiler("gcc{flags=-O1}").build(DAEMON, build_folder).library
    assert library is not None
    setup = Setup(runner, layers=("namespaces",))
    with (
        Arena([], writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(setup, library, "f", inputs, outputs) as child,
    ):
        assert isinstance(child.call(), Called)
        errors = os.dup(child._errors)
        assert eventually(lambda: os.fstat(errors).st_size > 0), "the daemon was never there"
    size = os.fstat(errors).st_size
    time.sleep(0.1)
    assert os.fstat(errors).st_size == size
    os.close(errors)


@pytest.mark.parametrize("absent", [(), ("namespaces", "mounts"), tuple(MEANS)])
def test_a_candidate_ends_with_its_parent(build_folder: Path, absent: tuple[str, ...]) -> None:
    runner = launcher.build(build_folder)
    code = "void f(float *y) { for (;;) y[0]++; }"
    library = compiler("gcc{flags=-O0}").build(code, build_folder).library
    layers = [name for name in given(runner) if name not in absent]
    command = [sys.executable, "-c", PARENT, str(runner), str(library), *layers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert eventually(lambda: is_gone(pid))


def test_a_program_ends_with_its_parent(build_folder: Path, tmp_path: Path) -> None:
    runner = launcher.build(build_folder)
    words = [w.replace("{scratch}", str(tmp_path)) for w in fenced(runner, Limits(), given(runner))]
    code = (
        "import os, subprocess, sys; words = [w.replace(sys.argv[1], str(os.getpid())) "
        "for w in sys.argv[2:]]; subprocess.run(words)"
    )
    marker = f"parent={os.getpid()}"
    shell = ["/bin/sh", "-c", "echo $$ > here; while :; do echo x >> here; sleep 0.01; done"]
    words = ["parent=PID" if w == marker else w for w in words]
    command = [sys.executable, "-c", code, "PID", *words, *shell]
    with subprocess.Popen(command) as parent:
        here = tmp_path / "here"
        assert eventually(lambda: here.exists() and here.stat().st_size > 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    def is_quiet() -> bool:
        size = here.stat().st_size
        time.sleep(0.2)
        return here.stat().st_size == size

    assert eventually(is_quiet)


def test_no_process_is_left_to_bury(build_folder: Path) -> None:
    runner = launcher.build(build_folder)
    library = compiler("gcc{flags=-O1}").build("void f(float *y) { *y = 1; }", build_folder).library
    assert library is not None
    before = children()
    for _ in range(5):
        with (
            Arena([], writable=False) as inputs,
            Arena([Y], writable=True) as outputs,
            Candidate(Setup(runner), library, "f", inputs, outputs) as child,
        ):
            assert isinstance(child.call(), Called)
            assert child.layers == given(runner)
    assert children() == before
