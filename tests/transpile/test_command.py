"""``hpctc transpile``: exit codes, the header, launches from host code, and bad input."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.native.compiler import compiler

FILE = """
#include <torch/extension.h>
template <typename T>
__global__ void add(const T* a, const T* b, T* c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}
torch::Tensor go(torch::Tensor a, torch::Tensor b) {
  int size = a.numel();
  const int threads = 256;
  const int blocks = (size + threads - 1) / threads;
  auto p = a.data_ptr<float>();
  add<float><<<blocks, threads>>>(p, b.data_ptr<float>(), p, size);
  return a;
}
"""

KERNEL = "__global__ void k(float *x) { x[threadIdx.x] = %s; }"


def call(folder: Path, text: str | bytes, *args: str) -> Result:
    path = folder / "given.cu"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CliRunner().invoke(main, ["transpile", str(path), *args])


def test_a_launch_is_read_from_host_code_and_sizes_stay_parameters(tmp_path: Path) -> None:
    got = call(tmp_path, FILE)
    assert got.exit_code == 0, got.output
    assert "for (int i = 0; i < n; ++i) {\n    c[i] = a[i] + b[i];" in got.output
    assert "add<float><<<dim3((n + 256 - 1) / 256, 1, 1), dim3(256, 1, 1)>>>" in got.output
    assert compiler("gcc{flags='-Wall -Werror -fopenmp'}").build(got.output, tmp_path).library


def test_output_goes_to_a_file_that_builds(tmp_path: Path) -> None:
    out = tmp_path / "made.c"
    got = call(tmp_path, KERNEL % "1.0f", "--grid", "1", "--block", "32", "-o", str(out))
    assert (got.exit_code, got.output) == (0, "")
    assert compiler("gcc{flags='-Wall -Werror -fopenmp'}").build(out.read_text(), tmp_path).library


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        (KERNEL % "strange(3)", 3, "HPC0006"),
        (KERNEL % "tex2D(x, 1, 2)", 3, "HPC0017"),
        (KERNEL % "missing", 1, "HPC0007"),
        (FILE[: FILE.index("c[i] =") + 8], 1, "HPC000"),
        (b"\x00\x01\x02\xff" * 50, 1, "HPC0001"),
        (KERNEL % ("(" * 100_000), 1, "HPC0001"),
        ("int f(int a) { return a; }", 1, "HPC0002"),
        ("", 1, "HPC0002"),
    ],
    ids=["intrinsic", "texture", "name", "truncated", "binary", "nested", "no kernel", "empty"],
)
def test_bad_input_is_a_numbered_error(
    text: str | bytes, code: int, number: str, tmp_path: Path
) -> None:
    got = call(tmp_path, text, "--grid", "1", "--block", "32")
    assert got.exit_code == code, got.output
    assert number in got.output
    assert "Traceback" not in got.output
    assert isinstance(got.exception, SystemExit)


def test_a_missing_launch_names_the_options(tmp_path: Path) -> None:
    got = call(tmp_path, KERNEL % "1.0f")
    assert got.exit_code == 3
    assert "HPC0004" in got.output
    assert "--grid and --block" in got.output


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    got = CliRunner().invoke(main, ["transpile", str(tmp_path / "absent.cu")])
    assert got.exit_code == 2
