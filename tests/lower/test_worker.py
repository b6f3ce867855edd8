"""A crash, a hang, an exception or hunger costs one task; nothing is left running."""

import math
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from hpctc.lower.worker import WorkerError, Workers

LIGHT = ("math",)

LONG = f"6543.{os.getpid()}"
"""Seconds that nobody else sleeps."""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(jobs=2, seconds=30, preload=LIGHT) as made:
        yield made


def only(workers: Workers, function: Any, item: Any) -> Any:
    ((given, outcome),) = workers.map(function, [item])
    assert given == item
    return outcome


def test_results_come_with_their_items(workers: Workers) -> None:
    assert dict(workers.map(math.factorial, range(20))) == {n: math.factorial(n) for n in range(20)}


def test_order_can_be_that_of_the_items(workers: Workers) -> None:
    slow_first = [0.4, 0.0, 0.2, 0.0]
    assert [item for item, _ in workers.map(time.sleep, slow_first, ordered=True)] == slow_first


def test_unordered_results_do_not_wait_for_a_slow_one(workers: Workers) -> None:
    items = [item for item, _ in workers.map(time.sleep, [1.0, 0.0, 0.0])]
    assert items[-1] == 1.0


def test_items_are_taken_only_as_needed(workers: Workers) -> None:
    taken = []

    def source() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    results = workers.map(math.factorial, source())
    next(results)
    assert len(taken) <= workers.jobs
    results.close()  # type: ignore[attr-defined]


def test_a_crash_is_a_failure_with_the_signal(workers: Workers) -> None:
    outcomes: dict[int, Any] = dict(workers.map(signal.raise_signal, [6, 11, 9]))
    assert [outcomes[s].reason for s in (6, 11, 9)] == [
        "killed by SIGABRT",
        "killed by SIGSEGV",
        "killed by SIGKILL",
    ]


def test_a_hang_ends_at_the_limit_and_takes_its_children_along() -> None:
    with Workers(jobs=1, seconds=1, preload=LIGHT) as workers:
        outcome = only(workers, os.system, f"sleep {LONG} & setsid sleep {LONG} & wait")
        assert outcome.reason == "took more than 1 s"
        assert _sleepers() == []
        assert only(workers, math.factorial, 5) == 120


def test_what_a_finished_task_left_running_is_ended(workers: Workers) -> None:
    assert only(workers, os.system, f"setsid sleep {LONG} >/dev/null 2>&1 &") == 0
    assert only(workers, math.factorial, 3) == 6
    assert _sleepers() == []


def test_an_exception_is_a_failure_with_its_text(workers: Workers) -> None:
    outcome = only(workers, int, "three")
    assert outcome.reason == "ValueError: invalid literal for int() with base 10: 'three'"
    assert "Traceback" in outcome.detail


@pytest.mark.parametrize(
    ("function", "item", "reason"),
    [
        (sys.exit, 3, "SystemExit: 3"),
        (os._exit, 7, "ended with exit code 7 and no result"),
        (open, "/dev/null", "its result cannot be sent"),
        (signal.raise_signal, signal.SIGINT, "KeyboardInterrupt"),
    ],
)
def test_other_ends_are_named(workers: Workers, function: Any, item: Any, reason: str) -> None:
    assert reason in only(workers, function, item).reason


def test_what_a_crashed_task_wrote_is_kept(workers: Workers) -> None:
    code = "echo last words >&2; kill -11 $PPID"
    assert "last words" in only(workers, os.system, code).detail


def test_memory_is_limited() -> None:
    with Workers(memory=200 << 20, preload=LIGHT) as workers:
        assert "MemoryError" in only(workers, bytes, 1 << 30).reason
        assert len(only(workers, bytes, 1 << 20)) == 1 << 20


def test_a_function_is_called_once_for_all_children() -> None:
    with Workers(jobs=2, preload=("math", "tracemalloc:start")) as workers:
        found = [outcome for _, outcome in workers.map(_is_tracing, range(3))]
    assert found == [True, True, True]
    with Workers(preload=("math",)) as workers:
        assert only(workers, _is_tracing, 0) is False


def _is_tracing(item: int) -> bool:
    return tracemalloc.is_tracing()


def test_a_broken_harness_is_an_exception() -> None:
    with pytest.raises(WorkerError, match="No module named 'no_such_module'"):
        only(Workers(preload=("no_such_module",)), math.factorial, 1)


def test_a_killed_server_is_an_exception_and_the_next_map_starts_anew() -> None:
    with Workers(preload=LIGHT) as workers:
        with pytest.raises(WorkerError, match="killed"):
            only(workers, os.system, "kill -9 $(ps -o ppid= -p $PPID)")
        assert only(workers, math.factorial, 4) == 24


SCRIPT = """
import sys, time
from hpctc.lower.worker import Workers
with Workers(jobs=2, preload=("math",)) as workers:
    print("ready", flush=True)
    for item, outcome in workers.map(time.sleep, [6543.21, 6543.21]):
        print(item, outcome)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_its_owner(end: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert owner.stdout is not None
    with owner.stdout:
        owner.stdout.readline()
        family = _wait_for_family(owner.pid, 3)
        owner.send_signal(end)
        owner.wait(timeout=10)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def _wait_for_family(pid: int, size: int) -> list[psutil.Process]:
    for _ in range(200):
        family = psutil.Process(pid).children(recursive=True)
        if len(family) >= size:
            return family
        time.sleep(0.05)
    raise AssertionError(f"{pid} has {len(family)} descendants")


def _sleepers() -> list[int]:
    return [
        p.pid
        for p in psutil.process_iter(["cmdline", "status"])
        if p.info["cmdline"] == ["sleep", LONG] and p.info["status"] != psutil.STATUS_ZOMBIE
    ]
