"""The GPU road: on a driver of our own that runs kernels on the CPU, and on a real GPU."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hpctc.core.errors import HpctcError
from hpctc.native import cuda, gpu

DRIVER = r"""
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
typedef unsigned long long ptr;
int cuInit(unsigned flags) { return (int)flags; }
int cuDeviceGet(int *device, int index) { *device = 7 + index; return 0; }
int cuDeviceGetAttribute(int *value, int what, int device) {
  if (device != 7) return 101;
  *value = what == 75 ? 9 : 0;
  return 0;
}
int cuGetErrorString(int status, const char **text) {
  *text = status == 700 ? "an illegal memory access was encountered" : "something else";
  return 0;
}
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = context; return device != 7; }
int cuCtxSetCurrent(void *context) { return context == 0; }
int cuCtxSynchronize(void) { return 0; }
int cuModuleLoadData(void **module, const char *image) {
  *module = dlopen(image, RTLD_NOW);
  return *module ? 0 : 200;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = dlsym(module, name);
  return *function ? 0 : 500;
}
int cuFuncSetAttribute(void *function, int what, int value) { return what != 8 || value < 1; }
int cuMemAlloc_v2(ptr *place, size_t bytes) { *place = (ptr)malloc(bytes); return 0; }
int cuMemcpyHtoD_v2(ptr to, const void *from, size_t bytes) {
  memcpy((void *)to, from, bytes);
  return 0;
}
int cuMemcpyDtoH_v2(void *to, ptr from, size_t bytes) {
  memcpy(to, (void *)from, bytes);
  return 0;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void *stream, void **args, void **extra) {
  unsigned shape[7] = {gx, gy, gz, bx, by, bz, shared};
  return ((int (*)(unsigned *, void **))function)(shape, args);
}
"""

KERNELS = r"""
int axpy(unsigned *shape, void **args) {
  float *y = *(float **)args[0];
  const float *x = *(float **)args[1];
  const float a = *(float *)args[2];
  const long long n = *(long long *)args[3];
  for (long long i = 0; i < shape[0] * shape[3] && i < n; ++i) y[i] += a * x[i];
  return 0;
}
int shape_of(unsigned *shape, void **args) {
  for (int i = 0; i < 7; ++i) (*(int **)args[0])[i] = shape[i];
  return 0;
}
int faults(unsigned *shape, void **args) { return 700; }
"""


def compiled(code: str, library: Path) -> Path:
    source = library.with_suffix(".c")
    source.write_text(code)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return str(compiled(KERNELS, tmp_path_factory.mktemp("k") / "kernels.so")).encode() + b"\0"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A libcuda.so.1 for the children of this process."""
    compiled(DRIVER, tmp_path / gpu.DRIVER)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))


@pytest.mark.usefixtures("driver")
def test_launches_run_in_order_on_the_buffers_given(image: bytes) -> None:
    x, y = np.arange(10, dtype=np.float32), np.ones(10, np.float32)
    shape = np.zeros(7, np.int32)
    axpy = gpu.Step(
        "axpy", (3, 1, 1), (4, 1, 1), 0,
        ("y", "x", gpu.Scalar("float", 0.5), gpu.Scalar("long long", 9)),
    )  # fmt: skip
    steps = [axpy, gpu.Step("shape_of", (5, 4, 3), (8, 2, 1), 65536, ("shape",)), axpy]
    made = gpu.run(gpu.Job(image, {"x": x, "y": y, "shape": shape}, steps, ["y", "shape"]))
    assert set(made) == {"y", "shape"}
    np.testing.assert_array_equal(made["y"], 1 + x * (x < 9))
    np.testing.assert_array_equal(made["shape"], [5, 4, 3, 8, 2, 1, 65536])
    assert (y == 1).all()


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ("faults", "cuLaunchKernel: an illegal memory access was encountered"),
        ("missing", "cuModuleGetFunction: something else"),
    ],
)
def test_what_the_driver_refuses_is_told_with_the_call(
    image: bytes, kernel: str, words: str
) -> None:
    step = gpu.Step(kernel, (1, 1, 1), (1, 1, 1), 0, ("y",))
    with pytest.raises(gpu.GpuError, match=words):
        gpu.run(gpu.Job(image, {"y": np.zeros(1, np.float32)}, [step], ["y"]))


@pytest.mark.usefixtures("driver")
def test_the_architecture_is_spelled_as_compilers_do() -> None:
    asked = [sys.executable, "-c", "from hpctc.native import gpu; print(gpu.arch())"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "sm_90"


def test_device_code_is_made_for_one_architecture() -> None:
    if (using := cuda.tool()) is None:
        pytest.skip("there is neither NVRTC nor nvcc")
    code = 'extern "C" __global__ void twice(float* y) { y[threadIdx.x] *= 2.0f; }\n'
    image = cuda.device_code(code, "sm_80", using)
    assert image.startswith(b"\x7fELF")
    assert b"twice" in image
    with pytest.raises(HpctcError, match=f"{using} does not compile the CUDA for sm_80"):
        cuda.device_code(code.replace("y[", "z["), "sm_80", using)


@pytest.mark.cuda
def test_a_real_gpu_runs_a_kernel() -> None:
    arch, using = gpu.arch(), cuda.tool()
    assert arch is not None
    assert using is not None
    code = """
    extern "C" __global__ void axpy(float* y, const float* x, float a, int n) {
      extern __shared__ float held[];
      int i = blockIdx.x * blockDim.x + threadIdx.x;
      held[threadIdx.x] = i < n ? x[i] : 0.0f;
      __syncthreads();
      if (i < n) y[i] += a * held[threadIdx.x];
    }
    """
    x, y = np.arange(1000, dtype=np.float32), np.ones(1000, np.float32)
    step = gpu.Step(
        "axpy", (8, 1, 1), (128, 1, 1), 512,
        ("y", "x", gpu.Scalar("float", 0.5), gpu.Scalar("int", 1000)),
    )  # fmt: skip
    image = cuda.device_code(code, arch, using)
    made = gpu.run(gpu.Job(image, {"x": x, "y": y}, [step], ["y"]))
    np.testing.assert_array_equal(made["y"], 1 + 0.5 * x)
