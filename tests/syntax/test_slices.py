"""Whole .cu files: the device part is found with its positions, the launches with their extents."""

from hpctc.syntax import tree
from hpctc.syntax.launches import HostLaunch
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.slices import device_part, without_host

EXTENSION = """#include <torch/extension.h>
#define WIDTH 256
namespace {
template <typename scalar_t>
__global__ void scale(const scalar_t *x, scalar_t *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] * 2;
}
}  // namespace
struct Pair { int a; float b; };
constexpr int kRows = 3;
__constant__ float weights[4];
torch::Tensor forward(torch::Tensor x) {
  auto y = torch::empty_like(x);
  const int threads = WIDTH;
  dim3 grid((x.numel() + threads - 1) / threads, 2);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "scale", ([&] {
    scale<scalar_t><<<grid, threads, 0, at::cuda::getCurrentCUDAStream()>>>(
        x.data_ptr<scalar_t>(), y.data_ptr<scalar_t>(), x.numel());
  }));
  return y;
}
PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) { m.def("forward", &forward, "scale"); }
"""


def test_the_device_part_parses_and_the_host_part_is_gone() -> None:
    sliced = device_part(preprocess(EXTENSION))
    unit = parse(sliced.device)
    kinds = [type(item).__name__ for item in unit.items]
    assert kinds == ["Template", "Record", "Declaration", "Declaration"]
    assert "torch" not in sliced.device
    assert "PYBIND11" not in sliced.device


def test_positions_are_those_of_the_file() -> None:
    unit = parse(device_part(preprocess(EXTENSION)).device)
    conditions = [node for node in tree.walk(unit) if isinstance(node, tree.If)]
    assert conditions[0].at == tree.Position(7, 3)


def test_a_launch_is_found_inside_a_dispatch() -> None:
    sliced = device_part(preprocess(EXTENSION))
    assert sliced.launches == (
        HostLaunch(
            kernel="scale",
            templates=("scalar_t",),
            grid="grid",
            block="threads",
            shared="0",
            args=("x.data_ptr<scalar_t>()", "y.data_ptr<scalar_t>()", "x.numel()"),
            line=18,
            definitions=(
                ("kRows", "3"),
                ("y", "torch::empty_like(x)"),
                ("threads", "256"),
                ("grid", "dim3((x.numel() + threads - 1) / threads, 2)"),
            ),
        ),
    )


def test_a_launch_sees_its_own_function_and_no_condition_that_it_is_not_under() -> None:
    source = """
__global__ void k(int n) {}
int ceil_div(int a, int b) { return (a + b - 1) / b; }
void other() { int threads = 64; k<<<1, threads>>>(1); }
void f(int n) {
  int threads = 128;
  dim3 grid{ceil_div(n, 32), 2};
  if (n > 9) threads = 256;
  grid.x = 7;
  ns::k<<<grid, threads>>>(n);
  threads = 32;
}
"""
    sliced = device_part(source)
    first, second = sliced.launches
    assert first.definitions == (("threads", "64"),)
    assert second.kernel == "k"
    assert second.definitions == (
        ("threads", "128"), ("grid", "dim3(ceil_div(n, 32), 2)"), ("threads", ""), ("grid.x", "7"),
    )  # fmt: skip
    assert [h.name for h in sliced.helpers] == ["ceil_div"]


def test_what_is_left_for_gcc_keeps_macros_and_lines_and_no_host_code() -> None:
    left = without_host(EXTENSION)
    assert left.count("\n") == EXTENSION.count("\n")
    assert "#define WIDTH 256" in left
    assert "namespace {" in left
    assert "torch" not in left
    assert without_host("__global__ void k() {}") == "__global__ void k() {}"


def test_what_a_launch_leaves_out_has_cudas_defaults() -> None:
    source = "__global__ void k(int n) {}\nvoid f() { k<<<4, dim3(8, 8)>>>(3); }\n"
    (launch,) = device_part(source).launches
    assert (launch.grid, launch.block, launch.shared) == ("4", "dim3(8, 8)", "0")


def test_a_file_of_device_code_alone_comes_back_whole() -> None:
    source = 'extern "C" __global__ void k(float *x) {\n  x[0] = 1;\n}\n'
    assert device_part(source).device == source


def test_text_that_is_no_c_at_all_has_no_device_part() -> None:
    assert device_part("hello, world\n").device.strip() == ""
