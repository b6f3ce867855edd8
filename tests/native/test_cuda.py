import shutil

import pytest

from hpctc.native import cuda
from hpctc.native.cuda import CudaBuilt, Tool, compile_check

GOOD = """
extern "C" __global__ void __launch_bounds__(64) k(float* __restrict__ y) {
  y[threadIdx.x] = expf(y[threadIdx.x]);
}
"""


def usable(name: Tool) -> bool:
    return cuda.nvrtc_library() is not None if name == "nvrtc" else shutil.which("nvcc") is not None


@pytest.fixture(params=["nvrtc", "nvcc"])
def using(request: pytest.FixtureRequest) -> Tool:
    name: Tool = request.param
    if not usable(name):
        pytest.skip(f"there is no {name}")
    return name


def test_a_kernel_compiles_and_its_registers_are_known(using: Tool) -> None:
    built = compile_check(GOOD, using)
    assert built.ok, built.log
    assert built.registers > 0
    assert built.spill_bytes == 0
    assert built.log == ""


def test_what_does_not_compile_is_said(using: Tool) -> None:
    built = compile_check(GOOD.replace("expf(y", "expf(z"), using)
    assert not built.ok
    assert 'identifier "z" is undefined' in built.log


def test_half_precision_finds_its_header(using: Tool) -> None:
    code = "#include <cuda_fp16.h>\n__global__ void k(half* y) { y[0] = hexp(y[0]); }\n"
    if cuda.tool(code) != using:
        pytest.skip(f"{using} is not the one that takes this")
    assert compile_check(code, using).ok


def test_what_ptxas_says_is_read_without_a_compiler() -> None:
    text = (
        "ptxas info    : Compiling entry function 'k' for 'sm_80'\n"
        "ptxas         .     8 bytes stack frame, 12 bytes spill stores, 4 bytes spill loads\n"
        "ptxas info    : Used 40 registers, used 0 barriers\n"
        "    0 bytes stack frame, 16 bytes spill stores, 4 bytes spill loads\n"
        "ptxas info    : Used 12 registers\n"
        "kernel.cu(3): warning: it is odd\n"
    )
    assert cuda._read("nvcc", 0, text) == CudaBuilt(
        True, "kernel.cu(3): warning: it is odd", 40, 16
    )
    assert cuda._read("nvcc", 7, "") == CudaBuilt(False, "nvcc ended with 7")
