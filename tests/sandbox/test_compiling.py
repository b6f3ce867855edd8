"""Sources that attack the compiler's host: what they read is not there, bombs are bounded.

A file of ``escapes/compile/`` names the layers that stop it, each alone. One that reads must not
get the secret into its library; one that blows up must end within the limits, with a short log.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpctc.core.errors import HpctcError
from hpctc.native.compiler import SCRATCH, Built, compiler
from hpctc.native.cuda import compile_check
from hpctc.sandbox import launcher
from hpctc.sandbox.compiling import around, checked, fenced, hidden, readable
from hpctc.sandbox.layers import MEANS, given, lacking
from hpctc.sandbox.limits import MIB, Limits

ESCAPES = sorted((Path(__file__).parent / "escapes" / "compile").glob("*.c"))
NEEDS = {"mounts": ("namespaces",)}
TOKEN = b"hpctc_secret"
TIGHT = Limits(wall_seconds=2, cpu_seconds=2, memory_bytes=512 * MIB, file_bytes=8 * MIB)
TIGHT_SECONDS = 15
"""What a bomb may take on a busy machine: nothing decides this test but a hang."""
GCC = compiler("gcc{flags='-O1'}")


@dataclass(frozen=True)
class World:
    runner: Path
    folder: Path
    macros: dict[str, str]


@pytest.fixture(scope="module")
def world(build_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("compile")
    token = TOKEN.decode()
    (folder / "secret.h").write_text(f'const char secret[] = "{token}";\n')
    (folder / "secret.s").write_text(f'.ascii "{token}"\n')
    other = GCC.build(f'const char theirs[] = "{token}";\n', folder).library
    environment = {**os.environ, "HPCTC_KEY": token}
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(sleep, env=environment) as victim:
        macros = {
            "SECRET": f'"{folder / "secret.h"}"',
            "ASSEMBLY": f'"{folder / "secret.s"}"',
            "LIBRARY": f'"{other}"',
            "VICTIM": f'"{victim.pid}"',
        }
        yield World(launcher.build(build_folder), folder, macros)
        victim.kill()


def build(path: Path, layers: tuple[str, ...], world: World, bomb: bool = False) -> Built:
    macros = "".join(f"#define {name} {value}\n" for name, value in world.macros.items())
    wrap = fenced(world.runner, TIGHT, layers)
    code = f"/* {layers} */\n{macros}{path.read_text()}"
    return GCC.build(code, world.folder, TIGHT.wall_seconds if bomb else 30, wrap)


def stoppers(path: Path, here: tuple[str, ...]) -> list[tuple[str, ...]]:
    found = re.search(r"^/\* stopped by: (.+) \*/$", path.read_text(), re.MULTILINE)
    assert found is not None
    groups = [
        {name, *(("namespaces",) if name == "mounts" else ())} for name in found[1].split(", ")
    ]
    return [tuple(n for n in MEANS if n in group) for group in groups if group <= set(here)]


def reads(path: Path) -> bool:
    return "rlimits" not in path.read_text().splitlines()[0]


@pytest.mark.parametrize("path", [p for p in ESCAPES if reads(p)], ids=lambda p: p.stem)
def test_a_source_gets_nothing_that_is_not_its_own(
    path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPCTC_KEY", TOKEN.decode())

    def gets_it(layers: tuple[str, ...]) -> bool:
        library = build(path, layers, world).library
        return library is not None and TOKEN in library.read_bytes()

    here = given(world.runner)
    assert gets_it(()) or "/* compiler may refuse */" in path.read_text(), "it never worked"
    for layers in stoppers(path, here):
        assert not gets_it(layers), f"{layers} does not stop it"
    assert not gets_it(here)


@pytest.mark.parametrize("path", [p for p in ESCAPES if not reads(p)], ids=lambda p: p.stem)
def test_a_bomb_ends_within_the_limits(path: Path, world: World) -> None:
    began = time.monotonic()
    built = build(path, given(world.runner), world, bomb=True)
    assert built.library is None
    assert time.monotonic() - began < TIGHT_SECONDS
    assert 0 < len(built.log) <= 4000


def test_a_hundred_megabytes_of_source_end_within_the_limits(world: World) -> None:
    code = f"void f(void) {{ int x = 0; {'x++; ' * 20_000_000} }}"
    wrap = fenced(world.runner, TIGHT, given(world.runner))
    built = GCC.build(code, world.folder, TIGHT.wall_seconds, wrap)
    assert built.library is None
    assert 0 < len(built.log) <= 4000


@pytest.mark.parametrize("layers", [(), ("rlimits",), None], ids=["none", "rlimits", "all"])
def test_honest_code_is_compiled_as_ever(world: World, layers: tuple[str, ...] | None) -> None:
    code = """
    #include <math.h>
    #include <immintrin.h>
    #include <omp.h>
    #include <stdint.h>
    #include <string.h>
    void f(const float *x, float *y) {
    #pragma omp parallel for simd
        for (int i = 0; i < 64; i++) y[i] = expf(x[i]) + (float)omp_get_num_threads();
    }
    """
    wrap = fenced(world.runner, TIGHT, given(world.runner) if layers is None else layers)
    built = compiler().build(f"/* {layers} */{code}", world.folder, 30, wrap)
    assert built.library is not None, built.log
    assert built.log == ""


def test_an_error_keeps_its_place_and_its_words(world: World) -> None:
    wrap = fenced(world.runner, TIGHT, given(world.runner))
    built = GCC.build("void f(void) { y = 1; }\n", world.folder, 30, wrap)
    assert built.library is None
    assert "code.c:1:16: error: 'y' undeclared" in built.log


def test_a_compiler_from_elsewhere_brings_its_folder(tmp_path: Path) -> None:
    theirs = tmp_path / "gcc-99" / "bin" / "gcc"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    assert str(tmp_path / "gcc-99") in readable(theirs)
    assert not any(str(tmp_path) in path for path in readable(Path("/usr/bin/gcc")))
    assert str(Path.home()) not in readable(Path.home() / "bin" / "gcc")


def test_what_is_ours_is_hidden_where_it_could_be_read() -> None:
    for path in hidden():
        assert any(Path(path).is_relative_to(place) for place in readable(Path("/usr/bin/gcc")))


def says(world: World, scratch: Path, command: str, *more: str) -> str:
    """What a shell in the jail of a compiler has to say."""
    *words, end = fenced(world.runner, TIGHT, given(world.runner))
    around = [word.replace(SCRATCH, str(scratch)) for word in (*words, *more, end)]
    done = subprocess.run(
        [*around, "/bin/sh", "-c", command], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_of_endless_complaints_the_beginning_is_passed_on(world: World, tmp_path: Path) -> None:
    said = says(world, tmp_path, "yes complaint | head -c 7000000 >&2")
    assert said.startswith("complaint\ncomplaint\n")
    assert len(said) == TIGHT.errors_bytes


def test_a_program_sees_an_empty_world(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HPCTC_KEY", "a key to something dear")

    assert {line.split("=")[0] for line in says(world, tmp_path, "env").splitlines()} <= {
        "PATH", "LC_ALL", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_",
    }  # fmt: skip
    assert says(world, tmp_path, "pwd").strip() == str(tmp_path)
    assert "mounts" not in given(world.runner) or "passwd" not in says(
        world, tmp_path, "echo /etc/*"
    )
    for command in (
        "cat /etc/passwd",
        f"ls {Path.home()}",
        "echo x > /usr/x",
        "cat /proc/1/environ",
    ):
        assert re.search(
            r"(?i)no such|denied|read-only|nonexistent", says(world, tmp_path, command)
        ), command
    says(world, tmp_path, "echo made > here")
    assert (tmp_path / "here").read_text() == "made\n"


def test_a_hidden_folder_is_empty(world: World, tmp_path: Path) -> None:
    if "mounts" not in given(world.runner):
        pytest.skip("this host gives no mounts")
    assert "stdio.h" in says(world, tmp_path, "ls /usr/include")
    assert says(world, tmp_path, "ls /usr/include", "hide=/usr/include") == ""


def test_a_root_folder_is_never_changed_outside_of_a_namespace(world: World) -> None:
    done = subprocess.run(
        [world.runner, "exec", "layers=4", "--", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 125
    assert "mounts need namespaces" in done.stderr


def test_a_jail_that_cannot_be_put_up_is_no_verdict(world: World, tmp_path: Path) -> None:
    words = list(fenced(world.runner, TIGHT, given(world.runner)))
    broken = [word.replace(SCRATCH, "/nowhere") for word in words]
    built = GCC.build("void f(void) {}\n", tmp_path, 30, broken)
    with pytest.raises(HpctcError, match="the sandbox failed: /nowhere"):
        checked(built)
    wrong = GCC.build('#error "the sandbox failed: "\n', tmp_path, 30, words)
    assert checked(wrong).library is None


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc")
def test_nvcc_reads_no_file_that_was_not_named(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h"
    secret.write_text("#define SECRET 42\n")
    code = f'#include "{secret}"\n__global__ void k(int *y) {{ *y = SECRET; }}\n'
    wrap = around("nvcc", world.runner, 60.0)
    assert compile_check(code, "nvcc", ("sm_80",)).ok, "it never worked"
    if not lacking(given(world.runner), [("landlock", "mounts")]):
        assert "No such file" in compile_check(code, "nvcc", ("sm_80",), wrap).log
    honest = "#include <cuda_fp16.h>\n" + code.split("\n", 1)[1].replace("SECRET", "42")
    assert compile_check(honest, "nvcc", ("sm_80",), wrap).ok
