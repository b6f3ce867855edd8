"""Whole .cu files: the device part is found with its positions, the launches with their extents."""

from hpctc.syntax import tree
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.slices import HostLaunch, device_part

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
        ),
    )
    assert dict(sliced.definitions)["threads"] == "256"
    assert dict(sliced.definitions)["grid"] == "((x.numel() + threads - 1) / threads, 2)"


def test_what_a_launch_leaves_out_has_cudas_defaults() -> None:
    source = "__global__ void k(int n) {}\nvoid f() { k<<<4, dim3(8, 8)>>>(3); }\n"
    (launch,) = device_part(source).launches
    assert (launch.grid, launch.block, launch.shared) == ("4", "dim3(8, 8)", "0")


def test_a_file_of_device_code_alone_comes_back_whole() -> None:
    source = 'extern "C" __global__ void k(float *x) {\n  x[0] = 1;\n}\n'
    assert device_part(source).device == source


def test_text_that_is_no_c_at_all_has_no_device_part() -> None:
    assert device_part("hello, world\n").device.strip() == ""
