"""The red team: each file of tests/cheats is a candidate, and says which verdict it must get."""

import os
import platform
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.match import Match
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.verify import judge
from hpctc.native.call import Array

CHEATS = sorted((Path(__file__).parents[1] / "cheats").glob("*.c"))


def said(source: str, what: str) -> str | None:
    found = re.search(rf"^/\* {what}: (.+) \*/$", source, re.MULTILINE)
    return found.group(1) if found else None


def skip_elsewhere(source: str, bench: Bench) -> None:
    """Leave out what this machine cannot show: a layer, a second core, another processor's code."""
    if (layer := said(source, "needs")) and layer not in bench.setup.jail:
        pytest.skip(f"this kernel has no {layer}")
    if (machine := said(source, "only")) and machine != platform.machine():
        pytest.skip(f"it is made for {machine}")
    if len(os.sched_getaffinity(0)) < int(said(source, "cores") or 1):
        pytest.skip("there are too few cores")


TIMED = [path for path in CHEATS if said(path.read_text(), "timed")]


@pytest.mark.parametrize("path", CHEATS, ids=lambda p: p.stem)
def test_a_cheat_gets_its_verdict(path: Path, bench: Bench, pair: Pair, known: list[Case]) -> None:
    source = path.read_text()
    skip_elsewhere(source, bench)
    finding = judge(source, pair, known, bench)
    assert finding.verdict == said(source, "verdict"), finding


@pytest.mark.parametrize("path", TIMED, ids=lambda p: p.stem)
def test_what_passed_is_watched_while_it_is_timed(
    path: Path,
    bench: Bench,
    pair: Pair,
    known: list[Case],
    decide: Callable[[Sequence[Array]], Case],
) -> None:
    source = path.read_text()
    skip_elsewhere(source, bench)
    candidate, reference = bench.compile(source).library, bench.compile(pair.c_code).library
    assert candidate is not None
    assert reference is not None
    expected = said(source, "timed")
    # One that lies after some calls needs starts that are long enough for it to gain by it.
    seconds = 4.0 if expected == "not believed" else 0.3
    with Seat(bench.setup, candidate, pair) as mine, Seat(bench.setup, reference, pair) as theirs:
        outcome = Match(mine, {"reference": theirs}, decide, 1e-6, 1).play(known[0].inputs, seconds)
    if expected == "not believed":
        assert outcome.problem.startswith("impossible")
    elif expected == "correct":
        assert (outcome.verdict, outcome.problem) == ("correct", "")
        assert len(outcome.series.candidate) == len(outcome.series.rungs["reference"]) >= 10
    else:
        assert outcome.verdict == expected
        assert "a timed call" in outcome.problem
