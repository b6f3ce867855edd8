"""Rounds of a live comparison: against scipy, on replayed noise, and once for real."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.codec import decode
from hpctc.core.records import Candidate, Timing
from hpctc.core.run import read_about
from hpctc.flow import rematch
from hpctc.regress.clocks import Taken, taken
from hpctc.regress.judge import CONFIDENCE
from hpctc.regress.live import MOST, Rounds, Rules, change, looks, play, whole
from hpctc.regress.location import located

RULES = Rules(0.03)


def timing(ratio: float, number: int = 0, **problem: str) -> Timing:
    return Timing.make(
        of="v",
        baseline=f"round {number}",
        threads=2,
        candidate_ns=(1_000_000,) * 3,
        baseline_ns=(round(1e6 * ratio),) * 3,
        **problem,
    )


def noisy(ratio: float, spread: float, seed: int) -> Iterator[Timing]:
    random = np.random.default_rng(seed)
    return (timing(ratio * random.lognormal(0.0, spread), n) for n in count())


def test_a_round_is_its_median_ratio() -> None:
    one = replace(timing(1.0), candidate_ns=(10, 20, 10), baseline_ns=(20, 20, 90))
    assert taken(one).logs[0] == pytest.approx(math.log(2.0))


def test_the_interval_of_few_rounds_is_students() -> None:
    logs = [0.01, -0.02, 0.03, 0.00]
    found = change(Rounds("t", Taken(logs)), RULES).ratio
    level = CONFIDENCE + (1 - CONFIDENCE) * (1 - 1 / len(looks()))
    theirs = stats.ttest_1samp(logs, 0.0).confidence_interval(level)
    assert found is not None
    assert math.log(found.low) == pytest.approx(theirs.low)
    assert math.log(found.high) == pytest.approx(theirs.high)


def test_the_whole_of_two_tasks_is_welchs_interval() -> None:
    a, b = [0.05, 0.06, 0.07, 0.05] * 2, [0.01, 0.05, 0.02, 0.4, 0.03, 0.00, 0.02, 0.1, -0.1, 0.0]
    found = whole([Rounds("a", Taken(a)), Rounds("b", Taken(b))], 0, 0.03)
    # Yuen's test: Welch's with trimmed means and winsorised variances.
    other = [-x for x in b]
    theirs = stats.ttest_ind(a, other, equal_var=False, trim=0.2).confidence_interval(CONFIDENCE)
    assert found is not None
    assert found.ratio is not None
    assert 2 * math.log(found.ratio.low) == pytest.approx(theirs.low)
    assert 2 * math.log(found.ratio.high) == pytest.approx(theirs.high)


def test_a_round_that_was_disturbed_is_trimmed() -> None:
    calm = [0.00, 0.01, -0.01, 0.005, -0.005, 0.002, -0.002, 0.001]
    loud = [*calm[:-1], 0.6]
    found = located(loud)
    assert found.middle == pytest.approx(located(calm).middle, abs=0.002)
    assert change(Rounds("t", Taken(loud)), RULES).answer == "same"
    assert found.middle == pytest.approx(stats.trim_mean(loud, 0.2))
    assert math.sqrt(found.variance) < 0.01 < stats.sem(loud)


def test_tasks_of_the_same_code_dilute_the_whole() -> None:
    lost = Rounds("a", Taken([-0.4, -0.41, -0.39, -0.4]))
    alone, among = whole([lost], 0, 0.03), whole([lost], 9, 0.03)
    assert alone is not None
    assert among is not None
    assert alone.ratio is not None
    assert among.ratio is not None
    assert math.log(among.ratio.value) == pytest.approx(math.log(alone.ratio.value) / 10)
    nothing = whole([], 3, 0.03)
    assert nothing is not None
    assert nothing.answer == "same"
    assert whole([], 0, 0.03) is None


def test_looks_double_up_to_the_last() -> None:
    assert looks() == (4, 8, 16, 32, 64)
    assert looks(4) == (4,)
    assert looks(20) == (4, 8, 16, 20)


def test_measuring_ends_with_the_first_answer() -> None:
    calm, _ = play("t", noisy(0.8, 0.005, 1), RULES)
    assert len(calm) == looks()[1]  # four rounds may agree by chance
    same, _ = play("t", noisy(1.0, 0.001, 1), RULES)
    assert len(same) == looks()[0]
    loud, answer = play("t", noisy(1.0, 0.2, 1), RULES)
    assert len(loud) == MOST
    assert answer.answer == "cannot tell"


def test_false_alarms_are_rare_and_losses_are_found() -> None:
    """Noise of 2 % a round: no alarm in 300 comparisons of equals, 10 % found 99 times of 100."""
    alarms = sum(play("t", noisy(1.0, 0.02, n), RULES)[1].answer == "slower" for n in range(300))
    found = sum(play("t", noisy(0.9, 0.02, n), RULES)[1].answer == "slower" for n in range(100))
    assert alarms == 0
    assert found >= 99


@pytest.mark.parametrize(
    ("verdict", "answer"), [("wrong", "newly wrong"), ("correct", "cannot tell")]
)
def test_a_failure_is_an_answer(verdict: str, answer: str) -> None:
    broken = timing(1.0, verdict=verdict, problem="the new candidate failed: SIGSEGV")
    _, found = play("t", iter([timing(1.0), broken]), RULES)
    assert (found.answer, found.ratio) == (answer, None)
    assert "SIGSEGV" in found.detail


def test_rounds_that_run_out_are_judged_as_they_are() -> None:
    found, answer = play("t", iter([timing(1.0)]), RULES)
    assert len(found) == 1
    assert answer.answer == "cannot tell"


@pytest.fixture
def slowed(write_run: Callable[..., Path]) -> tuple[Path, Path]:
    """Two runs with the same C but for ``conv``, which the second does 400 times over."""
    tasks = {"conv": 1.0, "sum": 1.0, "tanh": "wrong"}
    old = write_run("a", tasks, code="one")
    new = write_run("b", {**tasks, "tanh": 1.0}, code="one")
    path = new / "candidates.jsonl"
    body = 'for (int r = 0; r < 400; r++) { __asm__ volatile("" ::: "memory");'
    changed = []
    for c in jsonl.read(path, Candidate):
        source = c.source or ""
        if "void conv" in source:
            source = source.replace("    for (int i", f"    {body}\n    for (int i") + "}"
        changed.append(replace(c, source=source))
    jsonl.write(path, changed)
    return old, new


def test_two_candidates_are_called_beside_each_other(slowed: tuple[Path, Path]) -> None:
    """The real sandbox, whoever sits first."""
    (duel,) = rematch.duels(*slowed)
    assert duel.name == "conv"
    bench = rematch.bench(read_about(slowed[1]), slowed[1] / "build")
    rounds = rematch.rounds(duel, bench, (1, "uniform"), 0.02)
    found = [next(rounds) for _ in range(4)]
    assert [t.problem for t in found] == [""] * 4
    assert all(taken(t).logs[0] < math.log(0.5) for t in found)
    assert len({t.id for t in found}) == 4


def test_the_live_gate_plays_only_what_is_open(slowed: tuple[Path, Path], tmp_path: Path) -> None:
    times = tmp_path / "times.jsonl"
    words = ["regress", *map(str, slowed), "--live", "--seconds", "0.02", "--times", str(times)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output
    answers = dict(line.split()[:2] for line in done.output.splitlines() if " 0." in line[:60])
    assert answers["conv"] == "slower"
    assert "the same C" in done.output
    assert "newly right" in done.output
    played = list(jsonl.read(times, Timing))
    assert len(played) in looks()
    assert all(len(t.candidate_ns) == len(t.baseline_ns) >= 10 for t in played)


def test_a_live_comparison_goes_on_where_it_stopped(
    slowed: tuple[Path, Path], tmp_path: Path
) -> None:
    times = tmp_path / "times.jsonl"
    words = ["regress", *map(str, slowed), "--live", "--seconds", "0.02", "--times", str(times)]
    first = CliRunner().invoke(main, words)
    whole = times.read_bytes()
    lines = whole.splitlines(keepends=True)
    times.write_bytes(b"".join(lines[:2]) + lines[2][:40])  # as kill -9 leaves it
    again = CliRunner().invoke(main, words)
    assert (first.exit_code, again.exit_code) == (1, 1), again.output
    played = list(jsonl.read(times, Timing))
    assert times.read_bytes().startswith(b"".join(lines[:2]))
    assert len(played) in looks()
    assert [t.baseline.split()[-1] for t in played] == [str(n) for n in range(len(played))]
    assert CliRunner().invoke(main, words).output.splitlines()[1:] == again.output.splitlines()[1:]


def test_a_damaged_run_is_no_regression(slowed: tuple[Path, Path]) -> None:
    (slowed[1] / "timings.jsonl").write_text("{}\n")
    done = CliRunner().invoke(main, ["regress", *map(str, slowed)])
    assert done.exit_code == 2
    assert "timings.jsonl:1" in done.output


def test_times_are_of_a_live_comparison(slowed: tuple[Path, Path], tmp_path: Path) -> None:
    words = ["regress", *map(str, slowed), "--times", str(tmp_path / "t")]
    assert CliRunner().invoke(main, words).exit_code == 2


RECORDED = Path(__file__).parents[2] / "benchmarks" / "gate.rounds.jsonl"


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[Timing]]:
    """Rounds of equals, taken on two cores at a load of 10 to 13: calls mostly wait for a core."""
    found: dict[str, list[Timing]] = {}
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        found.setdefault(document["task"], []).append(decode(Timing, document["timing"]))
    return found


def answer(timings: list[Timing], loss: float, first: int) -> str:
    """Of the rounds as they were taken, from some one on; the new side made slower."""
    drawn = (
        replace(
            t,
            candidate_ns=tuple(round(loss * ns) for ns in t.candidate_ns),
            candidate_busy_ns=tuple(round(loss * ns) for ns in t.candidate_busy_ns),
        )
        for t in (*timings[first:], *timings[:first])
    )
    return play("t", drawn, RULES)[1].answer


def test_on_recorded_noise_equals_do_not_alarm_and_a_tenth_is_found(
    recorded: dict[str, list[Timing]],
) -> None:
    assert min(map(len, recorded.values())) >= MOST
    draws = [(rounds, first) for rounds in recorded.values() for first in range(0, MOST, 4)]
    assert "slower" not in [answer(rounds, 1.0, first) for rounds, first in draws]
    found = [answer(rounds, 1.1, first) == "slower" for rounds, first in draws]
    assert sum(found) >= 0.97 * len(found)


def test_without_the_processors_clock_recorded_noise_leaves_doubt(
    recorded: dict[str, list[Timing]],
) -> None:
    rounds = [replace(t, candidate_busy_ns=(), baseline_busy_ns=()) for t in recorded["matmul"]]
    assert answer(rounds, 1.1, 0) == "cannot tell"
