"""What single rules of the printer mean: NaN, wrapping, floors, tails, scratch, names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tvm import s_tir, te, tirx
from tvm.script import tirx as T  # noqa: N812

from hpctc.core.records import Tensor
from hpctc.lower.c.unit import print_unit
from hpctc.lower.plan import Plan, Step
from tests.lower.c_cases import (
    SIMD,
    built,
    described,
    drawn,
    plan_of,
    results,
    simd_rows,
    tensor,
)

SHAPE = (37,)


def run(plan: Plan, func: Any, inputs: list[Any], folder: Path) -> Any:
    """The only result of a plan's only step under a schedule."""
    code = print_unit(plan, [func])
    return results(built(code, folder), [(plan.entry, inputs, plan.outputs)])[0][0]


def elementwise(name: str, dtypes: list[str], body: Any) -> Plan:
    """A plan that computes ``body(a[i], b[i], ...)``."""
    inputs = [tensor(f"x{n}", SHAPE, dtype) for n, dtype in enumerate(dtypes)]
    return plan_of(name, inputs, te.compute(SHAPE, lambda i: body(*(x[i] for x in inputs)), "e"))


@pytest.mark.parametrize(("which", "meaning"), [("max", np.maximum), ("min", np.minimum)])
@pytest.mark.parametrize("order", ["literal first", "literal last", "both unknown", "clipped"])
def test_extremes_keep_nan(which: str, meaning: Any, order: str, build_folder: Path) -> None:
    extreme, half = getattr(tirx, which), tirx.const(0.5, "float32")
    bodies = {
        "literal first": (
            lambda a, b: extreme(half, a) + b,
            lambda a, b: meaning(np.float32(0.5), a) + b,
        ),
        "literal last": (lambda a, b: extreme(a, half) + b, lambda a, b: meaning(a, 0.5) + b),
        "both unknown": (extreme, meaning),
        "clipped": (lambda a, b: extreme(a + b, half), lambda a, b: meaning(a + b, 0.5)),
    }
    body, right = bodies[order]
    plan = elementwise(f"extreme_{which}", ["float32", "float32"], body)
    a, b = (drawn(t, seed) for seed, t in enumerate(plan.inputs))
    a[3], b[5], a[7], b[7] = np.nan, np.nan, np.nan, np.nan
    got = run(plan, simd_rows(plan.steps[0].func), [a, b], build_folder)
    np.testing.assert_array_equal(got, right(a, b))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "float16", "float64"])
def test_arithmetic_is_numpys_in_every_element_type(dtype: str, build_folder: Path) -> None:
    plan = elementwise(f"mixed_{dtype}", [dtype] * 3, lambda a, b, c: tirx.max(a * b - c, b) + a)
    a, b, c = (drawn(t, seed) * np.array(7, t.dtype) for seed, t in enumerate(plan.inputs))
    got = run(plan, simd_rows(plan.steps[0].func), [a, b, c], build_folder)
    want = np.maximum(a * b - c, b) + a
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=4e-3 if dtype == "float16" else 0)


def test_narrow_integers_wrap_before_they_are_compared(build_folder: Path) -> None:
    plan = elementwise("wrap", ["int8", "int8"], lambda a, b: (a + b > a).astype("int8"))
    a, b = np.full(SHAPE, 120, np.int8), np.full(SHAPE, 100, np.int8)
    assert (run(plan, plan.steps[0].func, [a, b], build_folder) == 0).all()


@pytest.mark.parametrize("dtype", ["int32", "int64", "int8"])
@pytest.mark.parametrize("which", ["floordiv", "floormod"])
def test_floors_of_negative_numbers(which: str, dtype: str, build_folder: Path) -> None:
    plan = elementwise(f"{which}_{dtype}", [dtype, dtype], getattr(tirx, which))
    a = np.arange(-18, 19).astype(dtype)
    b = np.where(np.arange(37) % 2, 5, -3).astype(dtype)
    want = a // b if which == "floordiv" else a % b
    got = run(plan, plan.steps[0].func, [a, b], build_folder)
    np.testing.assert_array_equal(got, want)


def test_floors_of_indices_are_plain_division() -> None:
    x = tensor("x", (6, 10))
    y = te.compute((60,), lambda i: x[i // 10, i % 10 // 2 * 2], "pick")
    plan = plan_of("pick", [x], y)
    text = print_unit(plan, [plan.steps[0].func])
    assert "floor" not in text
    assert "y[i_outer * 10 + i_inner] = x[i_outer * 10 + i_inner / 2 * 2];" in text


def test_casts_truncate_and_truth_is_one(build_folder: Path) -> None:
    plan = elementwise("cast", ["float32"], lambda a: a.astype("bool").astype("int32") * 2)
    a = np.resize(np.array([0.0, 0.5, -0.25, 3.0], np.float32), SHAPE)
    got = run(plan, plan.steps[0].func, [a], build_folder)
    np.testing.assert_array_equal(got, (a != 0) * 2)


@T.prim_func(s_tir=True)
def tail(x: T.Buffer((8, 20)), w: T.Buffer((20, 32)), y: T.Buffer((8, 29))) -> None:  # type: ignore
    with T.sblock("root"):
        acc = T.sblock_alloc_buffer((32,), scope="local")
        for i in range(8):
            for part in T.unroll(2):
                for lane in T.vectorized(16):
                    acc[part * 16 + lane] = T.float32(0)
            for k in range(20):
                for part in T.unroll(2):
                    for lane in T.vectorized(16):
                        acc[part * 16 + lane] = (
                            acc[part * 16 + lane] + x[i, k] * w[k, part * 16 + lane]
                        )
            for part in range(2):
                for lane in T.vectorized(16):
                    if part * 16 + lane < 29:
                        y[i, part * 16 + lane] = T.max(acc[part * 16 + lane], T.float32(0))


def test_a_tile_is_written_whole_or_lane_by_lane(build_folder: Path) -> None:
    tensors = [("x", (8, 20)), ("w", (20, 32)), ("y", (8, 29))]
    x, w, y = (Tensor(name=n, shape=s, dtype="float32") for n, s in tensors)
    plan = Plan("tail", (x, w), (y,), (), (Step("tail", tail, ("x", "w", "y")),))
    code = print_unit(plan, [tail])
    assert "f32x16 acc[2]" in code
    assert "acc_lanes" in code
    a, b = drawn(x), drawn(w, 1)
    got = run(plan, tail, [a, b], build_folder)
    np.testing.assert_allclose(got, np.maximum(a @ b, 0)[:, :29], rtol=1e-5, atol=1e-5)


def test_scratch_of_a_thread_is_its_own(build_folder: Path) -> None:
    x = tensor("x", (16, 30000))
    doubled = te.compute((16, 30000), lambda i, j: x[i, j] * 2.0, "doubled")
    y = te.compute((16, 30000), lambda i, j: doubled[i, 29999 - j] + 1.0, "turned")
    plan = plan_of("scratch", [x], y)
    schedule = s_tir.Schedule(plan.steps[0].func)
    rows = schedule.get_loops(schedule.get_sblock("turned"))[0]
    schedule.parallel(rows)
    schedule.compute_at(schedule.get_sblock("doubled"), rows)
    func = schedule.mod["main"]
    code = print_unit(plan, [func])
    body = code[code.index("#pragma omp parallel for") :]
    assert body.index("aligned_alloc(64, 120000)") < body.index("free(doubled);")
    a = drawn(plan.inputs[0])
    np.testing.assert_array_equal(run(plan, func, [a], build_folder), 2 * a[:, ::-1] + 1)


def test_a_result_that_nobody_wants_has_room_of_its_own(build_folder: Path) -> None:
    x = tensor("x", (3, 8))
    first = te.compute((3, 8), lambda i, j: x[i, j] * 2.0, "first")
    other = te.compute((3, 8), lambda i, j: x[i, j] + 1.0, "other")
    func = te.create_prim_func([x, first, other])
    wanted, unread = described("y", first), described("t0", other)
    step = Step("both", func, ("x", "y", "t0"), outputs=2)
    plan = Plan("one_of_two", (described("x", x),), (wanted,), (unread,), (step,))
    a = drawn(plan.inputs[0])
    np.testing.assert_array_equal(run(plan, func, [a], build_folder), 2 * a)


@pytest.mark.parametrize(
    ("reduce", "clause", "meaning"),
    [(te.sum, "+", np.sum), (te.max, "max", np.max), (te.min, "min", np.min)],
)
def test_simd_reductions_name_their_accumulator(
    reduce: Any, clause: str, meaning: Any, build_folder: Path
) -> None:
    x = tensor("x", (5, 1000))
    k = te.reduce_axis((0, 1000), "k")
    y = te.compute((5,), lambda i: reduce(x[i, k] * 0.5, k), "total")
    plan = plan_of(f"reduce_{clause.replace('+', 'sum')}", [x], y)
    schedule = s_tir.Schedule(plan.steps[0].func)
    schedule.annotate(schedule.get_loops(schedule.get_sblock("total"))[-1], SIMD, 1)
    func = schedule.mod["main"]
    assert f"#pragma omp simd reduction({clause}:acc)" in print_unit(plan, [func])
    a = drawn(plan.inputs[0])
    want = meaning(a.astype(np.float64) * 0.5, axis=1)
    np.testing.assert_allclose(run(plan, func, [a], build_folder), want, rtol=1e-4, atol=1e-4)


@T.prim_func(s_tir=True)
def scatter(i: T.Buffer((4,), "int32"), y: T.Buffer((3,), "int32")) -> None:  # type: ignore
    with T.sblock("root"):
        for k in range(4):
            if i[k] == 1:
                y[1] = y[1] + k


def test_an_element_that_may_not_be_written_stays_in_memory() -> None:
    i = Tensor(name="i", shape=(4,), dtype="int32")
    y = Tensor(name="y", shape=(3,), dtype="int32")
    plan = Plan("scatter", (i,), (y,), (), (Step("scatter", scatter, ("i", "y")),))
    assert "y[1] += k;" in print_unit(plan, [scatter])


def test_names_that_c_has_taken_change_in_the_signature(build_folder: Path) -> None:
    plan = elementwise("restricted", ["float32", "float32"], lambda a, b: a - b)
    names = {"x0": "int", "x1": "I", "y": "y0"}
    renamed = Plan(
        plan.entry,
        tuple(Tensor(name=names[t.name], shape=t.shape, dtype=t.dtype) for t in plan.inputs),
        (Tensor(name="y0", shape=SHAPE, dtype="float32"),),
        (),
        (Step("s", plan.steps[0].func, ("int", "I", "y0")),),
    )
    code = print_unit(renamed, [plan.steps[0].func])
    head = "void restricted(const float *restrict int_, const float *restrict I_,"
    assert head in code
    a, b = (drawn(t, seed) for seed, t in enumerate(plan.inputs))
    np.testing.assert_array_equal(run(renamed, plan.steps[0].func, [a, b], build_folder), a - b)


def test_metaschedules_hint_unrolls_inner_loops() -> None:
    x, w = tensor("x", (4, 8)), tensor("w", (8, 6))
    k = te.reduce_axis((0, 8), "k")
    y = te.compute((4, 6), lambda i, j: te.sum(x[i, k] * w[k, j], k), "product")
    plan = plan_of("hinted", [x, w], y)
    schedule = s_tir.Schedule(plan.steps[0].func)
    loops = schedule.get_loops(schedule.get_sblock("product"))
    schedule.annotate(loops[0], "pragma_auto_unroll_max_step", 16)
    text = print_unit(plan, [schedule.mod["main"]])
    assert text.count("#pragma GCC unroll 8") == 1
    assert "#pragma GCC unroll 6" not in text


def test_what_has_no_rule_says_so() -> None:
    plan = elementwise("strange", ["int32"], lambda a: tirx.popcount(a))
    with pytest.raises(NotImplementedError, match="popcount"):
        print_unit(plan, [plan.steps[0].func])
