"""The gate answers from intervals: slower, faster, same, or that nobody can tell."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core.errors import UsageError
from hpctc.core.run import read_about
from hpctc.regress.compare import compare, disagreements
from hpctc.regress.judge import Change, Comparison
from hpctc.regress.page import junit, summary

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("before", "after", "answer", "code"),
    [
        (2.0, 1.8, "slower", 1),
        (2.0, 2.2, "faster", 0),
        (2.0, 2.0, "cannot tell", 3),  # each was started once
        (2.0, 2.12, "same", 0),  # a gain or none, but no loss
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


def test_the_same_code_is_not_slower_than_itself(write_run: Write) -> None:
    """What the clock says is shown, and taken for noise."""
    tasks = {f"t{i}": 2.0 for i in range(6)}
    old = write_run("a", tasks, code="one")
    new = write_run("b", {**tasks, "t0": 1.6}, code="one")
    found = compare(old, new, 0.03)
    assert found.exit_code == 0
    assert {c.answer for c in found.changes} == {"same"}
    assert "the clock says 0.80x" in found.changes[0].detail
    other = write_run("c", {**tasks, "t0": 1.6}, code="one", flags="-O0")
    assert compare(old, other, 0.03, force=True).exit_code == 1


def test_unchanged_tasks_show_how_noisy_the_host_is(write_run: Write, tmp_path: Path) -> None:
    """Six controls that stray by 10 % make a loss of 8 % one that nobody can tell."""
    names = [f"t{i}" for i in range(6)]
    old = write_run("a", dict.fromkeys([*names, "x"], 2.0), code="one")
    quiet = write_run("b", {**dict.fromkeys(names, 2.0), "x": 1.84}, code="one")
    strays = dict(zip(names, [1.8, 2.2, 1.85, 2.15, 1.8, 2.2], strict=True))
    busy = write_run("c", {**strays, "x": 1.84}, code="one")
    for run in (quiet, busy):  # the seventh task has another C
        path = run / "candidates.jsonl"
        lines = path.read_text().splitlines()
        lines[6] = lines[6].replace("/* one 0 */", "/* two 0 */")
        path.write_text("\n".join(lines) + "\n")
    assert {c.name: c.answer for c in compare(old, quiet, 0.03).changes}["x"] == "slower"
    assert {c.name: c.answer for c in compare(old, busy, 0.03).changes}["x"] == "cannot tell"


def test_a_run_against_its_like_raises_no_alarm(write_run: Write) -> None:
    tasks = {f"t{i}": 1.0 + i / 10 for i in range(10)}
    alarms = 0
    for i in range(8):
        found = compare(write_run(f"a{i}", tasks, 0.01), write_run(f"b{i}", tasks, 0.01), 0.03)
        alarms += found.exit_code == 1
    assert alarms == 0


@pytest.mark.parametrize("setting", ["threads", "compiler", "flags", "suite_id"])
def test_runs_of_other_conditions_are_refused(write_run: Write, setting: str) -> None:
    old, new = write_run("a", {"t": 2.0}), write_run("b", {"t": 2.0}, **{setting: "other"})
    with pytest.raises(UsageError, match=setting):
        compare(old, new, 0.03)
    assert compare(old, new, 0.03, force=True).whole is not None


def test_what_a_live_comparison_does_not_need_may_differ(write_run: Write) -> None:
    a, b = (read_about(write_run(n, {"t": 2.0}, baseline=n)) for n in ("a", "b"))
    assert disagreements(a, b) == ["baseline is 'a' in one and 'b' in the other"]
    assert disagreements(a, b, live=True) == []


def test_the_command_answers_by_exit_code_and_file(write_run: Write, tmp_path: Path) -> None:
    old, new = write_run("a", {"t": 2.0, "u": 1.0}), write_run("b", {"t": 1.5, "u": 1.3})
    target = tmp_path / "answer.json"
    done = CliRunner().invoke(main, ["regress", str(old), str(new), "--json", str(target)])
    assert done.exit_code == 1, done.output
    assert "slower" in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    document = json.loads(target.read_text())
    assert document["answer"] == "regression"
    assert {c["name"]: c["answer"] for c in document["changes"]} == {"t": "slower", "u": "faster"}


def test_doubt_has_the_exit_code_that_was_chosen(write_run: Write) -> None:
    noisy = [str(write_run(n, {"t": 2.0}, noise=0.3, pairs=8)) for n in ("a", "b")]
    assert CliRunner().invoke(main, ["regress", *noisy]).exit_code == 3
    assert CliRunner().invoke(main, ["regress", *noisy, "--cannot-tell", "0"]).exit_code == 0
    lost = str(write_run("c", {"t": "wrong"}))
    done = CliRunner().invoke(main, ["regress", noisy[0], lost, "--cannot-tell", "0"])
    assert done.exit_code == 1


def test_the_answer_for_machines(write_run: Write, tmp_path: Path) -> None:
    old = write_run("a", {"t": 2.0, "u": 1.0, "v": 1.0, "w": "wrong"})
    new = write_run("b", {"t": 1.5, "u": "wrong", "v": 1.3, "w": "wrong"})
    report, page = tmp_path / "junit.xml", tmp_path / "summary.md"
    page.write_text("what another step said\n")
    words = ["regress", str(old), str(new), "--junit", str(report)]
    done = CliRunner().invoke(main, words, env={"GITHUB_STEP_SUMMARY": str(page)})
    assert done.exit_code == 1
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "2", "1")
    failed = {c.get("name"): c[0].get("type") for c in suite if c[0].tag == "failure"}
    assert failed == {"t": "slower", "u": "newly wrong"}
    said = page.read_text()
    assert said.startswith("what another step said\n### :x: regression\n")
    rows = [line.split(" | ")[0].strip("| `*") for line in said.splitlines() if "| :" in line]
    assert rows == ["all", "u", "t", "v", "w"]


def test_what_a_model_wrote_stays_in_its_cell() -> None:
    evil = "y | <img src=x> `x` \x1b[31m\n| forged | faster |"
    found = Comparison((Change("t", "newly wrong", detail=evil),), None, 0.03)
    row = summary(found, ("a", "b")).splitlines()[-1]
    assert row.count("|") - row.count("\\|") == 5
    assert "<" not in row
    assert "\x1b" not in row
    ElementTree.fromstring(junit(found, ("a", "b")))


@pytest.mark.parametrize("threshold", ["much", "-1%", "150%"])
def test_a_threshold_that_is_none_is_wrong_use(write_run: Write, threshold: str) -> None:
    old = str(write_run("a", {"t": 2.0}))
    done = CliRunner().invoke(main, ["regress", old, old, "--threshold", threshold])
    assert done.exit_code == 2


def test_what_is_no_run_is_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["regress", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 2
    assert "is no run" in done.output
