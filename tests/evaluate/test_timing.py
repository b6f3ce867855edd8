"""When timing stops, what it does not believe, and what it does when only rounding differs."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.timing import FEWEST_PAIRS, Match, Series
from hpctc.native.call import Array
from hpctc.sandbox.process import Called

Decide = Callable[[Sequence[Array]], Case]


def series(ratios: Sequence[float], cpu: float = 1.0) -> Series:
    made = Series()
    for ratio in ratios:
        made.candidate.append(Called(10**6, 1_200_000, int(cpu * 10**6)))
        made.baseline.append(Called(int(ratio * 10**6), 1_200_000, 10**6))
    return made


def test_equal_ratios_are_tight_and_few_are_not() -> None:
    assert series([1.5] * 10).is_tight()
    assert not series([1.5] * 3).is_tight()


def test_scattered_ratios_are_tight_only_in_number() -> None:
    random = np.random.default_rng(1)
    assert not series(random.lognormal(0, 0.05, 10).tolist()).is_tight()
    assert series(random.lognormal(0, 0.05, 400).tolist()).is_tight()


@pytest.mark.parametrize(
    ("cpu", "cores", "believed"),
    [(1.0, 1, True), (1.15, 1, True), (2.0, 1, False), (2.0, 2, True), (4.0, 2, False)],
)
def test_nothing_computes_longer_than_all_cores_can(cpu: float, cores: int, believed: bool) -> None:
    assert (series([1.0] * 8, cpu).forged(cores) == "") is believed


def test_a_single_odd_call_is_no_forgery() -> None:
    made = series([1.0] * 8)
    made.candidate[3] = replace(made.candidate[3], cpu_ns=10**8)
    assert made.forged(1) == ""


def play(code: str, bench: Bench, pair: Pair, base: Sequence[Array], decide: Decide) -> object:
    candidate, reference = bench.compile(code).library, bench.compile(pair.c_code).library
    assert candidate is not None
    assert reference is not None
    with Seat(bench.setup, candidate, pair) as mine, Seat(bench.setup, reference, pair) as theirs:
        return Match(mine, theirs, decide, 1e-6, 1).play(base, 0.0)


def test_no_time_is_still_the_fewest_pairs(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    outcome = play(pair.c_code, bench, pair, known[0].inputs, decide)
    assert len(outcome.series.candidate) == FEWEST_PAIRS  # type: ignore[attr-defined]


def test_the_meaning_decides_where_the_two_sides_differ(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    asked = []

    def lenient(values: Sequence[Array]) -> Case:
        asked.append(values)
        case = decide(values)
        return replace(case, right=replace(case.right, tolerance=0.5))

    code = pair.c_code.replace("1.0f", "1.1f")
    outcome = play(code, bench, pair, known[0].inputs, lenient)
    assert outcome.verdict == "correct"  # type: ignore[attr-defined]
    assert len(asked) == FEWEST_PAIRS + 2
    outcome = play(code, bench, pair, known[0].inputs, decide)
    assert outcome.verdict == "wrong"  # type: ignore[attr-defined]
    assert "a timed call" in outcome.problem  # type: ignore[attr-defined]


def test_a_baseline_that_fails_is_told_and_not_held_against_the_candidate(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    broken = replace(pair, c_code="void entry(const float *x, float *y) { __builtin_trap(); }")
    candidate, reference = bench.compile(pair.c_code).library, bench.compile(broken.c_code).library
    assert candidate is not None
    assert reference is not None
    with Seat(bench.setup, candidate, pair) as mine, Seat(bench.setup, reference, pair) as theirs:
        outcome = Match(mine, theirs, decide, 1e-6, 1).play(known[0].inputs, 0.0)
    assert outcome.verdict == "correct"
    assert outcome.problem.startswith("the reference crashed: SIGILL")
