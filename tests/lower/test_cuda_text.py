"""Cleaning CUDA text changes its looks only."""

import operator
import random
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.lower.cuda.clean import FLOAT, Title, clean, decimal
from hpctc.lower.cuda.loops import indented, renamed, unrolled
from hpctc.lower.cuda.parentheses import minimal


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x[((((int)b) * 4) + ((int)t))] = (a + (c * d));", "x[(int)b * 4 + (int)t] = a + c * d;"),
        ("y = ((a - (b - c)) - d);", "y = a - (b - c) - d;"),
        ("y = (a + (b + c));", "y = a + (b + c);"),
        ("y = ((a * b) / c);", "y = (a * b) / c;"),
        ("y = ((tx >> 2) * 32);", "y = (tx >> 2) * 32;"),
        ("y = ((bx * 4) & 3);", "y = (bx * 4) & 3;"),
        ("y = (-(-x));", "y = -(-x);"),
        ("y = ((float)(a + b));", "y = (float)(a + b);"),
        ("y = ((float)x[(i)]);", "y = (float)x[i];"),
        ("((volatile int*)r)[0] = max((a), (b + c));", "((volatile int*)r)[0] = max(a, b + c);"),
        ("*(float2*)(x + ((i * 4) + 2)) = (v);", "*(float2*)(x + (i * 4 + 2)) = v;"),
        ("if (((a < b) && ((c < d) || e))) {", "if (a < b && (c < d || e)) {"),
        ("y = ((a == b) != c);", "y = (a == b) != c;"),
        ("y = (a + b;", "y = (a + b;"),
        ("y = a + b);", "y = a + b);"),
    ],
)  # fmt: skip
def test_superfluous_parentheses_go(before: str, after: str) -> None:
    assert minimal(before) == after


NUMBERS = {"a": 7, "b": 3, "c": -2, "d": 11}


def expression(rng: random.Random, depth: int) -> str:
    """A fully parenthesised expression, as TVM writes them."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice([*NUMBERS, "5", "(-c)", "(~b)"])
    symbol = rng.choice(["+", "-", "*", "&", "|", "^", "<", "<=", "==", "!=", "<<", ">>"])
    left = expression(rng, depth - 1)
    right = str(rng.randrange(3)) if symbol in ("<<", ">>") else expression(rng, depth - 1)
    return f"({left} {symbol} {right})"


def evaluate(text: str) -> int:
    """Evaluate a C expression over small integers, by C's own precedences."""
    tokens = re.findall(r"\w+|<<|>>|<=|==|!=|.", text.replace(" ", ""))
    return _binary(tokens, 0)


LEVELS = [["|"], ["^"], ["&"], ["==", "!="], ["<", "<="], ["<<", ">>"], ["+", "-"], ["*"]]
APPLY: dict[str, Callable[[int, int], int]] = {
    "|": operator.or_, "^": operator.xor, "&": operator.and_, "==": operator.eq,
    "!=": operator.ne, "<": operator.lt, "<=": operator.le, "<<": operator.lshift,
    ">>": operator.rshift, "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip


def _binary(tokens: list[str], level: int) -> int:
    if level == len(LEVELS):
        return _unary(tokens)
    value = _binary(tokens, level + 1)
    while tokens and tokens[0] in LEVELS[level]:
        symbol = tokens.pop(0)
        value = int(APPLY[symbol](value, _binary(tokens, level + 1)))
    return value


def _unary(tokens: list[str]) -> int:
    token = tokens.pop(0)
    if token == "-":
        return -_unary(tokens)
    if token == "~":
        return ~_unary(tokens)
    if token == "(":
        value = _binary(tokens, 0)
        assert tokens.pop(0) == ")"
        return value
    return NUMBERS[token] if token in NUMBERS else int(token)


@given(st.integers(0, 10**9))
def test_values_do_not_change(seed: int) -> None:
    whole = expression(random.Random(seed), 4)
    short = minimal(whole)
    assert len(short) <= len(whole)
    assert evaluate(short) == evaluate(whole)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_decimal_floats_are_the_same_number(value: float) -> None:
    match = FLOAT.fullmatch(f"{value.hex()}f/*{value:e}*/")
    assert match is not None
    text = decimal(match)
    assert text.endswith("f")
    assert "0x" not in text
    assert np.float32(text[:-1]) == np.float32(value)


def test_decimal_floats_are_short() -> None:
    assert FLOAT.sub(decimal, "0x1.8p+4f/*2.4e+01*/ -0x1.fffffep+127f/*-3.4e+38*/") == (
        "24.0f -3.4028235e+38f"
    )
    assert FLOAT.sub(decimal, "0x1.999999999999ap-4/*1.0e-01*/") == "0.1"


def test_loops_of_one_round_go_and_others_are_named_by_depth() -> None:
    lines = """
    #pragma unroll
    for (int var = 0; var < 1; ++var) {
      for (int ax0_fused = 0; ax0_fused < 4; ++ax0_fused) {
        for (int i = 0; i < 2; ++i) {
          y[var + ax0_fused * 2 + i] = 0;
        }
      }
    }
    for (int k = 0; k < n; ++k) {
      z[k] = 1;
    }
    """.splitlines()
    assert renamed(indented(unrolled(lines[1:-1]))) == [
        "  for (int i = 0; i < 4; ++i) {",
        "    for (int j = 0; j < 2; ++j) {",
        "      y[0 + i * 2 + j] = 0;",
        "    }",
        "  }",
        "  for (int i = 0; i < n; ++i) {",
        "    z[i] = 1;",
        "  }",
    ]


RAW = """
#define uint unsigned int
static __device__ int twice(int x) {
  if (x) { return x + x; }
  return 0;
}
static __device__ int unused(int x) { return x; }
extern "C" __global__ void __launch_bounds__(32) f_kernel(float* __restrict__ t0_ptr, float* __restrict__ x_ptr);
extern "C" __global__ void __launch_bounds__(32) f_kernel(float* __restrict__ t0_ptr, float* __restrict__ x_ptr) {
  alignas(64) float t0_ptr_1[1];
  alignas(64) uint mask_ptr[1];
  mask_ptr[0] = __activemask();
  t0_ptr_1[0] = (x_ptr[((int)threadIdx.x)] * 0x1.8p+1f/*3.0e+00*/);
  t0_ptr[((int)threadIdx.x)] = (t0_ptr_1[0] + ((float)twice(((int)blockIdx.x))));
}
"""  # noqa: E501

CLEANED = """// triples x
extern "C" __global__ void __launch_bounds__(32)
triple(float* __restrict__ t0, const float* __restrict__ x) {
  const int bx = blockIdx.x;
  const int tx = threadIdx.x;
  float t0_1;
  unsigned int mask;
  mask = __activemask();
  t0_1 = x[tx] * 3.0f;
  t0[tx] = t0_1 + (float)twice(bx);
}
"""


def test_a_kernel_is_cleaned_and_keeps_the_helpers_it_calls() -> None:
    head, kernels = clean(RAW, {"f_kernel": Title("triple", "triples x")})
    assert kernels == [CLEANED]
    (helper,) = head
    assert helper.startswith("static __device__ int twice(int x) {")
    assert helper.endswith("return 0;\n}")


def test_a_text_with_other_kernels_is_refused() -> None:
    with pytest.raises(ValueError, match="expected kernels"):
        clean(RAW, {"g_kernel": Title("g", "")})


def test_names_of_indices_give_way_to_buffers() -> None:
    raw = re.sub(r"\bx_ptr", "tx_ptr", RAW)
    _, (kernel,) = clean(raw, {"f_kernel": Title("triple", "")})
    assert "const int tx_ = threadIdx.x;" in kernel
    assert "t0_1 = tx[tx_] * 3.0f;" in kernel
