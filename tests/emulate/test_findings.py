# ruff: noqa: E501 (kernels in one line)
"""What a kernel does wrong is found, named and placed; nothing hangs, nothing raises."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from hpctc.core.errors import UsageError
from hpctc.emulate import Emulated, Emulation, Finding, races

Trouble = Callable[..., Emulated]


def only(got: Emulated) -> Finding:
    assert len(got.findings) == 1, [str(f) for f in got.findings]
    return got.findings[0]


def test_a_write_past_the_end_names_buffer_index_thread_and_line(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) {\n  int i = threadIdx.x;\n\n  y[i + 1] = i;\n}\n"
    found = only(trouble(code))
    assert (found.kind, found.buffer, found.index) == ("out of bounds", "y", 64)
    assert (found.block, found.thread, found.line) == ((0, 0, 0), (63, 0, 0), 4)
    assert found.message == "writes y[64]; it has 64 elements"


def test_a_read_before_the_start_is_found_flush_left(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) { y[threadIdx.x] += y[(int)threadIdx.x - 7]; }"
    found = only(trouble(code, how=Emulation(guard="left")))
    assert (found.kind, found.buffer, found.index) == ("out of bounds", "y", -7)


def test_a_far_access_is_traced_to_the_buffer_it_started_from(trouble: Trouble) -> None:
    found = only(trouble("__global__ void k(int *y) { y[64 + blockIdx.x * 1000000] = 1; }", 3))
    assert found.buffer == "y"
    assert found.index in {64, 1000064, 2000064}


def test_a_write_into_the_slack_is_found_after_the_launch(bench: Any) -> None:
    # Three floats end 4 bytes before the page does: alignment comes first.
    code = "__global__ void k(float *y) { y[3] = 1; }"
    got = bench.run(code, bench.launch("k", 1, 1, "y"), {}, {"y": np.zeros(3, np.float32)})
    assert only(got).message == "writes y[3]; it has 3 elements"


def test_an_input_may_not_be_written(bench: Any) -> None:
    code = "__global__ void k(float *x, float *y) { y[0] = x[0]; x[1] = 2; }"
    one = np.ones(4, np.float32)
    found = only(bench.run(code, bench.launch("k", 1, 1, "x", "y"), {"x": one}, {"y": one}))
    assert (found.kind, found.buffer, found.index) == ("input written", "x", 1)


def test_dynamic_shared_memory_has_an_end(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) { extern __shared__ int s[]; s[threadIdx.x + 1] = 1; y[0] = s[1]; }"
    assert only(trouble(code, shared=256)).kind == "crash"
    assert trouble(code, shared=256 + 16).ok


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (1, "__global__ void k(int *y) { int a[4]; for (int i = 0; i < 9; ++i) a[i] = y[i]; y[0] = a[y[3]]; }"),
        (2, "__shared__ int s[4];\n__global__ void k(int *y) { s[threadIdx.x] = y[0]; y[0] = s[y[3]]; }"),
        (1, "__device__ int g[4]; __global__ void k(int *y) { g[threadIdx.x] = y[0]; }"),
    ],
    ids=["local", "shared", "global"],
)  # fmt: skip
def test_the_sanitizer_finds_overruns_of_arrays(trouble: Trouble, line: int, code: str) -> None:
    found = only(trouble(code, how=Emulation(asan=True)))
    assert found.kind == "out of bounds"
    assert "overflow" in found.message
    assert found.line == line


def test_uninitialised_shared_memory_is_poison(bench: Any) -> None:
    code = """__global__ void k(float *y) {
  __shared__ float s[32];
  if (threadIdx.x < 16) s[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x];
}"""
    got = bench.run(code, bench.launch("k", 2, 32, "y"), {}, {"y": np.zeros(32, np.float32)})
    np.testing.assert_array_equal(np.isnan(got.outputs["y"]), np.arange(32) >= 16)


def test_threads_at_different_barriers(trouble: Trouble) -> None:
    code = """__global__ void k(int *y) {
  if (threadIdx.x < 10)
    __syncthreads();
  else
    __syncthreads();
}"""
    got = trouble(code)
    (found,) = got.findings
    assert found.kind == "divergent barrier"
    assert "thread (0,0,0) at line 3, thread (10,0,0) at line 5" in found.message
    assert not got.ok


def test_an_early_return_before_a_barrier_is_told_but_harmless(trouble: Trouble) -> None:
    code = (
        "__global__ void k(int *y) {\n if (threadIdx.x > 40) return;\n __syncthreads(); y[0] = 5; }"
    )
    got = trouble(code)
    (found,) = got.findings
    assert (found.kind, found.line, found.harmless) == ("early exit", 3, True)
    assert "23 of 64 threads" in found.message
    assert got.ok
    assert got.outputs["y"][0] == 5


def test_a_shuffle_from_a_lane_that_is_not_there_gives_poison(bench: Any) -> None:
    code = "__global__ void k(float *y) {\n float v = __shfl_down_sync(0xf, 1.0f, 2);\n y[threadIdx.x] = v; }"
    got = bench.run(code, bench.launch("k", 1, 4, "y"), {}, {"y": np.zeros(4, np.float32)})
    found = only(got)
    assert (found.kind, found.line, found.harmless) == ("inactive lane", 2, True)
    np.testing.assert_array_equal(got.outputs["y"], [1, 1, np.nan, np.nan])


DEADLOCKS = {
    "a shuffle that half of the warp misses": (
        "__global__ void k(int *y) {\n if (threadIdx.x % 32 < 16)\n"
        "  y[0] = __shfl_sync(0xffffffff, 1, 0);\n __syncthreads(); }",
        ("__shfl_sync() in line 3", "__syncthreads() in line 4"),
    ),
    "lanes that name different masks": (
        "__global__ void k(int *y) { __syncwarp(threadIdx.x % 2 ? 0xffffffff : 0x0000ffff | 1u << threadIdx.x % 32); }",
        ("__syncwarp() in line 1",),
    ),
    "a barrier in one branch, a vote in the other": (
        "__global__ void k(int *y) { if (threadIdx.x < 7) __syncthreads();\n"
        "else y[0] = __any_sync(0xffffffff, 1); }",
        ("__syncthreads() in line 1", "__any_sync() in line 2"),
    ),
}


@pytest.mark.parametrize("name", DEADLOCKS)
def test_deadlocks_are_told_with_the_places_where_threads_wait(trouble: Trouble, name: str) -> None:
    code, places = DEADLOCKS[name]
    found = only(trouble(code))
    assert found.kind == "deadlock"
    for place in places:
        assert place in found.message


def test_a_loop_without_end_is_a_timeout_with_a_place(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) {\n if (threadIdx.x == 5)\n  while (((volatile int *)y)[0] == 0) {}\n}"
    found = only(trouble(code, how=Emulation(seconds=0.5)))
    assert (found.kind, found.thread, found.line) == ("timeout", (5, 0, 0), 3)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("mask", "__global__ void k(int *y) { y[0] = __any_sync(2, 1); }"),
        ("assertion", "__global__ void k(int *y) { assert(y[0] == 3); }"),
        ("trap", "__global__ void k(int *y) { if (threadIdx.x == 0) __trap(); }"),
        ("crash", "__global__ void k(int *y) { y[1] = 7 / y[0]; }"),
        ("crash", "__global__ void k(int *y) { *(int *)(8) = 1; }"),
        ("stack overflow", "__global__ void k(int *y) { volatile int a[100000]; a[0] = 1; y[0] = a[y[0]]; }"),
    ],
)  # fmt: skip
def test_kinds_of_findings(trouble: Trouble, kind: str, code: str) -> None:
    assert only(trouble(code, 1, 1)).kind == kind


def test_the_sanitizer_finds_vector_accesses_that_are_not_aligned(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) {\n *(int4 *)(y + 4) = make_int4(0, 1, 2, 3);\n y[1] = ((int4 *)(y + 2))->x;\n}"
    assert trouble(code, 1, 1).ok
    found = only(trouble(code, 1, 1, how=Emulation(asan=True)))
    assert (found.kind, found.line) == ("misaligned", 3)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("the emulator does not know CUDA's __frobnicate", "__global__ void k(int *y) { y[0] = __frobnicate(3); }"),
        ("has the kernels other", "__global__ void other(int *y) { y[0] = 3; }"),
        ("leave out <<<launches>>>", "__global__ void k(int *y) {}\nint main() { k<<<1, 1>>>(nullptr); }"),
        ("is declared, but not defined", "int f(int);\n__global__ void k(int *y) { y[0] = f(3); }"),
        ("there is no header thrust/sort.h", "#include <thrust/sort.h>\n__global__ void k(int *y) {}"),
        ("PTX", '__global__ void k(int *y) { asm volatile("fma.rn.f32 %0, %1;" :: "r"(1), "r"(2)); }'),
        ("expected", "__global__ void k(int *y) { y[0] = ; }"),
        ("stray", "\x01\x02\x03 \u00e9 binary"),
    ],
)  # fmt: skip
def test_a_source_that_does_not_compile_says_why(trouble: Trouble, words: str, code: str) -> None:
    found = only(trouble(code))
    assert found.kind == "does not compile"
    assert words in found.message


@pytest.mark.parametrize(
    "code",
    ["", "{" * 100_000, "asm(" * 10_000, "\ud800", "__global__ void k(int *y) { if (y[0]", "\0"],
)
def test_junk_is_refused_by_the_compiler(trouble: Trouble, code: str) -> None:
    assert only(trouble(code)).kind == "does not compile"


def test_a_launch_that_hardware_would_refuse(trouble: Trouble) -> None:
    code = "__global__ void k(int *y) {}"
    assert "1025 threads" in only(trouble(code, 1, 1025)).message
    assert "grid" in only(trouble(code, 0, 32)).message
    assert "shared memory" in only(trouble(code, 1, 32, shared=1 << 20)).message


def test_arguments_must_fit_the_kernel(bench: Any) -> None:
    code = "__global__ void k(int *y, int n) {}"
    y = {"y": np.zeros(1, np.int32)}
    assert "takes 2 arguments" in only(bench.run(code, bench.launch("k", 1, 1, "y"), {}, y)).message
    got = bench.run(code, bench.launch("k", 1, 1, 3, "y"), {}, y)
    assert "argument 1" in only(got).message


def test_misuse_is_an_error(bench: Any) -> None:
    y = {"y": np.zeros(1, np.int32)}
    with pytest.raises(UsageError, match="'z', which is no buffer"):
        bench.run("", bench.launch("k", 1, 1, "z"), {}, y)


RACES = {
    "neighbours without a barrier": "__shared__ int s[64]; s[i] = i; y[i] = s[(i + 1) % 64];",
    "one cell, many writers": "y[0] = i;",
    "lanes in step no more": "__shared__ int s[32]; if (i < 32) { s[i] = i; y[i] = s[i ^ 1]; }",
    "unordered tickets": "__shared__ int n; if (i == 0) n = 0; __syncthreads(); y[atomicAdd(&n, 1)] = i;",
    "a reduction that forgot its last barrier": "__shared__ int s[64]; s[i] = i; __syncthreads();"
    " if (i < 32) s[i] += s[i + 32]; if (i < 16) y[i] = s[i] + s[i + 16];",
}


@pytest.mark.parametrize("name", RACES)
def test_races_change_the_result(bench: Any, name: str) -> None:
    code = f"__global__ void k(int *y) {{ int i = threadIdx.x; {RACES[name]} }}"
    got = raced(bench, code, [bench.launch("k", 1, 64, "y")])
    assert {f.kind for f in got.findings} == {"race"}
    assert not got.ok


def test_no_race_where_there_is_none(bench: Any) -> None:
    code = """__global__ void k(int *y) {
  __shared__ int s[64];
  int i = threadIdx.x;
  s[i] = i;
  __syncthreads();
  y[i] = s[63 - i];
}"""
    got = raced(bench, code, [bench.launch("k", 1, 64, "y")])
    assert got.ok
    assert not got.findings
    np.testing.assert_array_equal(got.outputs["y"], np.arange(63, -1, -1))


def test_atomic_sums_of_floats_may_round_as_they_like(bench: Any) -> None:
    code = "__global__ void k(float *y) { atomicAdd(y, 1.0f / (threadIdx.x + 1)); }"
    y = {"y": np.zeros(1, np.float32)}
    got = races(code, [bench.launch("k", 1, 200, "y")], bench.buffers({}, y), y)
    assert got.ok


def raced(bench: Any, code: str, launches: Sequence[Any]) -> Emulated:
    y = {"y": np.zeros(64, np.int32)}
    return races(code, launches, bench.buffers({}, y), y)
