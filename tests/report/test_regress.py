"""The gate answers from intervals: slower, faster, same, or that nobody can tell."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core.errors import UsageError
from hpctc.report.regress import compare

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("before", "after", "answer", "code"),
    [
        (2.0, 1.8, "slower", 1),
        (2.0, 2.2, "faster", 0),
        (2.0, 2.0, "same", 0),
        (2.0, 2.02, "same", 0),
        (2.0, "wrong", "newly wrong", 1),
        ("crashed", 2.0, "newly right", 3),  # nothing was timed in both
        ("wrong", "wrong", "same", 3),
    ],
)
def test_one_task(
    write_run: Write, before: float | str, after: float | str, answer: str, code: int
) -> None:
    found = compare(write_run("a", {"t": before}), write_run("b", {"t": after}), 0.03)
    assert [c.answer for c in found.changes] == [answer]
    assert found.exit_code == code


def test_noise_is_not_taken_for_an_answer(write_run: Write) -> None:
    old, new = ({"t": 2.0}, {"t": 1.98})
    found = compare(
        write_run("a", old, noise=0.3, pairs=8), write_run("b", new, noise=0.3, pairs=8), 0.03
    )
    assert [c.answer for c in found.changes] == ["cannot tell"]
    assert found.exit_code == 3


def test_many_small_losses_are_one_loss_of_the_whole(write_run: Write) -> None:
    tasks = [f"t{i}" for i in range(20)]
    old = write_run("a", dict.fromkeys(tasks, 2.0), noise=0.1)
    new = write_run("b", dict.fromkeys(tasks, 1.85), noise=0.1)
    found = compare(old, new, 0.03)
    assert found.whole is not None
    assert found.whole.answer == "slower"
    assert {c.answer for c in found.changes} <= {"cannot tell", "slower"}


def test_a_run_against_its_like_raises_no_alarm(write_run: Write) -> None:
    tasks = {f"t{i}": 1.0 + i / 10 for i in range(10)}
    alarms = 0
    for i in range(20):
        found = compare(write_run(f"a{i}", tasks, 0.01), write_run(f"b{i}", tasks, 0.01), 0.03)
        alarms += found.exit_code == 1
    assert alarms == 0


@pytest.mark.parametrize("setting", ["threads", "compiler", "flags", "suite_id"])
def test_runs_of_other_conditions_are_refused(write_run: Write, setting: str) -> None:
    old, new = write_run("a", {"t": 2.0}), write_run("b", {"t": 2.0}, **{setting: "other"})
    with pytest.raises(UsageError, match=setting):
        compare(old, new, 0.03)
    assert compare(old, new, 0.03, force=True).exit_code == 0


def test_the_command_answers_by_exit_code_and_file(write_run: Write, tmp_path: Path) -> None:
    old, new = write_run("a", {"t": 2.0, "u": 1.0}), write_run("b", {"t": 1.5, "u": 1.0})
    target = tmp_path / "answer.json"
    done = CliRunner().invoke(main, ["regress", str(old), str(new), "--json", str(target)])
    assert done.exit_code == 1, done.output
    assert "slower" in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    document = json.loads(target.read_text())
    assert document["answer"] == "regression"
    assert {c["name"]: c["answer"] for c in document["changes"]} == {"t": "slower", "u": "same"}


@pytest.mark.parametrize("threshold", ["much", "-1%", "150%"])
def test_a_threshold_that_is_none_is_wrong_use(write_run: Write, threshold: str) -> None:
    old = str(write_run("a", {"t": 2.0}))
    done = CliRunner().invoke(main, ["regress", old, old, "--threshold", threshold])
    assert done.exit_code == 2


def test_what_is_no_run_is_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["regress", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 2
    assert "is no run" in done.output
