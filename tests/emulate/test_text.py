"""The few things that are looked up in the text of a source."""

import pytest

from hpctc.emulate.ptx import replace_assembly
from hpctc.emulate.unit import dynamic_arrays, kernels, without_comments


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('extern "C" __global__ void __launch_bounds__(128) a(float *x) {}', ["a"]),
        ("__global__ void __launch_bounds__(MAX(64, 2), 4)\nb(int n) {}", ["b"]),
        ("template <class T> __global__ static void c(T *x);\n__global__ void c(int *) {}", ["c"]),
        ("// __global__ void d() {}\n/* __global__ void e() {} */ int f;", []),
        ('const char *s = "// no comment"; __global__ void g() {}', ["g"]),
        ("__global__ void h() {} __device__ void i() {} __global__ void j() {}", ["h", "j"]),
    ],
)
def test_kernels(code: str, names: list[str]) -> None:
    assert kernels(code) == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("extern __shared__ float a[];", ["a"]),
        ("extern __shared__ __align__(16) unsigned char b [ ] ;", ["b"]),
        ("extern __shared__ alignas(1024) uint8_t c[];", ["c"]),
        ("extern volatile __shared__ float2 d[];", ["d"]),
        ("// extern __shared__ float e[];", []),
        ("__shared__ float f[32]; extern float g[];", []),
        ("void p() { extern __shared__ int h[]; } void q() { extern __shared__ int h[]; }", ["h"]),
    ],
)
def test_dynamic_arrays(code: str, names: list[str]) -> None:
    assert dynamic_arrays(code) == names


def test_comments_go_and_lines_stay() -> None:
    code = 'a /* b\n c */ d // e "f"\n"// g" \'"\' // h'
    assert without_comments(code).split("\n") == ["a     ", "      d         ", '"// g" \'"\'     ']


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ('asm volatile("cp.async.commit_group;\\n" ::);', "((void)0);"),
        ('asm volatile("cp.async.wait_group %0;\\n" ::"n"(N - 1));', "((void)0);"),
        ('asm("" ::: "memory");', "((void)0);"),
        ('asm("mov.u32 %0, %%laneid;" : "=r"(id));', "(id = cooperative_groups::Lanes::lane());"),
        (
            'asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\\n"'
            ' :: "r"(to(s)), "l"(g + 1), "n"(16), "r"(in ? 16 : 0));',
            "hpctc::copy_async((to(s)), (g + 1), (16), (in ? 16 : 0));",
        ),
        (
            'asm volatile("{ .reg .pred p; setp.ne.b32 p, %2, 0;"'
            ' "@p cp.async.cg.shared.global [%0], [%1], 16; }" :: "r"(s), "l"(g), "r"(b));',
            "((b) ? hpctc::copy_async((s), (g), 16) : void());",
        ),
    ],
)
def test_known_assembly_becomes_what_it_means(code: str, meaning: str) -> None:
    assert replace_assembly(code) == meaning


@pytest.mark.parametrize(
    "code",
    [
        'asm volatile("fma.rn.f32 %0, %1, %2, %3;" : "=f"(d) : "f"(a), "f"(b), "f"(c));',
        'asm volatile("cp.async.ca.shared.global [%0], [%7], 16;" :: "r"(s), "l"(g));',
        'asm("mov.u32 %0, %%nothing;" : "=r"(id));',
        'asm volatile("unclosed',
        'asm volatile("a" "b',
        "int masm(int x); masm(3);",
    ],
)
def test_other_text_stays(code: str) -> None:
    assert replace_assembly(code) == code


def test_lines_stay_where_they_were() -> None:
    code = 'a\nasm volatile(\n  "cp.async.wait_all;"\n  ::\n);\nb'
    assert replace_assembly(code).split("\n").index("b") == 5
