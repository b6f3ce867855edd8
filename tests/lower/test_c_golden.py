"""The C itself, read by a person once and then kept: one text a shape of loop nest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tvm import s_tir, te, tirx, topi

from hpctc.core.records import Tensor
from hpctc.lower.c.unit import print_unit
from hpctc.lower.plan import Plan, Step
from tests.lower.c_cases import (
    SIMD,
    built,
    drawn,
    plan_of,
    register_tile,
    results,
    simd_rows,
    tensor,
)

Case = tuple[Plan, tirx.PrimFunc, Callable[..., Any]]


def matmul_tile() -> Case:
    """Accumulators in registers; the tile's loops stay loops."""
    x, w = tensor("x", (64, 50)), tensor("w", (50, 64))
    plan = plan_of("matmul", [x, w], topi.nn.relu(topi.matmul(x, w)))
    tiled = register_tile(plan.steps[0].func, "T_matmul", 8, 32)
    return plan, tiled, lambda x, w: np.maximum(x @ w, 0)


def matmul_odd() -> Case:
    """Odd extents end loops early instead of asking inside them."""
    x, w = tensor("x", (37, 50)), tensor("w", (50, 61))
    plan = plan_of("matmul_odd", [x, w], topi.matmul(x, w))
    return plan, register_tile(plan.steps[0].func, "T_matmul", 8, 16), lambda x, w: x @ w


def matmul_tanh() -> Case:
    """A tile read lane by lane where vector types have no operator."""
    x, w = tensor("x", (16, 20)), tensor("w", (20, 32))
    plan = plan_of("matmul_tanh", [x, w], topi.tanh(topi.matmul(x, w)))
    tiled = register_tile(plan.steps[0].func, "T_matmul", 4, 16)
    return plan, tiled, lambda x, w: np.tanh(x @ w)


def conv2d() -> Case:
    """No schedule at all: plain loops, a scalar accumulator."""
    x, w = tensor("x", (1, 3, 17, 19)), tensor("w", (5, 3, 3, 3))
    plan = plan_of("conv2d", [x, w], topi.nn.conv2d(x, w, 1, 1, 1))

    def meaning(x: Any, w: Any) -> Any:
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
        return np.einsum("bcijkl,ockl->boij", windows, w)

    return plan, plan.steps[0].func, meaning


def softmax() -> Case:
    """A row at a time in cache: reductions with clauses, scalars where they are used first."""
    x = tensor("x", (64, 100))
    plan = plan_of("softmax", [x], topi.nn.softmax(x, axis=1))
    schedule = s_tir.Schedule(plan.steps[0].func)
    norm = schedule.get_sblock("T_softmax_norm")
    rows = schedule.get_loops(norm)[0]
    schedule.parallel(rows)
    for name in ("T_softmax_expsum", "T_softmax_exp", "T_softmax_maxelem"):
        schedule.compute_at(schedule.get_sblock(name), rows)
    for name in ("T_softmax_maxelem", "T_softmax_exp", "T_softmax_expsum", "T_softmax_norm"):
        schedule.annotate(schedule.get_loops(schedule.get_sblock(name))[-1], SIMD, 1)

    def meaning(x: Any) -> Any:
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    return plan, schedule.mod["main"], meaning


def add_relu() -> Case:
    """One fused loop over everything."""
    x, z = tensor("x", (37, 61)), tensor("z", (37, 61))
    total = te.compute((37, 61), lambda i, j: tirx.max(x[i, j] + z[i, j], tirx.const(0.0)), "relu")
    plan = plan_of("add_relu", [x, z], total)
    schedule = s_tir.Schedule(plan.steps[0].func)
    schedule.annotate(schedule.fuse(*schedule.get_loops(schedule.get_sblock("relu"))), SIMD, 1)
    return plan, schedule.mod["main"], lambda x, z: np.maximum(x + z, 0)


def layer_norm() -> Case:
    """Two passes over a row; what repeats has a name."""
    x, g, b = tensor("x", (32, 50)), tensor("gain", (50,)), tensor("bias", (50,))
    k, m = te.reduce_axis((0, 50), "k"), te.reduce_axis((0, 50), "m")
    mean = te.compute((32,), lambda i: te.sum(x[i, k], k), "total")
    square = te.compute(
        (32,),
        lambda i: te.sum((x[i, m] - mean[i] / 50.0) * (x[i, m] - mean[i] / 50.0), m),
        "squares",
    )
    y = te.compute(
        (32, 50),
        lambda i, j: (
            (x[i, j] - mean[i] / 50.0) * tirx.rsqrt(square[i] / 50.0 + tirx.const(1e-5)) * g[j]
            + b[j]
        ),
        "norm",
    )
    plan = plan_of("layer_norm", [x, g, b], y)
    schedule = s_tir.Schedule(plan.steps[0].func)
    rows = schedule.get_loops(schedule.get_sblock("norm"))[0]
    schedule.parallel(rows)
    for name in ("squares", "total"):
        schedule.compute_at(schedule.get_sblock(name), rows)
    for name in ("total", "squares", "norm"):
        schedule.annotate(schedule.get_loops(schedule.get_sblock(name))[-1], SIMD, 1)

    def meaning(x: Any, gain: Any, bias: Any) -> Any:
        centred = x - x.mean(1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * gain + bias

    return plan, schedule.mod["main"], meaning


def argmax() -> Case:
    """Two accumulators that are chosen together."""
    x = tensor("x", (20, 30))
    plan = plan_of("argmax", [x], topi.argmax(x, axis=1))
    return plan, plan.steps[0].func, lambda x: x.argmax(1)


def transpose() -> Case:
    """Threads over the rows of the result."""
    x = tensor("x", (30, 40))
    plan = plan_of("transpose", [x], topi.transpose(x))
    return plan, simd_rows(plan.steps[0].func), np.transpose


def resize() -> Case:
    """Integer index arithmetic: C's own division where nothing is negative."""
    x = tensor("x", (2, 4, 6))
    y = te.compute((2, 7, 9), lambda c, i, j: x[c, (i * 4 + 2) // 7, (j * 6 + 3) // 9], "resize")
    plan = plan_of("resize", [x], y)

    def meaning(x: Any) -> Any:
        rows, columns = (np.arange(7) * 4 + 2) // 7, (np.arange(9) * 6 + 3) // 9
        return x[:, rows][:, :, columns]

    return plan, simd_rows(plan.steps[0].func), meaning


def two_steps() -> Case:
    """A plan of two steps: a static function each, an intermediate between them."""
    x = tensor("x", (6, 7))
    doubled = plan_of("twice", [x], te.compute((6, 7), lambda i, j: x[i, j] * 2.0, "twice"), "t0")
    plan = Plan(
        "four_times",
        doubled.inputs,
        (Tensor(name="y", shape=(6, 7), dtype="float32"),),
        (Tensor(name="t0", shape=(6, 7), dtype="float32"),),
        (doubled.steps[0], Step("again", doubled.steps[0].func, ("t0", "y"))),
    )
    return plan, doubled.steps[0].func, lambda x: 4 * x


CASES = (
    matmul_tile, matmul_odd, matmul_tanh, conv2d, softmax, add_relu, layer_norm, argmax, transpose,
    resize, two_steps,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_text_is_the_golden_and_right(
    case: Callable[[], Case], golden: Callable[[str, str], None], build_folder: Path
) -> None:
    plan, scheduled, meaning = case()
    code = print_unit(plan, [scheduled] * len(plan.steps))
    golden(f"{plan.entry}.c", code)
    inputs = [drawn(t, seed) for seed, t in enumerate(plan.inputs)]
    (got,) = results(built(code, build_folder), [(plan.entry, inputs, plan.outputs)])[0]
    want = meaning(*(np.asarray(a, np.float64) for a in inputs))
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    assert max(map(len, code.splitlines())) <= 100
