"""Rungs, threads and roofs: which times make which figure."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from scipy import stats

from hpctc.core.errors import CorruptRecord
from hpctc.core.records import Task
from hpctc.score import Trail
from hpctc.score.ladder import BEST, best, ladder, rungs
from hpctc.score.roofline import Roof, read_roofs
from hpctc.score.scaling import scaling
from hpctc.score.scores import score_of

MakeTrail = Callable[..., Trail]

TEN = [1000] * 10


def times(ns: int) -> list[int]:
    return [ns] * 10


def test_the_headline_is_the_rung_that_is_hardest_to_beat(trail: MakeTrail) -> None:
    one = trail("a", ("naive", 2, TEN, times(9000)), ("null", 2, TEN, times(2000)))
    found = rungs(one.timings)
    assert {name: e.value for name, e in found.items()} == {"naive": 9.0, "null": 2.0}
    assert best(found) == ("null", found["null"])
    score = score_of(one)
    assert (score.baseline, score.speedup, score.interval) == ("null", 2.0, (2.0, 2.0))


def test_the_best_rung_is_chosen_task_by_task(trail: MakeTrail) -> None:
    found = ladder(
        [
            trail("a", ("naive", 2, TEN, times(8000)), ("null", 2, TEN, times(2000))),
            trail("b", ("naive", 2, TEN, times(3000)), ("null", 2, TEN, times(4000))),
            trail("c", ("naive", 2, TEN, times(5000)), verdict="wrong"),
        ]
    )
    assert list(found) == ["naive", "null", BEST]
    assert found["naive"].value == pytest.approx(stats.gmean([8, 3]))
    assert found["null"].value == pytest.approx(stats.gmean([2, 4]))
    assert found[BEST].value == pytest.approx(stats.gmean([2, 3]))


def test_the_most_threads_make_the_headline(trail: MakeTrail) -> None:
    one = trail("a", ("null", 1, times(4000), times(4000)), ("null", 4, TEN, times(3000)))
    assert score_of(one).speedup == 3.0


def test_times_with_a_problem_make_no_figure(trail: MakeTrail) -> None:
    rung = ("null", 2, TEN, times(3000))
    wrong = score_of(trail("a", rung, problem=("wrong", "y[0] is 1 in a timed call")))
    assert (wrong.verdict, wrong.speedup, wrong.reason) == (
        "wrong", None, "y[0] is 1 in a timed call"
    )  # fmt: skip
    unusable = score_of(trail("a", rung, problem=("correct", "the reference crashed")))
    assert (unusable.verdict, unusable.speedup) == ("correct", None)
    assert unusable.reason == "the reference crashed"


def test_efficiency_is_the_speedup_over_the_sequential_baseline_a_thread(trail: MakeTrail) -> None:
    found = scaling(
        [
            trail("a", ("c", 1, times(6000), times(8000)), ("c", 2, times(4000), times(5000))),
            trail("b", ("c", 1, times(1000), times(2000)), ("c", 2, times(1000), times(9000))),
        ]
    )
    assert [(s.threads, s.tasks) for s in found] == [(1, 2), (2, 2)]
    assert found[0].speedup.value == pytest.approx(stats.gmean([8 / 6, 2]))
    assert found[1].speedup.value == pytest.approx(stats.gmean([8 / 4, 2]))
    assert found[1].efficiency.value == pytest.approx(stats.gmean([8 / 4, 2]) / 2)


def test_without_a_sequential_baseline_there_is_no_scaling(trail: MakeTrail) -> None:
    assert scaling([trail("a", ("c", 2, TEN, TEN), ("c", 4, TEN, TEN))]) == []


def test_the_roof_is_arithmetic_or_memory(task: Callable[..., Task]) -> None:
    roof = Roof(2, flops_per_second=1e11, bytes_per_second=1e10)
    assert roof.ridge == 10
    streaming = task("s", flops=100, nbytes=10**7).pair
    assert roof.floor_ns(streaming) == pytest.approx(1e6)
    assert roof.share(streaming, 4e6) == pytest.approx(0.25)
    computing = task("c", flops=10**9, nbytes=10**6).pair
    assert roof.floor_ns(computing) == pytest.approx(1e7)
    assert (roof.attainable(1.0), roof.attainable(100.0)) == (1e10, 1e11)


def test_roofs_are_read_from_a_run(tmp_path: Path) -> None:
    assert read_roofs(tmp_path) == []
    row = {"threads": 2, "flops_per_second": 1e11, "bytes_per_second": 1e10}
    (tmp_path / "roofline.json").write_text(json.dumps([row, {**row, "threads": 1}]))
    assert [r.threads for r in read_roofs(tmp_path)] == [1, 2]
    for bad in ("{", '{"threads": 1}', json.dumps([{**row, "bytes_per_second": 0}])):
        (tmp_path / "roofline.json").write_text(bad)
        with pytest.raises(CorruptRecord, match=r"roofline\.json"):
            read_roofs(tmp_path)
