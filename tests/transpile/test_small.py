"""Small kernels: what a guard leaves out is not walked, threads start only where there is work."""

from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch
from hpctc.syntax import tree
from hpctc.transpile.fold import number
from hpctc.transpile.shape.bounds import bounded
from hpctc.transpile.work import PARALLEL_WORK, parallel, worth_threads

ROWS, N = 5, 17
GRID = (ROWS, 1, 1)

REDUCED = """
__inline__ __device__ float joined(float v) {{
  for (int o = 16; o > 0; o /= 2) {{
    float other = __shfl_down_sync(~0u, v, o);
    v = {op};
  }}
  return v;
}}
__global__ void k(float *y, const float *x) {{
  __shared__ float parts[8];
  int t = threadIdx.x;
  {value}
  v = joined(v);
  if (t % 32 == 0) parts[t / 32] = v;
  __syncthreads();
  if (t < 32) {{
    v = t < 8 ? parts[t] : {neutral};
    v = joined(v);
    if (t == 0) y[blockIdx.x] = v;
  }}
}}
"""

SUM = {"op": "v + other", "neutral": "0.0f"}
MAX = {"op": "fmaxf(v, other)", "neutral": "-1e30f"}

HERE = "x[blockIdx.x * 17 + t]"

GUARDED: dict[str, tuple[str, dict[str, str], str]] = {
    "added": (f"float v = 0.0f; if (t < 17) v += {HERE};", SUM, "x.sum(1)"),
    "given": (f"float v = 0.0f; if (t < 17) v = {HERE};", SUM, "x.sum(1)"),
    "chosen": (f"float v = t < 17 ? {HERE} : 0.0f;", SUM, "x.sum(1)"),
    "squared": (f"float v = 0.0f; if (t < 17) {{ float a = {HERE}; v += a * a; }}", SUM,
                "(x * x).sum(1)"),
    "largest": (f"float v = -1e30f; if (t < 17) v = fmaxf(v, {HERE});", MAX, "x.max(1)"),
}  # fmt: skip
"""What a thread brings along, how threads join it, and what numpy calls it."""

KEPT: dict[str, tuple[str, dict[str, str], str]] = {
    "no_identity": (f"float v = 1.0f; if (t < 17) v += {HERE};", SUM, "x.sum(1) + 256"),
    "others_win": (f"float v = 0.0f; if (t < 17) v = fmaxf(v, {HERE});", MAX,
                   "np.maximum(x.max(1), 0)"),
    "others_hold_more": (f"float v = 3.0f; if (t < 17) v = {HERE};", SUM, "x.sum(1) + 3 * 239"),
    "otherwise": (f"float v; if (t < 17) v = {HERE}; else v = 2.0f;", SUM, "x.sum(1) + 2 * 239"),
    "from": (f"float v = 0.0f; if (t >= 3 && t < 17) v += {HERE};", SUM, "x[:, 3:].sum(1)"),
    "a_few": (f"float v = 0.0f; if (t < 17 && t % 4 == 1) v += {HERE};", SUM,
              "x[:, 1::4].sum(1)"),
    "nobody": (f"float v = 0.0f; if (t < 0) v += {HERE};", SUM, "0 * x.sum(1)"),
}  # fmt: skip
"""The same where a bound alone would not do."""


def launched(grid: tuple[int, int, int], block: tuple[int, int, int], *args: str) -> Launch:
    """One launch of ``k``."""
    return Launch(kernel="k", grid=grid, block=block, shared_bytes=0, args=args)


def given() -> np.ndarray[Any, Any]:
    """Small whole numbers below zero: every order of additions gives the same bits."""
    return np.random.default_rng(3).integers(-9, 0, (ROWS, N)).astype(np.float32)


def run(table: tuple[str, dict[str, str], str], bench: Any) -> tuple[str, Any, Any]:
    """The C, what it gives and what numpy says."""
    value, how, means = table
    source = REDUCED.format(value=value, **how)
    x, y = given(), np.zeros(ROWS, np.float32)
    launch = launched(GRID, (256, 1, 1), "y", "x")
    text = bench.code(source, [launch], {"x": x}, {"y": y})
    found = bench.run(source, [launch], {"x": x}, {"y": y})["y"]
    return text, found, eval(means, {"x": x, "np": np})


@pytest.mark.parametrize("name", GUARDED)
def test_a_guard_is_the_bound_of_a_row(name: str, bench: Any) -> None:
    text, found, wanted = run(GUARDED[name], bench)
    assert "tx < 17" in text, text
    assert "256" not in text, text
    np.testing.assert_array_equal(found, wanted, err_msg=text)


@pytest.mark.parametrize("name", KEPT)
def test_what_the_others_bring_along_counts(name: str, bench: Any) -> None:
    text, found, wanted = run(KEPT[name], bench)
    np.testing.assert_array_equal(found, wanted, err_msg=text)


SOFTMAX = """
__global__ void k(float *y, const float *x) {
  __shared__ float s[256];
  int t = threadIdx.x;
  float v = 0.0f;
  if (t < 17) v = v + expf(x[(blockIdx.x / 2) * 34 + t * 2 + blockIdx.x % 2]);
  s[t] = v;
  __syncthreads();
  for (int o = 128; o > 0; o >>= 1) {
    if (t < o) s[t] += s[t + o];
    __syncthreads();
  }
  if (t < 17) {
    int i = (blockIdx.x / 2) * 34 + t * 2 + blockIdx.x % 2;
    y[i] = expf(x[i]) / s[0];
  }
}
"""


@pytest.mark.parametrize("blocks", [6, 2])
def test_rows_that_lie_across_memory_keep_their_exponentials(blocks: int, bench: Any) -> None:
    x = np.random.default_rng(4).uniform(-1, 1, (blocks // 2, N, 2)).astype(np.float32)
    launch = launched((blocks, 1, 1), (256, 1, 1), "y", "x")
    arrays = {"x": x}, {"y": np.zeros_like(x)}
    text = bench.code(SOFTMAX, [launch], *arrays)
    assert text.count("= exp_f32(") == 1, text
    found = bench.run(SOFTMAX, [launch], *arrays)["y"]
    wanted = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    np.testing.assert_allclose(found, wanted, 1e-5)


@pytest.mark.parametrize(("rows", "threaded"), [(4, False), (4096, True)])
def test_threads_start_where_there_is_work(rows: int, threaded: bool, bench: Any) -> None:
    source = REDUCED.format(value=GUARDED["added"][0], **SUM)
    launch = launched((rows, 1, 1), (256, 1, 1), "y", "x")
    x, y = np.zeros((rows, N), np.float32), np.zeros(rows, np.float32)
    text = bench.code(source, [launch], {"x": x}, {"y": y})
    assert ("omp parallel for" in text) == threaded, text


def test_work_is_worth_threads_from_one_number_on() -> None:
    assert not worth_threads(PARALLEL_WORK - 1)
    assert worth_threads(PARALLEL_WORK)
    assert worth_threads(float("inf"))
    assert parallel().text == "#pragma omp parallel for"
    assert parallel(3).text == "#pragma omp parallel for collapse(3)"


TURNED = """
__global__ void k(float *y, const float *x) {
  __shared__ float tile[{rows} * 33];
  int tx = threadIdx.x, ty = threadIdx.y;
  if (ty * 16 + tx < {size}) {
    tile[(ty * 16 + tx) / {cols} * 33 + (ty * 16 + tx) % {cols}] = x[ty * 16 + tx];
  }
  __syncthreads();
  if (ty < {cols} && tx < {rows}) y[ty * {rows} + tx] = tile[tx * 33 + ty];
}
"""


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool"])
@pytest.mark.parametrize(("rows", "cols"), [(5, 7), (16, 3)])
def test_a_small_tile_that_threads_fill_in_a_row_is_no_tile(
    rows: int, cols: int, dtype: str, bench: Any
) -> None:
    words = {"rows": rows, "cols": cols, "size": rows * cols}
    source = TURNED
    for word, value in words.items():
        source = source.replace(f"{{{word}}}", str(value))
    source = source.replace("float", {"float32": "float", "int8": "char"}.get(dtype, dtype))
    x = np.random.default_rng(5).integers(0, 2, (rows, cols)).astype(dtype)
    launch = launched((1, 1, 1), (16, 8, 1), "y", "x")
    arrays = {"x": x}, {"y": np.zeros((cols, rows), dtype)}
    text = bench.code(source, [launch], *arrays)
    assert "tile" not in text, text
    np.testing.assert_array_equal(bench.run(source, [launch], *arrays)["y"], x.T)


ROUNDED = """
__global__ void k(float *y, const float *a, const float *b) {
  int i = threadIdx.x;
  if (i < 36) {
    y[i] = fmodf(a[i], b[i]) < 0.0f ? fmodf(a[i], b[i]) + b[i] : floorf(fmodf(a[i], b[i]));
  }
}
"""


def test_a_call_of_libm_is_made_once_and_rounding_may_be_simd(bench: Any) -> None:
    rng = np.random.default_rng(6)
    a, b = (rng.uniform(low, 3, 36).astype(np.float32) for low in (-3, 0.5))
    launch = launched((1, 1, 1), (64, 1, 1), "y", "a", "b")
    arrays = {"a": a, "b": b}, {"y": np.zeros(36, np.float32)}
    text = bench.code(ROUNDED, [launch], *arrays)
    assert text.count("fmodf(") == 1, text
    assert "no-trapping-math" in text
    rest = np.fmod(a, b)
    wanted = np.where(rest < 0, rest + b, np.floor(rest))
    np.testing.assert_array_equal(bench.run(ROUNDED, [launch], *arrays)["y"], wanted)


RANKS = """
__inline__ __device__ int joined(int v) {
  for (int o = 16; o > 0; o /= 2) v += __shfl_down_sync(~0u, v, o);
  return v;
}
__global__ void k(int *y, const int *x) {
  __shared__ int rank[5];
  int t = threadIdx.x, row = blockIdx.x / 5 * 5;
  for (int i = 0; i < 5; ++i) {
    int v = 0;
    if (t < 5) v += x[row + t] < x[row + i] ? 1 : 0;
    v = joined(v);
    if (t == 0) rank[i] = v;
  }
  __syncthreads();
  if (t == 0) y[blockIdx.x] = rank[blockIdx.x % 5];
}
"""


def test_a_total_of_whole_numbers_is_no_constant(bench: Any) -> None:
    x = np.stack([np.random.default_rng(i).permutation(5) for i in range(2)]).astype(np.int32)
    launch = launched((10, 1, 1), (32, 1, 1), "y", "x")
    found = bench.run(RANKS, [launch], {"x": x}, {"y": np.zeros_like(x)})["y"]
    np.testing.assert_array_equal(found, x)


# --- bounds ---

TX, TY, LIMIT = (tree.Name(n) for n in ("tx", "ty", "n"))
DONE = tree.Evaluate(tree.Assign("=", tree.Name("a"), number(1)))


def guarded(*conditions: tree.Expr) -> tuple[tree.If]:
    """One branch under all of the conditions."""
    joint = conditions[0]
    for condition in conditions[1:]:
        joint = tree.Binary("&&", joint, condition)
    return (tree.If(joint, tree.Block((DONE,))),)


def test_a_conjunction_gives_its_bounds_and_keeps_the_rest() -> None:
    first, second = tree.Binary("<", TX, number(5)), tree.Binary("<", TY, LIMIT)
    extent, body = bounded("tx", number(16), guarded(first, second))
    assert (extent, body) == (number(5), guarded(second))
    extent, body = bounded("ty", number(8), body)
    assert body == (DONE,)
    assert extent == tree.Call(tree.Name("min_int"), (number(8), LIMIT))


def test_a_loop_has_no_bound_from_a_loop_inside_it() -> None:
    triangle = guarded(tree.Binary("<", TY, tree.Binary("+", TX, number(1))))
    assert bounded("ty", number(8), triangle, {"tx", "ty"}) == (number(8), triangle)


TRIANGLE = """
__global__ void k(int *y) {
  __shared__ int s[64];
  int tx = threadIdx.x, ty = threadIdx.y;
  s[ty * 8 + tx] = 0;
  __syncthreads();
  if (ty < tx + 1 && tx < 6) s[ty * 8 + tx] = 1 + atomicAdd(&s[ty * 8 + tx], 0);
  __syncthreads();
  y[ty * 8 + tx] = s[ty * 8 + tx];
}
"""


def test_guards_between_axes_keep_their_meaning(bench: Any) -> None:
    launch = launched((1, 1, 1), (8, 8, 1), "y")
    y = np.zeros((8, 8), np.int32)
    found = bench.run(TRIANGLE, [launch], {}, {"y": y})["y"]
    wanted = np.triu(np.ones((8, 8), np.int32)) * (np.arange(8) < 6)
    np.testing.assert_array_equal(found, wanted)
