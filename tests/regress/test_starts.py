"""Starts of processes as the measurements: against scipy, and by how often an answer is wrong."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from hpctc.core.records import Score, Timing
from hpctc.regress.compare import (
    DRIFT,
    Conditions,
    Key,
    Measured,
    Speed,
    change,
    speed_of,
    stray,
    whole,
)
from hpctc.regress.judge import CONFIDENCE
from hpctc.regress.location import Located, known, located, total

SCORE = Score.make(
    of="v", task="t", name="t", category="reduction", model="m", sample=0, built=True,
    verdict="correct",
)  # fmt: skip

EXACT = Conditions(0.03, stray=0.0)
"""Nothing strays between the runs but what their starts show."""


def timing(speedup: float, spread: float, seed: int, starts: int = 8, calls: int = 4) -> Timing:
    """Every start has its own speed; its calls scatter by half a percent."""
    random = np.random.default_rng(seed)
    speeds = speedup * random.lognormal(0.0, spread, starts).repeat(calls)
    mine = 1e6 * random.lognormal(0.0, 0.005, starts * calls)
    return Timing.make(
        of="v",
        baseline="reference",
        threads=2,
        candidate_ns=tuple(mine.astype(int).tolist()),
        baseline_ns=tuple((speeds * mine).astype(int).tolist()),
        starts=(calls,) * starts,
    )


def sample(taken: Timing, source: str = "") -> Measured:
    return Measured(SCORE, source or None, speed_of(taken))


@pytest.mark.parametrize(
    ("speedup", "spread", "answer"),
    [
        (2.0, 0.002, "same"),
        (1.8, 0.002, "slower"),
        (2.2, 0.002, "faster"),
        (2.0, 0.05, "cannot tell"),
        (1.9, 0.05, "cannot tell"),
        (1.2, 0.05, "slower"),
    ],
)
def test_starts_that_agree_give_an_answer(speedup: float, spread: float, answer: str) -> None:
    found = change(sample(timing(2.0, spread, 1)), sample(timing(speedup, spread, 2)), EXACT)
    assert found.answer == answer


def test_calls_of_one_start_are_no_evidence_of_another() -> None:
    """A run of old says nothing of its starts: more is assumed than its calls show."""
    taken = [timing(2.0, 0.001, seed) for seed in (1, 2)]
    old = [Timing.make(of="v", baseline="reference", threads=2, candidate_ns=t.candidate_ns,
                       baseline_ns=t.baseline_ns) for t in taken]  # fmt: skip
    how = Conditions(0.03)
    assert change(sample(taken[0]), sample(taken[1]), how).answer == "same"
    assert change(sample(old[0]), sample(old[1]), how).answer == "cannot tell"


@pytest.mark.parametrize("starts", [6, 8, 15])
def test_the_interval_of_two_runs_is_yuens(starts: int) -> None:
    taken = [timing(2.0, 0.02, seed, starts) for seed in (1, 2)]
    found = change(sample(taken[0]), sample(taken[1]), EXACT).ratio
    one, other = (medians(t) for t in reversed(taken))
    trim = 0.2 if starts >= 8 else 0.0
    theirs = stats.ttest_ind(one, other, equal_var=False, trim=trim).confidence_interval(CONFIDENCE)
    assert found is not None
    assert math.log(found.low) == pytest.approx(theirs.low)
    assert math.log(found.high) == pytest.approx(theirs.high)
    wider = change(sample(taken[0]), sample(taken[1]), Conditions(0.03, stray=0.02)).ratio
    assert wider is not None
    assert wider.low < found.low < found.high < wider.high


def medians(taken: Timing) -> list[float]:
    logs = np.log(np.asarray(taken.baseline_ns) / np.asarray(taken.candidate_ns))
    return [float(np.median(part)) for part in np.split(logs, np.cumsum(taken.starts)[:-1])]


def test_a_given_error_leaves_the_freedom_of_what_was_measured() -> None:
    measured = located([0.0, 0.01, -0.01, 0.02, 0.0, -0.02])
    assert total([measured, known(0.0)]) == measured
    assert total([measured, known(1.0)]).freedom > 1e6
    assert known(0.01).interval(0.95).high == pytest.approx(math.exp(0.1 * stats.norm.ppf(0.975)))
    assert Located(0.1, 0.04, 5).times(-0.5) == Located(-0.05, 0.01, 5)


def controls(spread: float, drift: float, count: int = 40) -> list[dict[Key, Measured]]:
    """Two runs of the same programs, which lie ``drift`` apart for another reason than starts."""
    random = np.random.default_rng(7)

    def control(seed: int) -> Measured:
        return sample(timing(float(random.lognormal(0.0, drift)), spread, seed), "c")

    return [{(f"t{n}", 0): control(2 * n + side) for n in range(count)} for side in (0, 1)]


def test_controls_show_what_starts_do_not() -> None:
    quiet, loud, noisy = controls(0.005, 0.0), controls(0.005, 0.03), controls(0.05, 0.0)
    assert stray(*quiet) == pytest.approx(0.003, abs=0.002)
    assert stray(*loud) == pytest.approx(0.03, rel=0.4)
    # Noise that the starts show is not counted twice.
    found = stray(*noisy)
    assert found is not None
    assert found < 0.03
    assert stray(*controls(0.005, 0.0, 4)) is None
    assert Conditions(0.03).between(sample(timing(1.0, 0.01, 1)).speed).variance == DRIFT**2  # type: ignore[arg-type]


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("tasks", [1, 12])
def test_however_noisy_equals_hardly_ever_alarm(noise: float, tasks: int) -> None:
    """Of 400 comparisons of equals, every start as noisy as that, 1 % would be 4."""
    random = np.random.default_rng([tasks, int(1000 * noise)])
    how = Conditions(0.03, stray=0.0, among=tasks)
    alarms = 0
    for _ in range(400):
        sides = [run(random.normal(0.0, noise, (tasks, 8)), code) for code in ("old", "new")]
        changes = [change(sides[0][key], sides[1][key], how) for key in sides[0]]
        everything = whole(sides[0], sides[1], how)
        assert everything is not None
        alarms += any(c.answer == "slower" for c in (*changes, everything))
    assert alarms <= 4


def run(starts: Sequence[Sequence[float]], code: str) -> dict[Key, Measured]:
    return {
        (f"t{n}", 0): Measured(SCORE, code, Speed(located(logs), has_starts=True))
        for n, logs in enumerate(starts)
    }


def test_a_loss_of_a_tenth_is_found_where_starts_stray_by_one_percent() -> None:
    random = np.random.default_rng(3)
    how, found = Conditions(0.03, among=12), 0
    for _ in range(300):
        before, after = random.normal(0.0, 0.01, (2, 1, 8))
        lost = change(run(before, "old")["t0", 0], run(after + math.log(0.9), "new")["t0", 0], how)
        found += lost.answer == "slower"
    assert found >= 297
