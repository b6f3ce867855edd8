"""The figures of a run, against values worked out by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hpctc.core.records import Score, Task
from hpctc.score import by_category, by_difficulty, summary, wilson
from hpctc.score.summary import task_speedups

MakeScore = Callable[..., Score]


@pytest.fixture
def scores(score: MakeScore) -> list[Score]:
    return [
        score("a", "correct", 2.0),
        score("b", "correct", 0.5),
        score("r1", "wrong"),
        score("r2", "not built"),
    ]


def test_wrong_answers_are_in_every_denominator(scores: list[Score]) -> None:
    found = summary(scores)
    assert (found.tasks, found.samples, found.timed) == (4, 4, 2)
    assert found.compile_rate == wilson(0.75, 4)
    assert found.pass_rate == wilson(0.5, 4)
    assert found.fast_1 == wilson(0.25, 4)
    assert found.speedup is not None
    assert found.speedup.value == pytest.approx(1.0)
    assert found.pass_at == {}


def test_a_category_without_any_speedup_has_none(scores: list[Score]) -> None:
    parts = by_category(scores)
    assert list(parts) == ["elementwise", "reduction"]
    assert (parts["reduction"].speedup, parts["reduction"].fast_1) == (None, None)


def test_a_difficulty_is_the_number_of_kernels(score: MakeScore, task: Callable[..., Task]) -> None:
    tasks = [task("a", kernels=6), task("b"), task("c", kernels=2), task("d", kernels=4)]
    scores = [
        replace(score(t.name, "wrong" if t.name == "a" else "correct"), task=t.id) for t in tasks
    ]
    parts = by_difficulty(scores, tasks)
    assert {name: (part.tasks, part.pass_rate.value) for name, part in parts.items()} == {
        "1 kernel": (1, 1.0),
        "2-4 kernels": (2, 1.0),
        "5+ kernels": (1, 0.0),
    }


def test_a_single_sample_keeps_its_own_interval(score: MakeScore) -> None:
    found = summary([score("a", "correct", 2.0), score("b", "wrong")]).speedup
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 1.8, 2.2))


def test_samples_of_a_task_are_one_task(score: MakeScore) -> None:
    scores = [
        score("a", "correct", 2.0),
        score("a", "correct", 8.0, 1),
        score("a", "wrong", None, 2),
    ]
    assert task_speedups(scores) == {"a": pytest.approx(4.0)}
    found = summary(scores)
    assert (found.tasks, found.samples, found.timed) == (1, 3, 1)
    assert found.pass_rate == wilson(2 / 3, 1)
    assert list(found.pass_at) == [1, 2, 3]
    assert [found.pass_at[k].value for k in (1, 2, 3)] == pytest.approx([2 / 3, 1.0, 1.0])


def test_what_was_right_at_once_is_told_beside_what_was_repaired(scores: list[Score]) -> None:
    assert summary(scores).pass_first is None
    a, b, r1, r2 = scores
    found = summary([a, replace(b, repairs=1, first="wrong"), replace(r1, repairs=2), r2])
    assert found.pass_rate == wilson(0.5, 4)
    assert found.pass_first == wilson(0.25, 4)


def test_no_scores_have_no_summary() -> None:
    with pytest.raises(ValueError, match="no scores"):
        summary([])
