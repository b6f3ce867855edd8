"""Each number of the table is what some small source gets, with a caret where there is a place."""

import pytest

from hpctc.transpile.diagnostics import DIAGNOSTICS, INVALID, Diagnosed
from hpctc.transpile.file import Asked, transpile_file

BLOCK = "__global__ void k(float *x, int n) { %s }"
LAUNCH = Asked("k", "1", "64")

SOURCES: dict[str, tuple[str, Asked]] = {
    "HPC0001": (BLOCK % "x[0] = ;", LAUNCH),
    "HPC0002": ("int f(int a) { return a; }", Asked(grid="1", block="1")),
    "HPC0003": (BLOCK % "", Asked("other", "1", "64")),
    "HPC0004": (BLOCK % "", Asked("k")),
    "HPC0005": ("__device__ int f(int a) { return a; }" + BLOCK % "x[0] = f(1, 2);", LAUNCH),
    "HPC0006": (BLOCK % "x[0] = strange(n);", LAUNCH),
    "HPC0007": (BLOCK % "x[0] = missing;", LAUNCH),
    "HPC0008": (BLOCK % "", Asked("k", "1", "n")),
    "HPC0009": (BLOCK % "cudaStream_t s;", LAUNCH),
    "HPC0010": (BLOCK % 'asm volatile("bar.sync 0;");', LAUNCH),
    "HPC0011": (BLOCK % "again: if (n) goto again;", LAUNCH),
    "HPC0012": (BLOCK % "cooperative_groups::this_grid();", LAUNCH),
    "HPC0013": (BLOCK % "switch (n) { case 1: __syncthreads(); }", LAUNCH),
    "HPC0014": (
        "__device__ int f(int a) { return a ? f(a - 1) + threadIdx.x : 0; }"
        + BLOCK % "x[0] = f(n);",
        LAUNCH,
    ),
    "HPC0016": (BLOCK % "__nv_fp8_e4m3 a;", LAUNCH),
    "HPC0017": (BLOCK % "x[0] = tex2D(n, 1, 2);", LAUNCH),
    "HPC0018": ("template <typename T> " + BLOCK % "T a = n;", LAUNCH),
    "HPC0019": (BLOCK % "x[0] = __fadd_rz(x[1], x[2]);", LAUNCH),
    "HPC0020": (BLOCK % "cudaLaunchDevice(n);", LAUNCH),
    "HPC0021": (
        BLOCK % "nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, int> f;"
        " nvcuda::wmma::fill_fragment(f, 0);",
        LAUNCH,
    ),
    "HPC0022": (BLOCK % "cooperative_groups::coalesced_threads();", LAUNCH),
    "HPC0023": (BLOCK % "x[0] = clock64();", LAUNCH),
    "HPC0024": (BLOCK % "n(3);", LAUNCH),
    "HPC0025": (
        BLOCK % "for (int i = 0; i < 9; i += __shfl_sync(~0u, i, 1)) { if (x[i]) continue; }",
        LAUNCH,
    ),
    "HPC0026": (
        BLOCK % "for (int i = 0; i < n; ++i) { switch (n) { case 1: continue; } __syncthreads(); }",
        LAUNCH,
    ),
    "HPC0027": (BLOCK % "float a[n];", LAUNCH),
    "HPC0028": (BLOCK % "x[0] = n[1];", LAUNCH),
    "HPC0029": ("struct A { int a; };\nstruct B : A { int b; };\n" + BLOCK % "", LAUNCH),
}


def test_every_number_has_a_source() -> None:
    assert set(SOURCES) == set(DIAGNOSTICS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("template <typename... T> __device__ void f(T... a) {}", "a variadic template"),
        ("struct A { virtual __device__ int f(); };", "a virtual function"),
        ("__device__ int (*f)(int);", "a pointer to a function"),
        ("__device__ void f(int *x) { for (auto v : {1, 2}) x[0] = v; }", "a loop over a range"),
        ("__device__ void f() { int *x = new int[3]; }", "new or delete"),
        ("__device__ void f(int a) { decltype(a) b = a; }", "decltype"),
        ("__device__ void f() { try { } catch (int) { } }", "an exception"),
    ],
)
def test_valid_cpp_that_is_left_out_is_no_mistake_of_the_source(text: str, words: str) -> None:
    with pytest.raises(Diagnosed) as caught:
        transpile_file(f"{text}\n{BLOCK % ''}", LAUNCH)
    assert (caught.value.code, caught.value.exit_code) == ("HPC0029", 3)
    assert words in caught.value.message


@pytest.mark.parametrize("code", SOURCES)
def test_a_source_gets_its_number(code: str) -> None:
    source, asked = SOURCES[code]
    with pytest.raises(Diagnosed) as caught:
        transpile_file(source, asked)
    assert caught.value.code == code, caught.value.message
    assert caught.value.exit_code == (1 if code in INVALID else 3)
    assert DIAGNOSTICS[code] in caught.value.message
    if code not in ("HPC0002", "HPC0003"):
        assert "^" in caught.value.message
