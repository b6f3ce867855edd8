"""Twins' texts: what has to change does, what has to stay stays."""

import re
from typing import Any

import pytest

from hpctc.core.records import Launch
from hpctc.syntax.disguise import Worded, loops_reordered, relinearised, renamed
from hpctc.syntax.tokens import normal, tokens

CODE = """\
// relu: x -> y
extern "C" __global__ void __launch_bounds__(256)
relu_kernel(float* __restrict__ y, const float* __restrict__ x, int n) {
  int i = (int)blockIdx.x * 256 + (int)threadIdx.x;  // one thread an element
  float s = 0.0f;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < n; j++) {
      s += expf(x[i * 4 + k + j]);
    }
  }
  for (int k = 0; k < 4; ++k) {
    for (int j = k; j < n; j++) s += x[j];
    y[i] = s;
  }
}
"""


def worded(code: str, grid: tuple[int, int, int], block: tuple[int, int, int]) -> Worded:
    launch = Launch(
        kernel="relu_kernel", grid=grid, block=block, shared_bytes=0, args=("y", "x", 7)
    )
    return Worded(code, (launch,))


def test_other_names_are_the_same_program() -> None:
    given = worded(CODE, (12, 1, 1), (256, 1, 1))
    made = renamed(given)
    assert normal(tokens(made.code)) == normal(tokens(CODE))
    own = {t.text for t in tokens(CODE) if t.kind == "name"}
    assert own == {"relu_kernel", "y", "x", "n", "i", "s", "k", "j"}
    assert own.isdisjoint(t.text for t in tokens(made.code) if t.kind == "name")
    assert "relu" not in made.code
    assert "//" not in made.code
    assert "threadIdx.x" in made.code
    assert made.launches[0].kernel in made.code
    assert made.launches[0].args == ("y", "x", 7)  # buffers of the pair, not names of the text


def test_names_that_are_taken_stay_out() -> None:
    code = "__global__ void relu_kernel(float *q0) { q0[0] = q1(q0[0]); }"
    made = renamed(worded(code, (1, 1, 1), (1, 1, 1)))
    assert normal(tokens(made.code)) == normal(tokens(code))


@pytest.mark.parametrize(
    ("grid", "block", "new_grid", "new_block"),
    [
        ((12, 1, 1), (256, 1, 1), (3, 4, 1), (32, 8, 1)),
        ((13, 1, 1), (48, 1, 1), (1, 13, 1), (6, 8, 1)),
        ((5, 7, 2), (16, 16, 1), (7, 5, 2), (256, 1, 1)),
        ((1, 1, 1), (64, 1, 1), (1, 1, 1), (32, 2, 1)),
    ],
)
def test_every_thread_finds_its_place_under_another_index(
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
    new_grid: tuple[int, int, int],
    new_block: tuple[int, int, int],
) -> None:
    code = (
        "__global__ void relu_kernel(int *y) { f(blockIdx.x, blockIdx.y, threadIdx.x, "
        "threadIdx.y, blockDim.x, gridDim.x); }"
    )
    made = relinearised(worded(code, grid, block))
    assert made is not None
    assert (made.launches[0].grid, made.launches[0].block) == (new_grid, new_block)
    assert places(made.code, new_grid, new_block) == places(code, grid, block)


def places(code: str, grid: tuple[int, int, int], block: tuple[int, int, int]) -> list[Any]:
    """What the call's arguments are in every thread, in the order of blocks and of lanes."""
    found = re.search(r"f\((.*)\);", code)
    assert found
    text = re.sub(r"(\w+)\.([xyz])", r"\1_\2", found[1]).replace("/", "//").replace("u", "")
    text = text.replace("blockIdx", "b").replace("threadIdx", "t")
    seen = []
    for b in range(grid[0] * grid[1]):
        for t in range(block[0] * block[1]):
            here = {
                "b_x": b % grid[0], "b_y": b // grid[0], "t_x": t % block[0], "t_y": t // block[0],
                "blockDim_x": block[0], "gridDim_x": grid[0],
            }  # fmt: skip
            x, y, *rest = eval(f"[{text}]", {}, here)
            seen.append((x, y, t, *rest))
    return sorted(seen)


def test_a_kernel_without_an_index_has_no_other_one() -> None:
    code = "__global__ void relu_kernel(int *y) { *y = 1; }"
    assert relinearised(worded(code, (4, 1, 1), (64, 1, 1))) is None
    assert relinearised(worded(CODE, (1, 1, 1), (1, 1, 1))) is None


def test_loops_change_places_or_direction() -> None:
    swapped, backwards, innermost = loops_reordered(worded(CODE, (1, 1, 1), (1, 1, 1)))
    lines = [line.strip() for line in swapped.code.splitlines() if "for" in line]
    assert lines[:2] == ["for (int j = 0; j < n; j++) {", "for (int k = 0; k < 4; ++k) {"]
    assert lines[2:] == [  # the inner one depends on the outer one
        "for (int k = 0; k < 4; ++k) {",
        "for (int j = k; j < n; j++) s += x[j];",
    ]
    lines = [line.strip() for line in backwards.code.splitlines() if "for" in line]
    assert lines[0] == "for (int k = 3; k >= 0; --k) {"
    assert lines[3] == "for (int j = (n) - 1; j >= k; --j) s += x[j];"
    assert innermost.code.count("--k") == 0
    assert innermost.code.count("--j") == 2


def test_no_loops_no_other_order() -> None:
    assert list(loops_reordered(worded("void f() { while (1) {} }", (1, 1, 1), (1, 1, 1)))) == []
