"""Real compilers, real shared objects, real calls."""

import itertools
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hpctc.core.errors import MissingTool, UsageError
from hpctc.core.records import Tensor
from hpctc.native import call
from hpctc.native.compiler import Gcc, compiler, find

TWICE = """void twice(const float *restrict x, float *restrict y) {
    for (int i = 0; i < 5; ++i) y[i] = 2 * x[i];
}
"""


def test_c_is_built_and_called(build_folder: Path) -> None:
    built = compiler("gcc").build(TWICE, build_folder)
    assert built.library is not None, built.log
    x = np.arange(5, dtype=np.float32)
    (y,) = call.run(built.library, "twice", [x], [Tensor(name="y", shape=(5,), dtype="float32")])
    np.testing.assert_array_equal(y, 2 * x)


def test_the_same_source_is_built_once(build_folder: Path) -> None:
    first = compiler("gcc").build(TWICE, build_folder).library
    assert first is not None
    made = first.stat().st_mtime_ns
    second = compiler("gcc").build(TWICE, build_folder).library
    assert second == first
    assert second.stat().st_mtime_ns == made
    assert compiler("gcc{flags=-O1}").build(TWICE, build_folder).library != first


def test_a_source_that_does_not_compile_gives_the_compilers_words(build_folder: Path) -> None:
    built = compiler("gcc").build("void f(void) { return 1 + ; }\n", build_folder)
    assert built.library is None
    assert "code.c:1" in built.log


def test_a_source_that_hangs_the_compiler_is_cut_off(build_folder: Path) -> None:
    names = "ABCDEFGHI"
    bomb = f"#define A {'x ' * 10}\n" + "".join(
        f"#define {new} {f'{old} ' * 10}\n" for old, new in itertools.pairwise(names)
    )
    built = compiler("gcc").build(bomb + "int I;\n", build_folder, seconds=1.0)
    assert built.library is None
    assert "took more than 1 s" in built.log

    def compiling() -> list[str]:
        commands = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
        return [c for c in commands if "cc1" in c and str(build_folder) in c]

    deadline = time.monotonic() + 10  # a killed compiler first has to give its memory back
    while compiling() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not compiling()


def test_a_missing_compiler_says_how_to_get_it() -> None:
    with pytest.raises(MissingTool, match="no no-such-cc on this machine") as caught:
        find("no-such-cc")
    assert "apt-get install" in caught.value.hint


def test_an_unknown_compiler_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match="there is no compiler 'gc'; there are clang, gcc"):
        compiler("gc")


def test_a_compiler_is_written_as_it_is_read() -> None:
    assert str(Gcc()) == "gcc"
    assert compiler(str(Gcc(flags="-O1 -g"))) == Gcc(flags="-O1 -g")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "int8", "bool"])
def test_arguments_are_aligned_and_outputs_poisoned(dtype: str) -> None:
    array = call.poisoned((3, 5), dtype)
    assert array.shape == (3, 5)
    assert array.dtype == dtype
    assert array.ctypes.data % call.ALIGNMENT == 0
    raw = array.view(np.uint8)
    assert np.isnan(array).all() if array.dtype.kind == "f" else (raw == 0xA5).all()


def test_the_prototype_is_the_contract() -> None:
    x = Tensor(name="x", shape=(2,), dtype="float16")
    y = Tensor(name="y", shape=(2,), dtype="bool")
    assert call.prototype("f", [x], [y]) == "void f(const _Float16 *restrict x, bool *restrict y)"
