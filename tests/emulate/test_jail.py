"""A kernel is anybody's text: what compiles it and what runs it sees nothing that it was not given.

Each attempt is made without a jail first, to see that it works at all.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpctc.emulate import Emulated, emulate, toolchain
from hpctc.emulate.run import Buffers
from hpctc.sandbox import compiling
from hpctc.sandbox.layers import given, lacking

FENCES = [("landlock", "mounts")]


@pytest.fixture(scope="module", autouse=True)
def _fenced() -> None:
    if lacking(given(toolchain.runner()), FENCES):
        pytest.skip("this host gives no fence of files")


@pytest.fixture
def open_world(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No layer of the jail, until it is undone."""
    monkeypatch.setattr(compiling, "given", lambda runner: ())
    return monkeypatch


def run(bench: Any, code: str, include: Path | None = None) -> Emulated:
    """One block of one thread that has an ``int y[1]``, poisoned."""
    buffers: Buffers = bench.buffers({}, {"y": np.zeros(1, np.int32)})
    return emulate(code, [bench.launch("k", 1, 1, "y")], buffers, {}, include=include)


def test_the_compiler_reads_no_file_that_was_not_named(
    bench: Any, tmp_path: Path, open_world: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "there" / "secret.h"
    secret.parent.mkdir()
    secret.write_text("#define SECRET 42\n")
    code = f'#include "{secret}"\n__global__ void k(int *y) {{ *y = SECRET; }}\n'
    assert run(bench, code).outputs["y"] == 42
    open_world.undo()
    (found,) = run(bench, f"{code}\n").findings  # other text: what was built once is kept
    assert (found.kind, found.message) == ("does not compile", f"there is no header {secret}")
    assert run(bench, '#include "secret.h"\n' + code.split("\n", 1)[1], secret.parent).ok


def test_a_kernel_opens_no_file(bench: Any, tmp_path: Path, open_world: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("42")
    code = f'__global__ void k(int *y) {{ *y = fopen("{secret}", "r") != nullptr; }}\n'
    assert run(bench, code).outputs["y"] == 1
    open_world.undo()
    assert run(bench, code).outputs["y"] == 0


def test_a_link_among_the_results_is_not_followed(bench: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("42")
    code = (
        'extern "C" int unlink(const char *), symlink(const char *, const char *);\n'
        '__global__ void k(int *y) { unlink("printed"); '
        f'*y = symlink("{secret}", "printed"); }}\n'
    )
    got = run(bench, code)
    assert (got.printed, got.outputs) == ("", {})
    assert [f.message for f in got.findings] == ["it left a link in the place of printed"]


@pytest.mark.parametrize(
    "line",
    [
        "this is not JSON",
        "{}",
        "[" * 5000,
        '{"kind": "harmless", "message": 1}',
        '{"kind": "race", "message": "", "kernel": "k", "launch": 0, "block": "abc", "thread": [], '
        '"line": 0, "buffer": "", "index": 0, "instruction": -1}',
    ],
)
def test_what_a_kernel_writes_among_the_findings_is_a_finding(bench: Any, line: str) -> None:
    quoted = line.replace('"', '\\"')
    code = (
        "#include <cstdio>\n"
        "__global__ void k(int *y) { "
        f'FILE *f = fopen("findings", "w"); fputs("{quoted}\\n", f); fclose(f); *y = 1; }}\n'
    )
    got = run(bench, code)
    assert [f.message for f in got.findings] == ["it wrote among the emulator's findings"]
    assert not got.ok


def test_a_kernel_that_leaves_without_results_has_crashed(bench: Any) -> None:
    code = 'extern "C" void _exit(int);\n__global__ void k(int *y) { *y = 1; _exit(0); }\n'
    got = run(bench, code)
    assert (got.outputs, got.ok) == ({}, False)
    assert [f.kind for f in got.findings] == ["crash"]
