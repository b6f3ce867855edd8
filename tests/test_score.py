"""The statistics: against scipy where it covers them, and on recorded timings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hpctc.core.records import Score, VerdictClass
from hpctc.score import (
    bootstrap,
    by_category,
    fast_p,
    geometric_mean,
    median,
    ratios,
    speedup,
    summary,
    task_speedups,
)

# Recorded: a matrix product on one core of a shared machine, the candidate about a third faster;
# the sixth pair was hit by another process.
CANDIDATE = (1514211, 1498004, 1502318, 1495520, 1507702, 4810023, 1499131, 1501077)
BASELINE = (2004510, 1990113, 2010008, 1987411, 1999020, 2003145, 1995502, 6120034)


def test_a_speedup_is_the_median_of_paired_ratios() -> None:
    found = speedup(CANDIDATE, BASELINE)
    by_hand = sorted(b / c for c, b in zip(CANDIDATE, BASELINE, strict=True))
    assert found.value == pytest.approx((by_hand[3] + by_hand[4]) / 2)
    assert found.low <= found.value <= found.high


def test_an_outlier_on_either_side_does_not_move_it() -> None:
    calm = [i for i in range(8) if i not in (5, 7)]
    without = speedup([CANDIDATE[i] for i in calm], [BASELINE[i] for i in calm])
    assert speedup(CANDIDATE, BASELINE).value == pytest.approx(without.value, rel=5e-3)


def test_the_interval_is_scipys() -> None:
    values = np.random.default_rng(7).lognormal(0.2, 0.1, 40)
    ours = bootstrap(values, median)
    theirs = stats.bootstrap(
        (values,), np.median, method="percentile", n_resamples=5000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)


def test_the_geometric_mean_is_scipys() -> None:
    values = [0.5, 1.0, 2.0, 4.0, 1.3]
    found = geometric_mean(values)
    assert found.value == pytest.approx(stats.gmean(values))
    assert min(values) <= found.low < found.value < found.high <= max(values)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(100):
        noise = random.lognormal(0.0, 0.05, (2, 30)) * 1e6
        found = speedup(noise[0].astype(int).tolist(), (1.5 * noise[1]).astype(int).tolist())
        hits += found.low <= 1.5 <= found.high
    assert hits >= 88


def test_the_same_times_give_the_same_figures() -> None:
    assert speedup(CANDIDATE, BASELINE) == speedup(CANDIDATE, BASELINE)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), st.integers(2, 9))
def test_a_constant_ratio_is_found_exactly(times: list[int], factor: int) -> None:
    found = speedup(times, [factor * t for t in times])
    assert found.value == found.low == found.high == pytest.approx(factor)


def test_times_without_partners_are_refused() -> None:
    with pytest.raises(ValueError, match="2 candidate times, 1 baseline"):
        ratios([1, 2], [1])
    with pytest.raises(ValueError, match="0 candidate times"):
        ratios([], [])


def score(name: str, verdict: VerdictClass, speed: float | None = None, sample: int = 0) -> Score:
    return Score.make(
        of=f"{name}{sample}",
        task=name,
        name=name,
        category="reduction" if name.startswith("r") else "elementwise",
        model="m",
        sample=sample,
        built=verdict != "not built",
        verdict=verdict,
        speedup=speed,
        interval=None if speed is None else (0.9 * speed, 1.1 * speed),
    )


SCORES = [
    score("a", "correct", 2.0),
    score("b", "correct", 0.5),
    score("r1", "wrong"),
    score("r2", "not built"),
]


def test_wrong_answers_are_in_every_denominator() -> None:
    found = summary(SCORES)
    assert (found.tasks, found.samples, found.timed) == (4, 4, 2)
    assert (found.compile_rate, found.pass_rate, found.fast_1) == (0.75, 0.5, 0.25)
    assert found.speedup is not None
    assert found.speedup.value == pytest.approx(1.0)


def test_a_category_without_any_speedup_has_none() -> None:
    parts = by_category(SCORES)
    assert list(parts) == ["elementwise", "reduction"]
    assert (parts["reduction"].speedup, parts["reduction"].fast_1) == (None, None)


def test_fast_p_falls_with_p() -> None:
    assert [fast_p(SCORES, p) for p in (0.4, 1.0, 2.0)] == [0.5, 0.25, 0.0]


def test_what_may_be_as_slow_as_the_baseline_is_not_fast() -> None:
    assert fast_p([score("a", "correct", 1.05)], 1.0) == 0.0


def test_a_single_sample_keeps_its_own_interval() -> None:
    found = summary([score("a", "correct", 2.0), score("b", "wrong")]).speedup
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 1.8, 2.2))


def test_samples_of_a_task_are_one_task() -> None:
    scores = [
        score("a", "correct", 2.0),
        score("a", "correct", 8.0, 1),
        score("a", "wrong", None, 2),
    ]
    assert task_speedups(scores) == {"a": pytest.approx(4.0)}
    found = summary(scores)
    assert (found.tasks, found.samples, found.timed) == (1, 3, 1)
    assert math.isclose(found.pass_rate, 2 / 3)


def test_no_scores_have_no_summary() -> None:
    with pytest.raises(ValueError, match="no scores"):
        summary([])
