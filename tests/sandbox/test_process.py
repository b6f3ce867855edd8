"""A candidate in its child: it starts, answers, ends, and leaves nothing behind."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hpctc.core.errors import HpctcError
from hpctc.core.records import Tensor
from hpctc.native.compiler import compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.layers import given
from hpctc.sandbox.limits import COMPILE, Limits
from hpctc.sandbox.process import Called, Candidate, Ended, Setup, cores

X = Tensor(name="x", shape=(8,), dtype="float32")
Y = Tensor(name="y", shape=(8,), dtype="float32")


@contextmanager
def child(
    folder: Path, code: str, entry: str = "f", layers: tuple[str, ...] | None = None
) -> Iterator[tuple[Candidate, Arena, Arena]]:
    library = compiler("gcc{flags='-O1 -fopenmp'}").build(code, folder).library
    assert library is not None
    setup = Setup(launcher.build(folder), Limits(wall_seconds=2), (0,), layers=layers)
    with (
        Arena([X], writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(setup, library, entry, inputs, outputs) as candidate,
    ):
        yield candidate, inputs, outputs


DOUBLE = "void f(const float *x, float *y) { for (int i = 0; i < 8; i++) y[i] = 2 * x[i]; }"


def test_calls_read_the_inputs_and_write_the_outputs(build_folder: Path) -> None:
    with child(build_folder, DOUBLE) as (candidate, inputs, outputs):
        assert "rlimits" in candidate.layers
        for turn in range(5):
            inputs.store([np.full(8, turn, np.float32)])
            called = candidate.call()
            assert isinstance(called, Called)
            assert 0 <= called.child_ns <= called.parent_ns
            assert outputs.arrays[0].tolist() == [2.0 * turn] * 8


@pytest.mark.parametrize(
    "absent", [(), ("namespaces", "mounts"), ("mounts",), ("landlock",), ("privileges",)]
)
def test_honest_code_runs_whatever_a_host_lacks(
    build_folder: Path, absent: tuple[str, ...]
) -> None:
    code = """
    #include <math.h>
    #include <omp.h>
    #include <stdlib.h>
    #include <stdio.h>
    void f(const float *x, float *y) {
        float *block = malloc(1 << 24);
        printf("%d threads\\n", omp_get_max_threads());
    #pragma omp parallel for
        for (int i = 0; i < 8; i++) block[i] = expf(x[i]);
        for (int i = 0; i < 8; i++) y[i] = block[i];
        free(block);
    }"""
    here = given(launcher.build(build_folder))
    layers = tuple(name for name in here if name not in absent)
    with child(build_folder, code, layers=layers) as (candidate, inputs, outputs):
        assert candidate.layers == layers
        inputs.store([np.zeros(8, np.float32)])
        assert isinstance(candidate.call(), Called), candidate.ended
        assert outputs.arrays[0].tolist() == [1.0] * 8


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_lie_on_the_cores_that_were_given(build_folder: Path, threads: int) -> None:
    usable = cores()
    if len(usable) < threads:
        pytest.skip(f"there are fewer than {threads} cores")
    code = """
    #define _GNU_SOURCE
    #include <sched.h>
    void f(float *y) {
    #pragma omp parallel for
        for (int i = 0; i < 8; i++) y[i] = (float)sched_getcpu();
    }"""
    library = compiler("gcc{flags='-O1 -fopenmp'}").build(code, build_folder).library
    assert library is not None
    setup = Setup(launcher.build(build_folder), cores=usable[-threads:])
    with (
        Arena([], writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(setup, library, "f", inputs, outputs) as candidate,
    ):
        for _ in range(20):
            assert isinstance(candidate.call(), Called), candidate.ended
            assert set(outputs.arrays[0].tolist()) == set(map(float, setup.cores))


def test_threads_of_its_own_accord_may_use_all_cores(build_folder: Path) -> None:
    usable = cores()
    if len(usable) < 2:
        pytest.skip("there is one core")
    code = """
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <sched.h>
    static void *count(void *y) {
        cpu_set_t mine;
        sched_getaffinity(0, sizeof mine, &mine);
        *(float *)y = (float)CPU_COUNT(&mine);
        return y;
    }
    void f(float *y) {
        pthread_t other;
        if (pthread_create(&other, 0, count, y) == 0) pthread_join(other, 0);
    }"""
    library = compiler("gcc{flags='-O1 -fopenmp'}").build(code, build_folder).library
    assert library is not None
    setup = Setup(launcher.build(build_folder), cores=usable[:2])
    with (
        Arena([], writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(setup, library, "f", inputs, outputs) as candidate,
    ):
        assert isinstance(candidate.call(), Called), candidate.ended
        assert outputs.arrays[0][0] == 2


def test_the_environment_is_ours_alone(build_folder: Path) -> None:
    code = """
    extern char **environ;
    void f(const float *x, float *y) {
        int others = 0;
        for (char **e = environ; *e; e++) others += (*e)[0] != 'O' || (*e)[1] != 'M';
        for (int i = 0; i < 8; i++) y[i] = others;
    }"""
    with child(build_folder, code) as (candidate, _, outputs):
        assert isinstance(candidate.call(), Called)
        assert outputs.arrays[0].tolist() == [0.0] * 8


@pytest.mark.parametrize(
    ("code", "failure", "detail"),
    [
        ("void f(void) { __builtin_trap(); }", "crashed", "SIGILL"),
        ("void f(void) { *(volatile int *)0 = 1; }", "crashed", "SIGSEGV"),
        ("void exit(int);\nvoid f(void) { exit(3); }", "crashed", "exit code 3"),
        ("#include <stdlib.h>\nvoid f(void) { abort(); }", "crashed", "SIGABRT"),
        ("void f(void) { for (;;) __asm__ volatile(\"\"); }", "timed out", "within 2 s"),
        ("#include <stdio.h>\nvoid f(void) { fputs(\"oh no\", stderr); __builtin_trap(); }",
         "crashed", "oh no"),
    ],
)  # fmt: skip
def test_a_child_that_ends_says_of_what(
    build_folder: Path, code: str, failure: str, detail: str
) -> None:
    with child(build_folder, code) as (candidate, _, _):
        ended = candidate.call()
        assert isinstance(ended, Ended)
        assert ended.failure == failure
        assert detail in ended.detail
        assert candidate.call() == ended


def test_a_library_without_the_entry_is_not_built(build_folder: Path) -> None:
    with child(build_folder, DOUBLE, "g") as (candidate, _, _):
        assert candidate.ended == Ended("not built", "the library has no function 'g'")


def test_a_child_is_gone_with_its_block(build_folder: Path) -> None:
    before = {p.name for p in Path("/proc/self/fd").iterdir()}
    with child(build_folder, DOUBLE) as (candidate, _, _):
        pid = candidate.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert {p.name for p in Path("/proc/self/fd").iterdir()} == before


def test_more_arguments_than_the_runner_takes_are_refused(build_folder: Path) -> None:
    setup = Setup(launcher.build(build_folder))
    with (
        Arena([X] * 64, writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        pytest.raises(HpctcError, match="65 arguments"),
    ):
        Candidate(setup, Path("none.so"), "f", inputs, outputs)


def test_as_many_arguments_as_the_runner_takes_arrive_in_order(build_folder: Path) -> None:
    names = ", ".join(f"const float *a{i}" for i in range(63))
    code = f"void f({names}, float *y) {{ y[0] = a0[0]; y[1] = a31[0]; y[2] = a62[0]; }}"
    library = compiler("gcc{flags=-O1}").build(code, build_folder).library
    assert library is not None
    with (
        Arena([X] * 63, writable=False) as inputs,
        Arena([Y], writable=True) as outputs,
        Candidate(Setup(launcher.build(build_folder)), library, "f", inputs, outputs) as candidate,
    ):
        inputs.store([np.full(8, i, np.float32) for i in range(63)])
        assert isinstance(candidate.call(), Called)
        assert outputs.arrays[0][:3].tolist() == [0.0, 31.0, 62.0]


def test_a_compiler_runs_under_limits_too(build_folder: Path) -> None:
    runner = launcher.build(build_folder)
    huge = "char block[1u << 30] = {1};\nvoid f(void) {}\n"
    wrapped = launcher.confined(runner, COMPILE)
    built = compiler("gcc{flags=-O0}").build(huge, build_folder, 20.0, wrapped)
    assert built.library is None
    fine = compiler("gcc{flags=-O0}").build(DOUBLE, build_folder, 20.0, wrapped)
    assert fine.library is not None


def test_more_cores_than_there_are_is_an_error() -> None:
    assert len(cores(1)) == 1
    with pytest.raises(HpctcError, match="--threads"):
        cores(10_000)
