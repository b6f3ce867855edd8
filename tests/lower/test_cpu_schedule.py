"""Unmeasured schedules: the same text every time, from which the same schedule comes again."""

import numpy as np
import pytest
import tvm_ffi
from tvm import s_tir, te, tirx

from hpctc.core.errors import UsageError
from hpctc.graph.build import Builder
from hpctc.graph.samples import all_samples
from hpctc.lower import cpu
from hpctc.lower.cpu import rules
from hpctc.lower.cpu.blocks import collect
from hpctc.lower.cpu.loops import SIMD
from hpctc.lower.cpu.replay import trace_text
from hpctc.lower.cpu.strategy import Trace
from hpctc.lower.effort import Effort
from hpctc.lower.relax import plan
from tests.lower.c_cases import tensor

NONE = Effort.parse("none")

SAMPLES = dict(all_samples())
EVERY_THIRD = list(SAMPLES)[::3]


@pytest.mark.parametrize("name", EVERY_THIRD)
def test_the_text_makes_the_same_schedule_again(name: str) -> None:
    for step in plan(SAMPLES[name]).steps:
        made = cpu.schedule(step.func, NONE)
        assert made.text == cpu.schedule(step.func, NONE).text
        assert tvm_ffi.structural_equal(made.func, cpu.rebuild(step.func, made.text).func)
        assert not made.text.startswith("plain"), "the rules gave up"


def only(graph_op: str, *shapes: tuple[int, ...], **attrs: object) -> tirx.PrimFunc:
    b = Builder("one")
    names = [b.input(n, s) for n, s in zip("xyz", shapes, strict=False)]
    return plan(b.finish(b.op(graph_op, *names, **attrs))).steps[0].func  # type: ignore[arg-type]


def loops(func: tirx.PrimFunc) -> list[tirx.For]:
    return collect(func.body, tirx.For)


def parallel(func: tirx.PrimFunc) -> bool:
    return any(int(f.kind) == int(tirx.ForKind.PARALLEL) for f in loops(func))


def test_small_work_is_serial_and_large_work_parallel() -> None:
    assert not parallel(cpu.schedule(only("exp", (8, 8)), NONE).func)
    assert parallel(cpu.schedule(only("exp", (512, 512)), NONE).func)
    assert not parallel(cpu.schedule(only("exp", (512, 512)), NONE, threads=1).func)


def test_a_straight_map_is_one_loop() -> None:
    found = loops(cpu.schedule(only("exp", (7, 5, 3, 2)), NONE).func)
    assert [int(f.extent) for f in found] == [210]
    assert found[0].annotations[SIMD] == 1


def test_a_softmax_keeps_its_rows_together() -> None:
    func = cpu.schedule(only("softmax", (64, 100)), NONE).func
    outermost = [f for f in loops(func) if int(f.extent) == 64]
    assert len(outermost) == 1, "one loop over rows holds all four blocks"


def test_a_long_sum_has_partial_results() -> None:
    func = cpu.schedule(only("sum", (4, 1024), axes=(1,)), NONE).func
    assert 64 in {int(f.extent) for f in loops(func)}


@pytest.mark.parametrize("op", ["sum", "variance"])
@pytest.mark.parametrize("columns", [5648, 5647])
def test_a_very_long_sum_is_cut_into_chunks_that_threads_share(op: str, columns: int) -> None:
    made = cpu.schedule(only(op, (1824, columns), axes=(0, 1)), NONE)
    assert made.text == "rules"
    shared = [f for f in loops(made.func) if int(f.kind) == int(tirx.ForKind.PARALLEL)]
    assert len(shared) == (1 if op == "sum" else 2)
    for loop in shared:
        inside = [int(f.extent) for f in collect(loop.body, tirx.For)]
        # what one partial result adds up, so that a float32 loses no digit that matters
        assert max(inside) <= 8192


def test_a_large_transposition_runs_in_blocks() -> None:
    func = cpu.schedule(only("transpose", (256, 256), perm=(1, 0)), NONE).func
    assert [int(f.extent) for f in loops(func)] == [16, 16, 16, 16]


def test_small_windows_are_unrolled_inside_simd() -> None:
    pool = only("max_pool2d", (1, 4, 32, 32), kernel=(3, 3), stride=(2, 2), padding=(1, 1))
    found = loops(cpu.schedule(pool, NONE).func)
    assert sum(int(f.kind) == int(tirx.ForKind.UNROLLED) for f in found) == 2


def test_what_no_strategy_understands_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not today")

    monkeypatch.setattr(rules, "apply", refuse)
    func = only("exp", (8, 8))
    made = cpu.schedule(func, NONE)
    assert made.text == "plain"
    assert made.func.same_as(func)


def test_a_mistake_of_ours_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(rules, "apply", stumble)
    with pytest.raises(KeyError):
        cpu.schedule(only("exp", (8, 8)), NONE)


def test_an_unknown_schedule_text_is_explained() -> None:
    with pytest.raises(UsageError, match="did you mean 'rules'"):
        cpu.rebuild(only("exp", (8, 8)), "rule{threads=2}")


def test_a_trace_is_a_schedule_text() -> None:
    x = tensor("x", (64, 64))
    func = te.create_prim_func([x, te.compute((64, 64), lambda i, j: x[i, j] * 2)])
    schedule = s_tir.Schedule(func)
    (block,) = schedule.get_child_blocks(schedule.get_sblock("root"))
    schedule.parallel(schedule.fuse(*schedule.get_loops(block)))
    text = str(Trace(trace_text(schedule.trace)))
    again = cpu.rebuild(func, text).func
    assert tvm_ffi.structural_equal(again, schedule.mod["main"])
    assert parallel(again)
    assert np.prod([int(f.extent) for f in loops(again)]) == 64 * 64
