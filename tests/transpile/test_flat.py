"""Barrier-free kernels as loop nests: digits are exact, the text is what a person would write."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch
from hpctc.syntax import tree
from hpctc.syntax.printer import show
from hpctc.transpile.file import Asked, transpile_file
from hpctc.transpile.fold import Linear, number, written
from hpctc.transpile.scope import Local
from hpctc.transpile.shape import radix
from hpctc.transpile.shape.arithmetic import Arithmetic
from hpctc.transpile.shape.digits import Digit, Digits
from hpctc.transpile.types import INT

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv,
    "%": operator.mod, ">>": operator.rshift, "&": operator.and_, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip
"""C's on what is not negative; nothing else is divided here."""


def value(node: Any, names: dict[str, int]) -> int:
    """An integer expression, evaluated."""
    match node:
        case tree.Number(text):
            return int(text)
        case tree.Name(name):
            return names[name]
        case Digit(axis, low, high):
            return (names[axis] if high is None else names[axis] % high) // low
        case tree.Unary("-", operand):
            return -value(operand, names)
        case tree.Binary(op, left, right):
            return int(OPERATORS[op](value(left, names), value(right, names)))
        case _:
            raise AssertionError(node)


def naturals(depth: int) -> st.SearchStrategy[tree.Expr]:
    """Expressions over the block, the thread and a loop's variable that are never negative."""
    leaf = st.sampled_from(["bx", "tx", "k"]).map(tree.Name) | st.integers(0, 50).map(number)
    if depth == 0:
        return leaf
    inner = naturals(depth - 1)
    by = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 21, 32, 64])
    return (
        leaf
        | st.builds(tree.Binary, st.just("+"), inner, inner)
        | st.builds(tree.Binary, st.sampled_from(["*", "/", "%"]), inner, by.map(number))
        | st.builds(tree.Binary, st.just(">>"), inner, st.integers(0, 5).map(number))
        | st.builds(tree.Binary, st.just("&"), inner, st.sampled_from([1, 3, 7, 15]).map(number))
    )


def arithmetic(leaves: dict[str, Linear], points: int, **loops: int) -> Arithmetic:
    spans = {name: (0, extent - 1) for name, extent in loops.items()}
    locals_ = {name: Local(INT) for name in loops}
    return Arithmetic(Digits(spans, {"x": points}), locals_, frozenset(), leaves)


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(["value", "<", ">=", "<=", ">"]),
    naturals(3), st.integers(1, 200), st.integers(1, 9), st.integers(2, 40), st.integers(1, 5),
)  # fmt: skip
def test_digits_say_what_block_and_thread_said(
    how: str, expr: tree.Expr, limit: int, blocks: int, threads: int, rounds: int
) -> None:
    points = blocks * threads
    node = expr if how == "value" else tree.Binary(how, expr, number(limit))
    first = arithmetic({}, points, k=rounds)
    first.leaves["tx"] = first.digits.digit("x", 1, threads)
    first.leaves["bx"] = first.digits.digit("x", threads)
    in_digits = first.write(node)
    cuts = radix.cuts(radix.digits_in([in_digits], "x"), points)
    names = [f"d{i}" for i in range(len(cuts) + 1)]
    loops, whole = radix.split(radix.Axis("x", number(points), cuts=cuts), names)
    second = arithmetic({}, points, k=rounds, **{x.name: int(x.points) for x in loops})
    second.whole["x"] = whole
    in_loops = second.write(in_digits)
    assert not any(isinstance(n, Digit) for n in tree.walk(in_loops))
    for i in range(points):
        for k in range(rounds):
            there = {"bx": i // threads, "tx": i % threads, "k": k, "x": i}
            left = i
            for loop, low in zip(loops, (*reversed(cuts), 1), strict=True):
                there[loop.name], left = divmod(left, low)
                assert there[loop.name] < loop.points
            want = value(node, there)
            assert value(in_digits, there) == want
            assert value(in_loops, there) == want


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    naturals(2), naturals(2), st.sampled_from(["<", ">="]),
    st.integers(1, 5), st.sampled_from([12, 32, 33]), st.integers(1, 3), st.integers(1, 160),
)  # fmt: skip
def test_random_gathers_mean_what_they_say(
    bench: Any, place: tree.Expr, tested: tree.Expr, how: str,
    blocks: int, threads: int, rounds: int, limit: int,
) -> None:  # fmt: skip
    test = tree.Binary(how, tested, number(limit))
    source = f"""__global__ void f(float *y, const float *x) {{
      int tx = threadIdx.x, bx = blockIdx.x;
      if (bx * {threads} + tx < {limit}) {{
        for (int k = 0; k < {rounds}; ++k)
          y[bx * {threads} + tx] += {show(test)} ? x[({show(place)}) % 61] : 0.5f;
      }}
    }}"""
    x, y = draw(61), np.zeros(blocks * threads, np.float32)
    wanted = y.copy()
    for i in range(min(len(y), limit)):
        for k in range(rounds):
            names = {"bx": i // threads, "tx": i % threads, "k": k}
            wanted[i] += x[value(place, names) % 61] if value(test, names) else 0.5
    launch = Launch(
        kernel="f", grid=(blocks, 1, 1), block=(threads, 1, 1), shared_bytes=0, args=("y", "x")
    )
    got = bench.run(source, [launch], {"x": x}, {"y": y})
    np.testing.assert_allclose(got["y"], wanted, 1e-5, 1e-5)


def test_known_digits() -> None:
    made = arithmetic({}, 1024 * 1000)
    made.leaves["tx"] = made.digits.digit("x", 1, 1024)
    made.leaves["bx"] = made.digits.digit("x", 1024)

    def digit(text: str) -> Any:
        from hpctc.transpile.intrinsics import expression

        return made.write(expression(text))

    assert digit("bx * 1024 + tx") == Digit("x")
    assert digit("(bx * 6 + (tx >> 2)) % 250 / 25") == Digit("x", 100, 1000)
    assert digit("(bx * 256 + (tx >> 2)) / 250") == Digit("x", 1000)
    assert digit("((tx >> 2) + bx) % 3") == Digit("x", 4, 12)
    assert digit("bx * 128 + (tx >> 3) < 125") == digit("bx * 1024 + tx < 1000")
    assert digit("bx * 4096 + tx * 4 + 3") == written(Linear({Digit("x"): 4}, 3))  # type: ignore[dict-item]


class Case:
    """A kernel, its launch and what it means."""

    def __init__(self, source: str, grid: Any, block: Any, inputs: dict[str, Any],
                 wanted: Callable[..., Any]) -> None:  # fmt: skip
        self.source, self.grid, self.block = source, grid, block
        self.inputs, self.wanted = inputs, wanted


def draw(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(7).uniform(-1, 1, shape).astype(np.float32)


def pooled(x: Any) -> Any:
    return x.reshape(6, 14, 2, 14, 2).max((2, 4))


CASES = {
    "pool": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 49 + threadIdx.x;
          float m = -3.4e38f;
          for (int a = 0; a < 2; ++a)
            for (int b = 0; b < 2; ++b)
              m = fmaxf(m, x[(i / 196) * 784 + (i % 196 / 14) * 56 + a * 28 + i % 14 * 2 + b]);
          y[i] = m;
        }""", 24, 49, {"x": draw(6, 28, 28)}, lambda x: pooled(x)),
    "permute": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * blockDim.x + threadIdx.x;
          if (i >= 48 * 40 * 3) return;
          y[i] = x[(i % 40) * 144 + (i / 40 % 3) * 48 + i / 120];
        }""", 23, 256, {"x": draw(40, 3, 48)}, lambda x: x.transpose(2, 1, 0)),
    "guarded_everywhere": Case(
        """__global__ void f(float *y, const float *x) {
          if (blockIdx.x * 8 + (threadIdx.x >> 2) < 75) y[blockIdx.x * 32 + threadIdx.x] = 0.f;
          for (int k = 0; k < 4; ++k)
            if (blockIdx.x * 8 + (threadIdx.x >> 2) < 75)
              y[blockIdx.x * 32 + threadIdx.x] = y[blockIdx.x * 32 + threadIdx.x]
                + x[(blockIdx.x * 32 + threadIdx.x) * 4 + k];
        }""", 10, 32, {"x": draw(300, 4)}, lambda x: x.sum(1)),
    "rows": Case(
        """__global__ void f(float *y, const float *x) {
          int row = blockIdx.x * blockDim.x + threadIdx.x;
          if (row < 100) {
            float sum = 0.f;
            for (int i = 0; i < 8; i++)
              for (int j = 0; j < 25; j++) sum += x[row * 200 + i * 25 + j];
            y[row] = sum;
          }
        }""", 4, 32, {"x": draw(100, 200)}, lambda x: x.sum(1)),
    "columns": Case(
        """__global__ void f(float *y, const float *x) {
          int c = blockIdx.x * blockDim.x + threadIdx.x;
          if (c >= 200) return;
          y[c] = 0.f;
          for (int r = 0; r < 100; ++r) y[c] += x[r * 200 + c] * x[r * 200 + c];
        }""", 2, 128, {"x": draw(100, 200)}, lambda x: (x * x).sum(0)),
    "side_by_side": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 37 + threadIdx.x;
          int at = -1;
          float best = -3.4e38f;
          for (int r = 0; r < 40; ++r) {
            float v = x[i / 37 * 1480 + r * 37 + i % 37];
            at = v > best ? r : at;
            best = v > best ? v : best;
          }
          y[i] = at + best;
        }""", 5, 37, {"x": draw(5, 40, 37)}, lambda x: x.argmax(1) + x.max(1)),
    "tiles_of_columns": Case(
        """__global__ void f(float *y, const float *x) {
          int c = blockIdx.x * blockDim.x + threadIdx.x;
          float sum = 0.f, most = 0.f;
          for (int r = 0; r < 64; ++r) {
            sum += x[r * 2048 + c];
            most = fmaxf(most, x[r * 2048 + c]);
          }
          sum -= most;
          for (int r = 0; r < 64; ++r) y[r * 2048 + c] = x[r * 2048 + c] - sum;
        }""", 16, 128, {"x": draw(64, 2048)},
        lambda x: x - (x.sum(0) - np.maximum(x.max(0), 0))),
    "normed": Case(
        """__global__ void f(float *y, const float *x, const float *sums, const float *vars) {
          int i = blockIdx.x * blockDim.x + threadIdx.x;
          y[i] = (x[i] - sums[i / 96] / 32.f) * (1.f / sqrtf(vars[i / 96] + 1.f));
        }""", 9, 64, {"x": draw(6, 96), "sums": draw(6), "vars": draw(6)},
        lambda x, sums, vars: (x - sums[:, None] / 32) / np.sqrt(vars[:, None] + 1)),
    "grid_stride": Case(
        """__global__ void f(float *y, const float *x) {
          for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < 5000; i += gridDim.x * blockDim.x)
            y[i] = x[i] > 0.f ? x[i] : 0.f;
        }""", 4, 128, {"x": draw(5000)}, lambda x: np.maximum(x, 0)),
    "rounds": Case(
        """__global__ void f(float *y, const float *x) {
          for (int r = 0; r < 3; ++r)
            if (r * 64 + blockIdx.x * 8 + (threadIdx.x >> 4) < 150)
              y[r * 1024 + blockIdx.x * 128 + threadIdx.x] =
                x[(r * 1024 + blockIdx.x * 128 + threadIdx.x) % 600 / 20];
        }""", 8, 128, {"x": draw(30)}, lambda x: np.tile(np.repeat(x, 20), 4)),
    "carried": Case(
        """__global__ void f(float *y, const float *x) {
          int i = threadIdx.x;
          for (int r = 0; r < 3; ++r) y[i] = y[i] * 0.5f + x[r * 64 + i];
        }""", 1, 64, {"x": draw(3, 64)}, lambda x: x[0] / 4 + x[1] / 2 + x[2]),
    "moving": Case(
        """__global__ void f(float *y, const float *x) {
          int off = 0;
          for (int k = 0; k < 3; ++k) {
            const int at = off + threadIdx.x;
            const bool low = off < 64;
            off += 64;
            y[k * 64 + threadIdx.x] = low ? x[at] : -x[at];
          }
        }""", 1, 64, {"x": draw(3, 64)}, lambda x: x * np.array([[1], [-1], [-1]])),
    "plane": Case(
        """__global__ void f(float *y, const float *x) {
          int row = blockIdx.y * blockDim.y + threadIdx.y;
          int col = blockIdx.x * blockDim.x + threadIdx.x;
          if (row < 50 && col < 70) y[row * 70 + col] = x[col * 50 + row];
        }""", (5, 7), (16, 8), {"x": draw(70, 50)}, lambda x: x.T),
    "joined": Case(
        """__global__ void f(float *y, const float *a, const float *b) {
          float v;
          const int part = blockIdx.x & 3, row = blockIdx.x >> 2;
          if (part < 2) v = a[row * 64 + part * 32 + threadIdx.x];
          else v = b[row * 64 + part * 32 + threadIdx.x - 64];
          y[blockIdx.x * 32 + threadIdx.x] = v;
        }""", 20, 32, {"a": draw(5, 64), "b": draw(5, 64) + 1},
        lambda a, b: np.concatenate([a, b], 1)),
    "padded": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 64 + threadIdx.x;
          if (i >= 400) return;
          int row = i / 20, col = i % 20;
          bool inside = row >= 1 && row < 19 && col >= 1 && col < 19;
          y[i] = inside ? x[(row - 1) * 18 + col - 1] : 0.0f;
        }""", 7, 64, {"x": draw(18, 18)}, lambda x: np.pad(x, 1)),
    "staged": Case(
        """__global__ void f(float *y, const float *x) {
          __shared__ float tile[16][17];
          int row = blockIdx.y * 16 + threadIdx.y, col = blockIdx.x * 16 + threadIdx.x;
          tile[threadIdx.y][threadIdx.x] = x[row * 64 + col];
          __syncthreads();
          row = blockIdx.x * 16 + threadIdx.y;
          col = blockIdx.y * 16 + threadIdx.x;
          y[row * 48 + col] = tile[threadIdx.x][threadIdx.y];
        }""", (4, 3), (16, 16), {"x": draw(48, 64)}, lambda x: x.T),
    "turned_rounds": Case(
        """__global__ void f(float *y, const float *x) {
          for (int r = 0; r < 3; ++r) {
            int i = r * 256 + blockIdx.x * 64 + threadIdx.x;
            if (r * 32 + blockIdx.x * 8 + (threadIdx.x >> 3) < 75)
              y[i / 120 * 120 + i % 12 / 3 * 30 + i % 120 / 12 * 3 + i % 3] = x[i];
          }
        }""", 4, 64, {"x": draw(5, 10, 4, 3)}, lambda x: x.transpose(0, 2, 1, 3)),
    "rounds_that_meet": Case(
        """__global__ void f(float *y, const float *x) {
          int i = threadIdx.x;
          for (int r = 0; r < 4; ++r)
            for (int k = 0; k < 2; ++k) y[i + 64 * r + 64 * k] = x[i + 64 * r] + k;
        }""", 1, 64, {"x": draw(4, 64)}, lambda x: np.concatenate([x, x[3:] + 1])),
    "repeated_by_a_broadcast": Case(
        """__global__ void f(float *y, const float *x, const float *b) {
          int i = blockIdx.x * 100 + threadIdx.x;
          y[i] = x[i] * 0.5f - expf(b[i % 60] * tanhf(b[i % 60]));
        }""", 12, 100, {"x": draw(20, 60), "b": draw(60)},
        lambda x, b: x / 2 - np.exp(b * np.tanh(b))),
    "changed_by_a_row": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 64 + threadIdx.x;
          y[i] = x[i] - expf(y[i % 64 + 640] * tanhf(y[i % 64 + 640]));
        }""", 10, 64, {"x": draw(640)}, lambda x: np.r_[x - 1, np.zeros(64, np.float32)]),
    "blocks_and_barriers": Case(
        """__global__ void f(float *y, const float *x) {
          __shared__ float row[32];
          row[threadIdx.x] = x[blockIdx.x / 6 * 192 + blockIdx.x % 6 * 32 + threadIdx.x];
          __syncthreads();
          y[blockIdx.x * 32 + threadIdx.x] = row[31 - threadIdx.x] + row[threadIdx.x];
        }""", 24, 32, {"x": draw(24, 32)}, lambda x: x[:, ::-1] + x),
    "uneven": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 64 + threadIdx.x;
          if (i < 1000) y[i] = x[i / 35] + x[i % 24];
        }""", 16, 64, {"x": draw(64)},
        lambda x: x[np.arange(1000) // 35] + x[np.arange(1000) % 24]),
    "in_place": Case(
        """__global__ void f(float *y, const float *x) {
          int i = blockIdx.x * 64 + threadIdx.x;
          for (int k = 0; k < 3; ++k) { y[i] = x[i]; y[(i + 1) % 128] += 0.f * y[i]; }
        }""", 2, 64, {"x": draw(128)}, lambda x: x),
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in CASES if n != "in_place"])
def test_kernels_become_loops(name: str, bench: Any, golden: Callable[[str, str], None]) -> None:
    case = CASES[name]
    wanted = np.asarray(case.wanted(*case.inputs.values()), np.float32)
    outputs = {"y": np.zeros(wanted.shape, np.float32)}
    launch = launched(case)
    golden(f"{name}.c", bench.code(case.source, [launch], case.inputs, outputs))
    got = bench.run(case.source, [launch], case.inputs, outputs)
    np.testing.assert_allclose(got["y"], wanted, 1e-5, 1e-5)


def test_columns_that_load_where_they_found_something_walk_alone(bench: Any) -> None:
    case = Case(
        """__global__ void f(float *y, const float *x) {
          int c = threadIdx.x, at = 0;
          for (int r = 0; r < 40; ++r) at = x[r * 64 + c] > x[at * 64 + c] ? r : at;
          y[c] = at;
        }""", 1, 64, {"x": draw(40, 64)}, lambda x: x.argmax(0))  # fmt: skip
    outputs = {"y": np.zeros(64, np.float32)}
    assert "[64];" not in bench.code(case.source, [launched(case)], case.inputs, outputs)
    got = bench.run(case.source, [launched(case)], case.inputs, outputs)
    np.testing.assert_array_equal(got["y"], case.wanted(**case.inputs))


@pytest.mark.parametrize("guarded", [True, False])
def test_what_rounds_share_is_read_ahead_only_where_it_may_be(guarded: bool, bench: Any) -> None:
    held, test = ("x", "x[i] > 2.f") if guarded else ("y", "x[i] > 0.f")
    source = f"""__global__ void f(float *y, const float *x) {{
      int i = blockIdx.x * 64 + threadIdx.x;
      if ({test}) y[i] = x[i] / sqrtf({held}[{256 if guarded else 0} + i / 64]);
      else y[i] = 1.f;
    }}"""
    case = Case(source, 4, 64, {"x": draw(256)}, np.ones_like)
    text = bench.code(source, [launched(case)], case.inputs, {"y": np.zeros(256, np.float32)})
    assert "sqrtf" in text
    assert "_term" not in text


def launched(case: Case) -> Launch:
    return Launch(
        kernel="f", grid=triple(case.grid), block=triple(case.block), shared_bytes=0,
        args=("y", *case.inputs),
    )  # fmt: skip


def triple(extent: Any) -> tuple[int, int, int]:
    x, y, z = [*([extent] if isinstance(extent, int) else extent), 1, 1][:3]
    return x, y, z


def test_an_element_that_others_touch_stays_in_memory(bench: Any) -> None:
    case = CASES["in_place"]
    text = bench.code(case.source, [launched(case)], case.inputs, {"y": np.zeros(128, np.float32)})
    assert "acc" not in text


def test_sizes_that_only_the_program_knows(golden: Callable[[str, str], None]) -> None:
    source = """__global__ void turn(float *y, const float *x, int rows, int cols) {
      int row = blockIdx.y * blockDim.y + threadIdx.y, col = blockIdx.x * blockDim.x + threadIdx.x;
      if (row >= rows || col >= cols) return;
      y[col * rows + row] = x[row * cols + col];
    }
    void go(float *y, const float *x, int n, int m) {
      turn<<<dim3((n + 31) / 32, (m + 7) / 8), dim3(32, 8)>>>(y, x, m, n);
    }"""
    golden("turn.c", transpile_file(source, Asked("turn"), "turn.cu").code)


def test_one_array_under_two_names_is_not_kept_in_a_variable(bench: Any) -> None:
    source = """__global__ void f(float *a, float *b) {
      int i = threadIdx.x;
      for (int k = 0; k < 4; ++k) { a[i] += 1.f; b[i] *= 2.f; }
    }"""
    launch = Launch(kernel="f", grid=(1, 1, 1), block=(8, 1, 1), shared_bytes=0, args=("y", "y"))
    got = bench.run(source, [launch], {}, {"y": np.ones(8, np.float32)})
    np.testing.assert_array_equal(got["y"], np.full(8, 46, np.float32))
