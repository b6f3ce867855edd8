"""Tolerances are widened by what legal rebuilds differ by, and by nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from hpctc.core.records import Pair, Provenance, Tensor
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import case
from hpctc.evaluate.rebuilds import MOST, widened

COUNT = 1 << 20

GRAPH = f"""\
graph total(x: f32[{COUNT}]) {{
  y = sum(x, axes=[0])
  return y
}}
"""

CODE = f"""\
void total(const float *restrict x, float *restrict y) {{
  float sum = 0.0f;
  for (int i = 0; i < {COUNT}; i++) sum += x[i];
  y[0] = sum;
}}
"""


@pytest.fixture(scope="module")
def total() -> Pair:
    return Pair.make(
        name="total",
        category="reduction",
        graph=GRAPH,
        c_code=CODE,
        cuda_code="",
        entry="total",
        launches=(),
        inputs=(Tensor(name="x", shape=(COUNT,), dtype="float32", domain=(-1.0, 1.0)),),
        outputs=(Tensor(name="y", shape=(), dtype="float32"),),
        flops=COUNT,
        bytes=4 * COUNT,
        provenance=Provenance(source="test"),
    )


def test_a_sum_of_equal_terms_drifts_further_than_independent_errors(
    total: Pair, bench: Bench
) -> None:
    x = np.full(COUNT, 0.1, np.float32)
    known = case(total, (x,), "equal terms")
    (wide,) = widened(total, (known,), bench)
    # Term by term in float32 the drift is some per cent of a per cent; rebuilds show it.
    sequential = float(np.add.accumulate(x, dtype=np.float32)[-1])
    exact = float(x.astype(np.float64).sum())
    assert abs(sequential - exact) / (exact + 1) <= wide.right.tolerance
    assert known.right.tolerance <= wide.right.tolerance <= MOST * known.right.tolerance


def test_a_source_whose_builds_agree_widens_nothing(total: Pair, bench: Bench) -> None:
    x = np.arange(COUNT, dtype=np.float32) % 2  # whole numbers: every order gives the same
    known = case(total, (x,), "exact")
    assert widened(total, (known,), bench) == (known,)


def test_a_mistake_is_in_all_builds_and_widens_nothing(total: Pair, bench: Bench) -> None:
    wrong = replace(total, c_code=CODE.replace("y[0] = sum", "y[0] = 2.0f * sum"))
    x = np.arange(COUNT, dtype=np.float32) % 2
    known = case(total, (x,), "exact")
    assert widened(wrong, (known,), bench) == (known,)


def test_a_source_that_does_not_build_leaves_the_graph_alone(total: Pair, bench: Bench) -> None:
    x = np.ones(COUNT, np.float32)
    known = case(total, (x,), "ones")
    assert widened(replace(total, c_code="no C"), (known,), bench) == (known,)
