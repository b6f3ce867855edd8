"""A schedule that cannot be written as CUDA is passed over; a mistake of ours is not."""

import importlib
from typing import Any

import pytest
import tvm
from tvm import s_tir

from hpctc.graph.text import parse
from hpctc.lower.cuda import generate, sampling, threads
from hpctc.lower.cuda.guards import unwritten
from hpctc.lower.cuda.how import Cuda
from hpctc.lower.cuda.source import Emitted, Unlaunchable
from hpctc.lower.relax import plan

SUM = "graph s(x: f32[8, 200]) {\n  y = sum(x, axes=[1])\n  return y\n}\n"

MODULE: Any = importlib.import_module("hpctc.lower.cuda.generate")
"""The module; the package's attribute of this name is the function."""


def break_first(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    """Let the emitter fail on the first schedule it is given."""
    emit, calls = MODULE.emit, []

    def emitter(*args: object) -> Emitted:
        calls.append(args)
        if len(calls) == 1:
            raise problem
        made: Emitted = emit(*args)
        return made

    monkeypatch.setattr(MODULE, "emit", emitter)


@pytest.mark.parametrize(
    "problem",
    [Unlaunchable("a loop of launches"), s_tir.ScheduleError("no"), tvm.error.InternalError("no")],
    ids=lambda p: type(p).__name__,
)
def test_what_cannot_be_written_is_passed_over(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(parse(SUM))
    usual = generate(made)
    break_first(monkeypatch, problem)
    other = generate(made)
    assert other.schedules != usual.schedules
    assert other.launches


def test_a_check_of_tvm_that_fails_is_a_refusal() -> None:
    """dlight schedules grouped convolutions across threads in a way that TVM will not lower."""
    text = "graph g(x: f32[2, 32, 20, 10], k: f32[64, 8, 3, 3]) {\n  y = conv2d(x, k, groups=4)\n"
    made = generate(plan(parse(text + "  return y\n}\n")))
    assert made.schedules["conv2d_kernel"].startswith("threads")


def test_a_border_that_nobody_writes_is_a_refusal() -> None:
    """MetaSchedule inlines a padding into the stage before it, whose loops are fewer."""
    text = (
        "graph p(x: f32[2, 4, 3, 8]) {\n  v = square(x)\n  y = space_to_batch_nd(v, block=[2, 2], "
    )
    made = plan(parse(text + "before=[0, 0], after=[0, 1])\n  return y\n}\n"))
    (step,) = made.steps
    drawn, _trace = next(sampling.sample(step.func, "sm_80", 1, 0))
    assert unwritten(drawn, ["y"]) == ["y"]
    assert unwritten(threads.schedule(step.func, True).mod["main"], ["y"]) == []
    (schedule,) = generate(made, Cuda(samples=1)).schedules.values()
    assert schedule.startswith("threads")


@pytest.mark.parametrize("problem", [KeyError("grid"), AttributeError("dom"), AssertionError()])
def test_a_mistake_surfaces(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    break_first(monkeypatch, problem)
    with pytest.raises(type(problem)):
        generate(plan(parse(SUM)))
