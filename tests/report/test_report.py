"""The report shows what a figure must be read with, and every failure with its reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main

Write = Callable[..., Path]

TASKS: dict[str, float | str] = {"conv": 2.0, "softmax": 0.5, "sum": "wrong", "pool": "not built"}


def test_a_report_reads_like_this(
    write_run: Write, golden: Callable[[str, str], None], tmp_path: Path
) -> None:
    folder = write_run("run", TASKS)
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert done.exit_code == 0, done.output
    lines = [line.rstrip() for line in done.output.replace(str(tmp_path), "runs").splitlines()]
    golden("report.txt", "\n".join(lines) + "\n")
    assert all(len(line) <= 80 for line in lines)


def test_two_runs_are_shown_side_by_side(write_run: Write) -> None:
    a, b = write_run("a", TASKS), write_run("b", {**TASKS, "sum": 3.0})
    done = CliRunner().invoke(main, ["report", str(a), str(b)])
    assert done.exit_code == 0
    assert done.output.count("baseline") == 2
    assert "75%" in done.output


def test_the_figures_go_to_a_file(write_run: Write, tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    done = CliRunner().invoke(main, ["report", str(write_run("run", TASKS)), "--json", str(target)])
    assert done.exit_code == 0
    (document,) = json.loads(target.read_text())
    assert document["all"]["pass_rate"]["value"] == 0.5
    assert document["all"]["fast_1"]["value"] == 0.25
    assert document["jail"] == ["rlimits", "seccomp"]
    assert [s["name"] for s in document["scores"]] == list(TASKS)


def test_an_unfinished_run_says_how_to_go_on(write_run: Write) -> None:
    folder = write_run("run", TASKS)
    (folder / "scores.jsonl").unlink()
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert done.exit_code == 1
    assert "run the same 'hpctc eval' command again" in done.output


def test_a_damaged_record_is_told_with_its_line(write_run: Write) -> None:
    folder = write_run("run", TASKS)
    path = folder / "scores.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace('"verdict"', '"verdikt"')
    path.write_text("\n".join(lines) + "\n")
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert done.exit_code == 1
    assert "scores.jsonl:2" in done.output
    assert "verdikt" in done.output


@pytest.mark.parametrize("stage", ["tasks", "prompts", "candidates", "builds", "verdicts"])
def test_files_that_do_not_fit_together_are_told(write_run: Write, stage: str) -> None:
    folder = write_run("run", TASKS)
    path = folder / f"{stage}.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert done.exit_code == 1
    assert "do not fit together" in done.output
    assert "--from" in done.output


def test_scores_of_other_verdicts_are_told(write_run: Write) -> None:
    folder = write_run("run", TASKS)
    path = folder / "scores.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert done.exit_code == 1
    assert "--from scores" in done.output
