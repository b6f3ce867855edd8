"""Cross-thread reductions: every idiom becomes one reduction, and what is none stays as it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch
from hpctc.emulate import emulate
from hpctc.emulate.run import Buffers
from tests.transpile.reductions import PARTIAL, RIGHT, WARP_SUM, WRONG, Idiom, N

BLOCKS = 3


def given_rows(idiom: Idiom) -> dict[str, Any]:
    rows = idiom.rows * BLOCKS
    x = np.random.default_rng(1).integers(-8, 9, (rows, N)).astype(np.float32)
    return {"x": x, "y": np.zeros(rows, np.float32)}


def launch(idiom: Idiom) -> Launch:
    return Launch(
        kernel="k", grid=(BLOCKS, 1, 1), block=idiom.block, shared_bytes=0, args=("y", "x")
    )


def emulated(idiom: Idiom, arrays: dict[str, Any], bench: Any) -> Any:
    x, y = bench.tensors(arrays)
    found = emulate(idiom.source, [launch(idiom)], Buffers(inputs=(x,), outputs=(y,)), arrays)
    return found.outputs["y"]


def transpiled(idiom: Idiom, arrays: dict[str, Any], bench: Any) -> Any:
    inputs, outputs = {"x": arrays["x"]}, {"y": arrays["y"]}
    return bench.run(idiom.source, [launch(idiom)], inputs, outputs)["y"]


def code(idiom: Idiom, bench: Any) -> str:
    arrays = given_rows(idiom)
    inputs, outputs = {"x": arrays["x"]}, {"y": arrays["y"]}
    return str(bench.code(idiom.source, [launch(idiom)], inputs, outputs))


@pytest.mark.parametrize("name", RIGHT)
def test_an_idiom_is_one_reduction(name: str, bench: Any) -> None:
    idiom = RIGHT[name]
    arrays = given_rows(idiom)
    text = code(idiom, bench)
    assert "sh[" not in text
    assert "[256]" not in text
    wanted = eval(idiom.means, {"x": arrays["x"]})
    np.testing.assert_array_equal(transpiled(idiom, arrays, bench), wanted, err_msg=text)


@pytest.mark.parametrize(
    "name", ["block_function", "butterfly_rows", "columns", "two_at_once", "in_an_expression"]
)
def test_the_text_is_as_a_person_would_write_it(
    name: str, bench: Any, golden: Callable[[str, str], None]
) -> None:
    golden(f"{name}.c", code(RIGHT[name], bench))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_reduction_keeps_its_meaning(name: str, bench: Any) -> None:
    idiom = WRONG[name]
    arrays = given_rows(idiom)
    wanted = emulated(idiom, arrays, bench)
    assert not np.array_equal(wanted, arrays["x"].sum(1))
    np.testing.assert_array_equal(transpiled(idiom, arrays, bench), wanted)


@pytest.mark.parametrize(("rows", "width"), [(2, 160), (2, 128), (4, 48)])
def test_columns_of_blocks_go_by_the_rows_they_stand_in(rows: int, width: int, bench: Any) -> None:
    """Tiles of 64 blocks would reach from a row of 160 into the next."""
    body = f"""
  int tid = threadIdx.x, column = blockIdx.x;
  const float *from = x + column / {width} * {64 * width} + column % {width};
  float s = 0.0f;
  for (int i = tid; i < 64; i += 32) s += from[i * {width}];
  s = warp_sum(s);
  if (tid == 0) y[column] = s;
"""
    idiom = Idiom(body, block=(32, 1, 1), before=WARP_SUM)
    x = np.random.default_rng(1).integers(-8, 9, (rows, 64, width)).astype(np.float32)
    outputs = {"y": np.zeros(rows * width, np.float32)}
    whole = replace(launch(idiom), grid=(rows * width, 1, 1))
    text = bench.code(idiom.source, [whole], {"x": x}, outputs)
    assert " % " not in text
    got = bench.run(idiom.source, [whole], {"x": x}, outputs)["y"]
    np.testing.assert_array_equal(got, x.sum(1).ravel())


# --- what is no number ---

LARGEST = """
  __shared__ float sh[1024];
  int tid = threadIdx.x;
  BEGIN
  __syncthreads();
  for (int o = blockDim.x / 2; o > 0; o >>= 1) {
    if (tid < o) sh[tid] = fmaxf(sh[tid], sh[tid + o]);
    __syncthreads();
  }
  if (tid == 0) y[blockIdx.x] = sh[0];
"""
DIRECT = "sh[tid] = x[blockIdx.x * 1024 + tid];"
RUNNING = """float m = -INFINITY;
  for (int i = tid; i < 1024; i += 256) m = fmaxf(m, x[blockIdx.x * 1024 + i]);
  sh[tid] = m;"""


@pytest.mark.parametrize(("begin", "threads"), [(DIRECT, 1024), (RUNNING, 256)])
def test_a_nan_is_passed_over_where_cuda_does(begin: str, threads: int, bench: Any) -> None:
    idiom = Idiom(LARGEST.replace("BEGIN", begin), block=(threads, 1, 1))
    arrays = given_rows(idiom)
    arrays["x"][0, ::3] = np.nan
    arrays["x"][1] = np.nan
    arrays["x"][2] = -np.inf
    assert "reduction(max:largest)" in code(idiom, bench)
    wanted = emulated(idiom, arrays, bench)
    np.testing.assert_array_equal(transpiled(idiom, arrays, bench), wanted)


def test_comparisons_that_a_nan_decides_keep_their_order(bench: Any) -> None:
    worse = "sh[tid + o] > sh[tid] ? sh[tid + o] : sh[tid]"
    body = LARGEST.replace("fmaxf(sh[tid], sh[tid + o])", worse).replace("BEGIN", DIRECT)
    idiom = Idiom(body, block=(1024, 1, 1))
    arrays = given_rows(idiom)
    arrays["x"][0, 0] = np.nan
    arrays["x"][1, 5] = np.nan
    wanted = emulated(idiom, arrays, bench)
    assert np.isnan(wanted[0])
    np.testing.assert_array_equal(transpiled(idiom, arrays, bench), wanted)


# --- any tree over a block ---

THREADS = 32


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Steps ``sh[a] += sh[b]`` that gather all elements in some last one, in a random order."""
    alive = draw(st.permutations(range(THREADS)))
    steps = []
    while len(alive) > 1:
        into = draw(st.integers(0, len(alive) - 2))
        steps.append((alive[into], alive.pop()))
    return steps


def tree_kernel(steps: list[tuple[int, int]], last: int) -> Idiom:
    """One thread a step; what stands in ``sh[last]`` at the end is the result."""
    lines = "".join(
        f"  if (tid == {a}) sh[{a}] = sh[{a}] + sh[{b}];\n  __syncthreads();\n" for a, b in steps
    )
    body = f"""{PARTIAL}
  __shared__ float sh[{THREADS}];
  sh[tid] = s;
  __syncthreads();
{lines}  if (tid == 0) y[blockIdx.x] = sh[{last}];
"""
    return Idiom(body, block=(THREADS, 1, 1))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=trees())
def test_any_tree_over_the_block_is_one_reduction(steps: Any, bench: Any) -> None:
    idiom = tree_kernel(steps, steps[-1][0])
    arrays = given_rows(idiom)
    text = code(idiom, bench)
    assert "reduction(+:sum)" in text
    assert "sh[" not in text
    got = transpiled(idiom, arrays, bench)
    np.testing.assert_array_equal(got, arrays["x"].sum(1))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=trees(), data=st.data())
def test_a_tree_with_one_wrong_step_means_what_it_meant(
    steps: Any, data: st.DataObject, bench: Any
) -> None:
    place = data.draw(st.integers(0, len(steps) - 1))
    into, _ = steps[place]
    wrong = data.draw(st.integers(0, THREADS - 1))
    steps = [*steps[:place], (into, wrong), *steps[place + 1 :]]
    idiom = tree_kernel(steps, steps[-1][0])
    arrays = given_rows(idiom)
    values = [arrays["x"][:, t::THREADS].sum(1) for t in range(THREADS)]
    for a, b in steps:
        values[a] = values[a] + values[b]
    got = transpiled(idiom, arrays, bench)
    np.testing.assert_array_equal(got, values[steps[-1][0]], err_msg=idiom.source)
