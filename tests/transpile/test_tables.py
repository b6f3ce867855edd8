"""Functions of few whole numbers are looked up in a table, and only those."""

from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch

N, ROWS = 7, 6

KERNEL = """
__global__ void k(const float *x, float *y) {{
  int t = threadIdx.x;
  float sum = 0.0f;
  for (int i = 0; i < 7; ++i) sum += x[t / 7 * 7 + i] * {factor};
  y[t] = sum;
}}
"""

TURN = "(float)((t % 7) * i % 7)"

TABLED = {
    "cosine": (f"cosf({TURN} * 0.9f)", "np.cos(k * i % 7 * 0.9)", ["cos_of[7]"]),
    "both": (f"(cosf({TURN} * 0.9f) + sinf({TURN} * 0.9f))",
             "(np.cos(k * i % 7 * 0.9) + np.sin(k * i % 7 * 0.9))", ["cos_of[7]", "sin_of[7]"]),
    "power": ("powf(2.0f, -(float)((t % 7 + 3 * i) % 5))", "2.0 ** -((k + 3 * i) % 5)",
              ["pow_of[5]"]),
}  # fmt: skip
"""A factor, what it is in numpy, the tables."""

COMPUTED = {
    "many": ("cosf((float)((t % 7) * i % 97))", "np.cos(k * i % 97)"),
    "negative": ("cosf((float)((t % 7 - i) % 7))", "np.cos(np.fmod(k - i, 7))"),
    "of_data": (f"cosf({TURN} * x[i])", "np.cos(k * i % 7 * x[0, i])"),
    "two_remainders": (f"cosf({TURN} + (float)((t % 7 + i) % 5))",
                       "np.cos(k * i % 7 + (k + i) % 5)"),
}  # fmt: skip
"""Factors that take more values, or values of memory."""


def run(factor: str, meaning: str, bench: Any) -> tuple[str, Any, Any]:
    """The C, what it gives and what numpy says."""
    x = np.random.default_rng(2).uniform(-1, 1, (ROWS, N)).astype(np.float32)
    launch = Launch(kernel="k", grid=(1, 1, 1), block=(ROWS * N, 1, 1), shared_bytes=0,
                    args=("x", "y"))  # fmt: skip
    given, out = {"x": x}, {"y": np.zeros((ROWS, N), np.float32)}
    source = KERNEL.format(factor=factor)
    k, i = np.mgrid[:N, :N]
    factors = eval(meaning, {"np": np, "k": k, "i": i, "x": x.astype(float)})
    text = bench.code(source, [launch], given, out)
    return text, bench.run(source, [launch], given, out)["y"], x @ factors.T


@pytest.mark.parametrize("name", TABLED)
def test_few_values_are_looked_up(name: str, bench: Any) -> None:
    factor, meaning, tables = TABLED[name]
    text, got, want = run(factor, meaning, bench)
    assert all(f"float {table};" in text for table in tables), text
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


@pytest.mark.parametrize("name", COMPUTED)
def test_all_else_is_computed_where_it_is_asked_for(name: str, bench: Any) -> None:
    text, got, want = run(*COMPUTED[name], bench)
    assert "_of[" not in text
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)
