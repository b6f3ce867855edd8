"""``hpctc dataset oracle``: strengths are measured once, stored with the tasks, and resumed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl, suite
from hpctc.core.records import Task
from hpctc.core.suite import Suite
from hpctc.evaluate.oracle import Oracle


def measured(folder: Path, *more: str) -> Result:
    words = ["dataset", "oracle", str(folder), "--mutants", "4", "--jobs", "1", *more]
    return CliRunner().invoke(main, words)


@pytest.fixture(scope="module")
def small(suite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = shutil.copytree(suite_folder, tmp_path_factory.mktemp("oracle") / "tiny")
    kept = [t for t in jsonl.read(copy / "tasks.jsonl", Task) if t.name in ("squares", "rows")]
    jsonl.write(copy / "tasks.jsonl", kept)
    (copy / "README.md").write_text("# tiny\n\nWhat it is.\n")
    return copy


def test_strengths_are_stored_and_a_cut_run_goes_on(small: Path, tmp_path: Path) -> None:
    before: Suite = suite.load(str(small))
    done = measured(small)
    assert done.exit_code == 0, done.output
    assert "2 of 2 tasks reach 0%" in done.output
    after = suite.load(str(small))
    assert after.id == before.id
    strengths = [t.oracle_strength for t in after.tasks]
    assert all(s is not None and s > 0.5 for s in strengths)
    kept = (small / "oracle.jsonl").read_bytes()
    card = (small / "README.md").read_text()
    assert "What it is.\n\n## Oracle strength\n" in card
    assert "of 2 tasks reach 95 %" in card
    # Killed after the first task: what is there stays, the rest is made again and is the same.
    (small / "oracle.jsonl").write_bytes(kept.split(b"\n")[0] + b"\n" + kept.split(b"\n")[1][:9])
    assert measured(small).exit_code == 0
    assert (small / "oracle.jsonl").read_bytes() == kept
    assert (small / "README.md").read_text() == card  # said once
    names = [o.name for o in jsonl.read(small / "oracle.jsonl", Oracle)]
    assert names == [t.name for t in before.tasks]


def test_below_the_least_it_ends_with_one(small: Path) -> None:
    weak = small.parent / "weak"
    shutil.copytree(small, weak)
    found = list(jsonl.read(weak / "oracle.jsonl", Oracle))
    # What was measured is taken as it is; one that noticed nothing is below any bound.
    jsonl.write(weak / "oracle.jsonl", [replace(found[0], strength=0.25), *found[1:]])
    done = measured(weak, "--least", "0.3")
    assert done.exit_code == 1
    assert "1 of 2 tasks reach 30%" in done.output
    assert suite.load(str(weak)).tasks[0].oracle_strength == 0.25


def test_generate_takes_only_pairs_whose_inputs_notice(tmp_path: Path) -> None:
    words = ["generate", "relu", "--count", "1", "--oracle", "0.5", "--cuda-check", "off"]
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "pairs")])
    assert done.exit_code == 0, done.output
    figures = (tmp_path / "pairs" / "measurements.jsonl").read_text()
    assert '"oracle_strength": ' in figures
