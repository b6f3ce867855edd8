"""``hpctc emulate`` as a person uses it."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main

SCALE = """__global__ void scale(const float *x, float *y, float by, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = x[i] * by;
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scale.cu"
    path.write_text(SCALE)
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["emulate", *map(str, words)])


def shape(file: Path, n: int, *more: object) -> Result:
    args = ["x=f32[100]:arange", "y=f32[100]", "by=2.5", f"n={n}"]
    given = [word for arg in args for word in ("--arg", arg)]
    return call(file, "--grid", 2, "--block", 64, *given, *more)


def test_it_shows_the_launch_and_what_became_of_the_arrays(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "arrays.npz"
    done = shape(file, 100, "--check-races", "--asan", "--out", out)
    assert done.exit_code == 0, done.output
    assert "scale<<<(2,1,1), (64,1,1)>>>(x=f32[100]:arange" in done.output
    assert "247.5  123.75" in done.output
    assert done.output.count("changed") == 1
    np.testing.assert_array_equal(np.load(out)["y"], np.arange(100, dtype=np.float32) * 2.5)


def test_a_finding_points_at_the_line_and_ends_with_1(file: Path) -> None:
    done = shape(file, 120)
    assert done.exit_code == 1
    assert "out of bounds: reads x[100]; it has 100 elements" in done.output
    assert " >    4 |     y[i] = x[i] * by;" in done.output


def test_a_source_that_does_not_compile_ends_with_1(file: Path) -> None:
    file.write_text(SCALE.replace("* by", "* __bogus(by)"))
    done = shape(file, 100)
    assert done.exit_code == 1
    assert "does not know CUDA's __bogus" in done.output


def test_headers_beside_the_source_are_found(file: Path) -> None:
    (file.parent / "factor.h").write_text("#define FACTOR 3\n")
    file.write_text('#include "factor.h"\n' + SCALE.replace("* by", "* FACTOR"))
    done = shape(file, 100)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--grid", "2,x", "--block", 1), "grid '2,x' is not X, X,Y or X,Y,Z"),
        (("--grid", 1, "--block", "1,2,3,4"), "block '1,2,3,4' is not"),
        (("--grid", 1, "--block", 1, "--arg", "x"), "'x' is not NAME=VALUE"),
        (("--grid", 1, "--block", 1, "--arg", "x=f31[3]"), "no element type 'f31'"),
        (("--grid", 1, "--block", 1, "--arg", "x=f32[3]:noise"), "cannot be filled with 'noise'"),
        (("--grid", 1, "--block", 1, "--arg", "x=hello"), "neither array nor number"),
        (("--grid", 1, "--block", 1, "--arg", "x=none.npy"), "cannot read none.npy"),
        (("--grid", 1, "--block", 1, "--arg", "x=f32[99999999999]"), "more than"),
    ],
)
def test_wrong_use_ends_with_2(file: Path, words: tuple[object, ...], said: str) -> None:
    done = call(file, *words)
    assert done.exit_code == 2
    assert said in done.output


def test_which_kernel(file: Path, tmp_path: Path) -> None:
    file.write_text(SCALE + SCALE.replace("scale", "again"))
    done = shape(file, 100)
    assert done.exit_code == 2
    assert "2 kernels: scale, again" in done.output
    assert shape(file, 100, "--entry", "again").exit_code == 0
    file.write_text("int x;")
    assert "no __global__ function" in shape(file, 100).output
    assert "cannot read" in shape(tmp_path / "absent.cu", 100).output


def test_arrays_from_files(file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full(100, 3, np.float32))
    given = [f"x={tmp_path}/x.npy", f"y=f32[100]:{tmp_path}/x.npy", "by=1", "n=50"]
    words = [word for arg in given for word in ("--arg", arg)]
    done = call(file, "--grid", 1, "--block", 64, *words)
    assert done.exit_code == 0, done.output
    assert "changed" not in done.output
