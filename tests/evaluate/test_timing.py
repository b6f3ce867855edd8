"""When timing stops, what it does not believe, and what it does when only rounding differs."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.match import (
    COLD_ROUNDS,
    FEWEST_ROUNDS,
    REWARM,
    STARTS,
    WARM_UP,
    Match,
    Outcome,
)
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.series import HOPELESS_ROUNDS, Series
from hpctc.native.call import Array
from hpctc.sandbox.process import Called

Decide = Callable[[Sequence[Array]], Case]


def series(ratios: Sequence[float], cpu: float = 1.0, starts: int = 1) -> Series:
    made = Series()
    for i, ratio in enumerate(ratios):
        if i % (len(ratios) // starts) == 0:
            made.begin()
        mine = Called(10**6, 1_200_000, int(cpu * 10**6))
        made.add(mine, {"reference": Called(int(ratio * 10**6), 1_200_000, 10**6)})
    return made


def test_equal_ratios_are_tight_and_few_are_not() -> None:
    assert series([1.5] * 10).is_tight()
    assert not series([1.5] * 3).is_tight()


def test_scattered_ratios_are_tight_only_in_number() -> None:
    random = np.random.default_rng(1)
    assert not series(random.lognormal(0, 0.05, 10).tolist()).is_tight()
    assert series(random.lognormal(0, 0.05, 400).tolist()).is_tight()


def test_calls_that_agree_are_not_tight_when_the_starts_do_not() -> None:
    """Eight starts 3 % apart of ten equal calls each; of one start they would seem to be many."""
    strays = np.repeat([1.0, 1.03, 0.97, 1.02, 0.98, 1.03, 1.0, 0.97], 10).tolist()
    assert not series(strays, starts=8).is_tight()
    assert series([1.5] * 80, starts=8).is_tight()


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


def test_a_single_odd_call_of_a_short_start_is_none_either() -> None:
    made = series([1.0] * 16, starts=8)
    made.candidate[3] = replace(made.candidate[3], cpu_ns=10**8)
    assert made.forged(1) == ""


def test_a_burst_that_a_virtual_machine_counts_as_computed_is_no_forgery() -> None:
    made = series([1.0] * 80, starts=8)
    for i in range(10, 20):
        made.candidate[i] = replace(made.candidate[i], cpu_ns=10**8)
    assert made.forged(1) == ""


def play(code: str, bench: Bench, pair: Pair, base: Sequence[Array], decide: Decide) -> Outcome:
    candidate, reference = bench.compile(code).library, bench.compile(pair.c_code).library
    assert candidate is not None
    assert reference is not None
    with Seat(bench.setup, candidate, pair) as mine, Seat(bench.setup, reference, pair) as theirs:
        return Match(mine, {"reference": theirs}, decide, 1e-6, 1).play(base, 0.0)


def test_no_time_is_still_the_fewest_pairs(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    outcome = play(pair.c_code, bench, pair, known[0].inputs, decide)
    assert outcome.series.starts == [FEWEST_ROUNDS] + [2] * (STARTS[0] - 1)
    assert len(outcome.series.candidate) == sum(outcome.series.starts)


def test_every_start_is_another_process(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    """Otherwise this candidate would be wrong: it works for two warm-up and ten counted calls."""
    code = pair.c_code.replace(
        "for (int i", "static int calls; int gone = ++calls > 12;\n    for (int i"
    ).replace("1.0f", "(gone ? 2.0f : 1.0f)")
    outcome = play(code, bench, pair, known[0].inputs, decide)
    assert outcome.verdict == "correct"
    assert len(outcome.series.candidate) > 20


def test_a_single_start_is_played_through(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    with ExitStack() as opened:
        codes = {"mine": pair.c_code, "other": f"{pair.c_code}\n"}
        mine, other = seats(codes, bench, pair, opened).values()
        match = Match(mine, {"other": other}, decide, 1e-6, 1, starts=(1, 1))
        outcome = match.play(known[0].inputs, 0.0)
    assert outcome.series.starts == [FEWEST_ROUNDS]


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
    assert outcome.verdict == "correct"
    assert len(asked) == FEWEST_ROUNDS + WARM_UP + (STARTS[0] - 1) * (2 + REWARM)
    outcome = play(code, bench, pair, known[0].inputs, decide)
    assert outcome.verdict == "wrong"
    assert "a timed call" in outcome.problem


def test_a_baseline_that_fails_is_told_and_not_held_against_the_candidate(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    broken = replace(pair, c_code="void entry(const float *x, float *y) { __builtin_trap(); }")
    candidate, reference = bench.compile(pair.c_code).library, bench.compile(broken.c_code).library
    assert candidate is not None
    assert reference is not None
    with Seat(bench.setup, candidate, pair) as mine, Seat(bench.setup, reference, pair) as theirs:
        outcome = Match(mine, {"reference": theirs}, decide, 1e-6, 1).play(known[0].inputs, 0.0)
    assert outcome.verdict == "correct"
    assert outcome.problem.startswith("the reference crashed: SIGILL")


def seats(codes: dict[str, str], bench: Bench, pair: Pair, opened: ExitStack) -> dict[str, Seat]:
    made = {}
    for name, code in codes.items():
        library = bench.compile(code).library
        assert library is not None
        made[name] = opened.enter_context(Seat(bench.setup, library, pair))
    return made


def test_all_rungs_are_timed_in_the_same_rounds_warm_and_cold(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    other = pair.c_code.replace("x[i] * x[i] + 1.0f", "1.0f + x[i] * x[i]")
    with ExitStack() as opened:
        mine, *rungs = seats(
            {"mine": pair.c_code, "reference": pair.c_code, "other": other}, bench, pair, opened
        ).items()
        match = Match(mine[1], dict(rungs), decide, 1e-6, 1)
        outcome = match.play(known[0].inputs, 0.2)
    assert outcome.verdict == "correct"
    assert list(outcome.series.rungs) == ["reference", "other"]
    for series in (outcome.series, outcome.cold):
        assert {len(c) for c in series.rungs.values()} == {len(series.candidate)}
    assert len(outcome.cold.candidate) == COLD_ROUNDS
    # Whether cold is slower is the host's affair; that the same work was done is ours.
    assert min(c.child_ns for c in outcome.cold.candidate) > 0


def test_a_rung_that_is_wrong_or_ends_is_dropped_and_the_match_goes_on(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    codes = {
        "mine": pair.c_code,
        "reference": pair.c_code,
        "off": pair.c_code.replace("1.0f", "1.1f"),
        "trap": "void entry(const float *x, float *y) { __builtin_trap(); }",
    }
    with ExitStack() as opened:
        mine, *rungs = seats(codes, bench, pair, opened).items()
        outcome = Match(mine[1], dict(rungs), decide, 1e-6, 1).play(known[0].inputs, 0.0)
    assert (outcome.verdict, outcome.problem) == ("correct", "")
    assert list(outcome.series.rungs) == ["reference"]
    assert len(outcome.series.rungs["reference"]) == len(outcome.series.candidate)
    assert outcome.dropped["off"].startswith("its answer is wrong: y[0, 0]")
    assert outcome.dropped["trap"].startswith("it crashed: SIGILL")


def test_what_goes_wrong_in_a_timed_call_says_which_calls_came_before(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    code = pair.c_code.replace(
        "for (int i", "static int calls; int gone = ++calls > 5;\n    for (int i"
    ).replace("1.0f", "(gone ? 2.0f : 1.0f)")
    outcome = play(code, bench, pair, known[0].inputs, decide)
    assert outcome.verdict == "wrong"
    assert outcome.scene is not None
    assert outcome.scene.tier == "timed calls"
    assert len(outcome.scene.calls) == 6
    assert all(call.startswith("seed 1, uniform, rolled ") for call in outcome.scene.calls)


def test_a_rung_far_behind_rests_and_keeps_what_it_showed(
    bench: Bench, pair: Pair, known: list[Case], decide: Decide
) -> None:
    slow = pair.c_code.replace(
        "for (int i", "for (volatile int k = 0; k < 20000000; k++);\n for (int i"
    )
    with ExitStack() as opened:
        mine, *rungs = seats(
            {"mine": pair.c_code, "reference": pair.c_code, "slow": slow}, bench, pair, opened
        ).items()
        outcome = Match(mine[1], dict(rungs), decide, 1e-6, 1).play(known[0].inputs, 0.05)
    assert len(outcome.series.rungs["slow"]) == HOPELESS_ROUNDS
    assert len(outcome.series.rungs["reference"]) >= FEWEST_ROUNDS
    assert "slow" not in outcome.dropped
