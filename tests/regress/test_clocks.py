"""When the processor's clock may stand in for time: seen through calls that were kept waiting."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from hpctc.core.records import Timing
from hpctc.regress.clocks import UNDISTURBED, Taken, taken
from hpctc.regress.live import Rounds, Rules, change
from hpctc.regress.location import located


def timing(
    seed: int, ratio: float = 1.0, waits: float = 0.0, idle: float = 1.0, calls: int = 10
) -> Timing:
    """A round of a program that computes a millisecond, and one that takes ``ratio`` of that.

    A call is kept waiting with a chance of 4 in 5, ``waits`` milliseconds on the average; the
    candidate takes ``idle`` times as long as it computes, because of what it waits for itself.
    """
    random = np.random.default_rng(seed)
    busy = 1e6 * random.lognormal(0.0, 0.01, (2, calls)) * [[1.0], [ratio]]
    lost = 1e6 * random.exponential(max(waits, 1e-9), (2, calls))
    times = busy * [[idle], [1.0]] + lost * (random.random((2, calls)) < 0.8)
    mine, theirs = (tuple(column.astype(int).tolist()) for column in times)
    columns = [tuple(column.astype(int).tolist()) for column in busy]
    return Timing.make(
        of="v",
        baseline="r",
        threads=2,
        candidate_ns=mine,
        baseline_ns=theirs,
        candidate_busy_ns=columns[0],
        baseline_busy_ns=columns[1],
    )


def gathered(rounds: list[Timing]) -> Taken:
    return sum((taken(t) for t in rounds), Taken(()))


def test_a_measurement_is_a_starts_median_ratio_by_either_clock() -> None:
    one = replace(
        timing(1),
        candidate_ns=(10, 20, 10, 10, 10, 80), baseline_ns=(20, 20, 90, 30, 30, 30),
        candidate_busy_ns=(10,) * 6, baseline_busy_ns=(5, 5, 10, 20, 20, 40), starts=(3, 3),
    )  # fmt: skip
    found = taken(one)
    assert found.logs == pytest.approx([math.log(2.0), math.log(3.0)])
    assert found.busy == pytest.approx([math.log(0.5), math.log(2.0)])
    assert found.stretch[0] == pytest.approx([1, 2, 1, 1, 1, 8])
    assert found.stretch[1] == pytest.approx([4, 4, 9, 1.5, 1.5, 0.75])


def test_time_counts_on_a_quiet_host() -> None:
    found = gathered([timing(n) for n in range(8)])
    assert found.goes_by_time
    assert found.located == located(found.logs)


def test_a_loss_is_found_behind_waiting() -> None:
    """Four calls of five wait, for three times as long as they compute."""
    rounds = [timing(n, ratio=0.9, waits=3.0) for n in range(16)]
    found = gathered(rounds)
    assert not found.goes_by_time
    assert change(Rounds("t", found), Rules(0.03)).answer == "slower"
    assert "the processor's clock" in change(Rounds("t", found), Rules(0.03)).detail
    blind = gathered([replace(t, candidate_busy_ns=(), baseline_busy_ns=()) for t in rounds])
    assert change(Rounds("t", blind), Rules(0.03)).answer == "cannot tell"
    equal = gathered([timing(n, waits=3.0) for n in range(16)])
    assert change(Rounds("t", equal), Rules(0.03)).answer == "same"


def test_a_program_that_waits_by_itself_is_judged_by_time() -> None:
    """It computes as little as before and takes twice as long: the processor's clock is blind."""
    found = gathered([timing(n, waits=3.0, idle=2.0) for n in range(16)])
    assert found.goes_by_time


def test_a_little_waiting_by_itself_makes_the_processors_clock_unsure() -> None:
    """Every call of the candidate takes 4 % longer than it computes, and is lost on its way 3 %."""
    rounds = [timing(n, waits=3.0, idle=1.04) for n in range(16)]
    shorter = [replace(t, candidate_busy_ns=tuple(round(1.03 * b) for b in t.candidate_busy_ns),
                       baseline_busy_ns=tuple(round(1.03 * b) for b in t.baseline_busy_ns))
               for t in rounds]  # fmt: skip
    found = gathered(shorter)
    assert not found.goes_by_time
    truth, told = 1 / 1.04, found.located.interval(0.99)
    assert told.low < truth < told.high
    assert not located(found.busy).interval(0.99).low < truth


def test_hosts_that_never_leave_a_call_alone_are_judged_by_time() -> None:
    rounds = [timing(n, waits=3.0) for n in range(16)]
    slow = [replace(t, candidate_ns=tuple(ns + 10**5 for ns in t.candidate_ns)) for t in rounds]
    assert gathered(slow).goes_by_time


def test_where_the_kernel_does_not_tell_time_counts() -> None:
    told, silent = timing(1, waits=3.0), timing(2, waits=3.0)
    silent = replace(silent, candidate_busy_ns=(), baseline_busy_ns=())
    assert not gathered([told, silent, told]).has_busy
    assert gathered([told, silent, told]).goes_by_time
    assert gathered([timing(1, waits=3.0, calls=UNDISTURBED - 1)] * 1).goes_by_time


def test_however_long_calls_wait_equals_hardly_ever_alarm() -> None:
    """100 live comparisons of equals, 50 of a loss of a tenth, looked at after 16 rounds."""
    rules = Rules(0.03, most=16)
    alarms = found = 0
    for n in range(100):
        rounds = gathered([timing(1000 * n + i, waits=5.0) for i in range(16)])
        alarms += change(Rounds("t", rounds), rules).answer == "slower"
    for n in range(50):
        rounds = gathered([timing(999 * n + i, ratio=0.9, waits=2.0) for i in range(16)])
        found += change(Rounds("t", rounds), rules).answer == "slower"
    assert alarms <= 1
    assert found >= 49


def test_rounds_that_disagree_on_who_is_faster_give_no_alarm() -> None:
    """Recorded at a load of 13: time's trimmed mean cuts off the round that tells the truth."""
    recorded = (-0.34, -0.30, -0.32, -0.25, -0.24, 0.30, -0.25, -0.37)
    assert located(recorded).interval(0.999).high < 0.97
    assert change(Rounds("t", Taken(recorded)), Rules(0.03)).answer == "cannot tell"
    agreed = (*recorded[:5], -0.30, *recorded[6:])
    assert change(Rounds("t", Taken(agreed)), Rules(0.03)).answer == "slower"
    assert Taken(recorded).chance == pytest.approx(stats.binomtest(1, 8, alternative="less").pvalue)
