"""Programs race in a child: fair turns, and a crash, a hang or a lie costs one comparison."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hpctc.core.records import Tensor
from hpctc.native.compiler import Gcc
from hpctc.native.race import Failure, Program, Samples, Setup, compare

X = Tensor(name="x", shape=(64,), dtype="float32")
Y = Tensor(name="y", shape=(64,), dtype="float32")
QUICK = Setup(seconds=0.05, samples=4, limit=60.0)

DOUBLE = "for (int i = 0; i < 64; ++i) y[i] = 2 * x[i];"


@pytest.fixture(scope="module")
def program(build_folder: Path) -> Callable[..., Program]:
    def make(body: str, args: tuple[str, ...] = ("x", "y")) -> Program:
        params = ", ".join(f"float *{a}" for a in args)
        code = f"#include <omp.h>\n#include <stdlib.h>\nvoid f({params}) {{ {body} }}\n"
        built = Gcc().build(code, build_folder)
        assert built.library is not None, built.log
        return Program(built.library, "f", args)

    return make


def test_the_slow_one_loses(program: Callable[..., Program]) -> None:
    slow = program(f"for (volatile int n = 0; n < 20000; ++n) ; {DOUBLE}")
    taken = compare([slow, program(DOUBLE)], [X], [Y], QUICK)
    assert isinstance(taken, Samples)
    assert len(taken.ns[0]) == len(taken.ns[1]) >= 3
    assert taken.ratio(1) < 0.5


def test_arguments_go_by_name_not_by_place(program: Callable[..., Program]) -> None:
    taken = compare([program(DOUBLE), program(DOUBLE, ("y", "x"))], [X], [Y], QUICK)
    assert isinstance(taken, Samples)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("for (int i = 0; i < 64; ++i) y[i] = 3 * x[i];", "differs"),
        ("for (int i = 0; i < 63; ++i) y[i] = 2 * x[i];", "differs"),
        ("abort();", "exit code -6"),
        ("*(volatile int *)0 = 1;", "exit code -11"),
    ],
)
def test_a_wrong_or_broken_program_is_a_failure(
    program: Callable[..., Program], body: str, says: str
) -> None:
    taken = compare([program(DOUBLE), program(body)], [X], [Y], QUICK)
    assert isinstance(taken, Failure)
    assert says in taken.reason


def test_a_hang_ends_at_the_limit(program: Callable[..., Program]) -> None:
    hang = program("for (;;) *(volatile float *)y = 1;")
    taken = compare([hang], [X], [Y], replace(QUICK, limit=1.0))
    assert taken == Failure("took more than 1 s", late=True)


def test_a_missing_entry_is_a_failure(program: Callable[..., Program]) -> None:
    taken = compare([replace(program(DOUBLE), entry="g")], [X], [Y], QUICK)
    assert isinstance(taken, Failure)
    assert "does not load" in taken.reason


@pytest.mark.parametrize("threads", [1, 2])
def test_openmp_sees_the_threads_that_were_asked_for(
    program: Callable[..., Program], threads: int
) -> None:
    told = f"for (int i = 0; i < 64; ++i) y[i] = {threads};"
    asked = "for (int i = 0; i < 64; ++i) y[i] = omp_get_max_threads();"
    how = replace(QUICK, threads=threads)
    assert isinstance(compare([program(told), program(asked)], [X], [Y], how), Samples)
