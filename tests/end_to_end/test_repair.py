"""Repair turns: what went wrong is told, never what is right, and a run of turns resumes."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Answer, Prompt, Score, Verdict
from hpctc.core.run import STAGES
from hpctc.core.suite import Suite, write

FAST = ["--compiler", "gcc{flags='-O2 -fopenmp'}", "--baselines", "reference", "--checks", "none"]
FAST += ["--seconds", "0", "--threads", "1"]


def hpctc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def fenced(code: str) -> str:
    return f"```c\n{code}```"


@pytest.fixture(scope="module")
def folder(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("suites") / "tiny"
    # On a busy machine a call may take seconds, and what was too slow would be another verdict.
    write(replace(suite, seeds=(1,), distributions=("uniform",), call_seconds=30.0), place)
    return place


@pytest.fixture(scope="module")
def recorded(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers to two samples in three turns: some get right, one only the second time."""
    right = {t.name: t.pair.c_code for t in suite.tasks}
    lines = [
        ("squares", 0, 0, right["squares"]),
        ("squares", 1, 0, right["squares"].replace("1.0f", "1.5f")),
        ("squares", 1, 1, right["squares"]),
        ("rows", 0, 0, right["rows"].replace("sum += row[j];", "sum += row[j]")),
        ("rows", 0, 1, right["rows"].replace("sum += row[j];", "sum -= row[j];")),
        ("rows", 0, 2, right["rows"]),
        ("rows", 1, 0, right["rows"].replace("void rows", "void columns")),
        ("rows", 1, 1, right["rows"]),
        ("product", 0, 0, right["product"].replace("160 * k", "1600000 * k")),
        ("product", 0, 1, right["product"].replace("160 * k", "1600000 * k")),
        ("product", 0, 2, right["product"].replace("c[160 * i + j] = 0.0f", "c[0] = 0.0f")),
        ("product", 1, 0, right["product"]),
        ("winner", 0, 0, right["winner"].replace("best = j", "best = 0")),
    ]
    path = tmp_path_factory.mktemp("recorded") / "answers.jsonl"
    path.write_text("".join(
        json.dumps({"task": t, "sample": s, "turn": n, "answer": fenced(c)}) + "\n"
        for t, s, n, c in lines
    ))  # fmt: skip
    return path


def words_of(folder: Path, recorded: Path, out: Path) -> list[str]:
    model = f"replay{{path='{recorded}'}}"
    words = ["eval", str(folder), "--model", model, "--samples", "2", "--repair", "2"]
    return [*words, *FAST, "--out", str(out)]


@pytest.fixture(scope="module")
def run(folder: Path, recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runs") / "whole"
    done = hpctc(*words_of(folder, recorded, made))
    assert done.exit_code == 0, done.output
    return made


def test_wrong_answers_are_repaired_and_the_last_turn_counts(run: Path) -> None:
    found = {
        (s.name, s.sample): (s.first, s.verdict, s.repairs)
        for s in jsonl.read(run / "scores.jsonl", Score)
    }
    assert found == {
        ("squares", 0): (None, "correct", 0),
        ("squares", 1): ("wrong", "correct", 1),
        ("rows", 0): ("not built", "correct", 2),
        ("rows", 1): ("not found", "correct", 1),
        ("product", 0): ("crashed", "wrong", 2),
        ("product", 1): (None, "correct", 0),
        ("winner", 0): ("wrong", "abstained", 1),  # the recording holds no more
        ("winner", 1): (None, "abstained", 0),
    }
    prompts = {p.id: p for p in jsonl.read(run / "prompts.jsonl", Prompt)}
    answers = {a.id: a for a in jsonl.read(run / "answers.jsonl", Answer)}
    verdicts = {v.id: v for v in jsonl.read(run / "verdicts.jsonl", Verdict)}
    assert len(prompts) == 4 + 5 + 2
    for prompt in prompts.values():
        assert (prompt.of in verdicts) == bool(prompt.history)
    last = next(p for p in prompts.values() if len(p.history) == 2)
    said = {a.text for a in answers.values()}
    assert {e.answer for e in last.history} <= said
    assert last.history[0].prompt in {p.text for p in prompts.values() if not p.history}
    assert hpctc("report", run).exit_code == 0


def test_a_finished_run_of_turns_does_nothing_again(
    run: Path, folder: Path, recorded: Path
) -> None:
    before = {p.name: p.read_bytes() for p in run.glob("*.jsonl")}
    assert hpctc(*words_of(folder, recorded, run)).exit_code == 0
    assert {p.name: p.read_bytes() for p in run.glob("*.jsonl")} == before


def test_a_model_is_told_what_is_wrong_and_not_what_is_right(run: Path, suite: Suite) -> None:
    verdicts = [v for v in jsonl.read(run / "verdicts.jsonl", Verdict) if v.verdict == "wrong"]
    expected = [v.detail.split("expected ")[1].split(" ")[0] for v in verdicts]
    assert expected
    told = [p.text for p in jsonl.read(run / "prompts.jsonl", Prompt) if p.history]
    assert any("does not compile" in t and "expected ';'" in t for t in told)
    assert any("it defines columns" in t for t in told)
    assert any("SIGSEGV" in t for t in told)
    assert any("y[0, 0] is" in t and "which is not right" in t for t in told)
    for text in told:
        assert not any(f" {value}" in text for value in expected)
        assert "seed" not in text
        assert str(run.parent) not in text
        assert "/" not in text.replace("`gcc -std=gnu11 -O2 -fopenmp`", "")
        assert not any(t.pair.c_code in text for t in suite.tasks)


@pytest.mark.parametrize(
    ("stage", "lines"),
    [
        pytest.param("prompts", 6, marks=pytest.mark.slow),
        ("answers", 10),
        pytest.param("verdicts", 11, marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_in_a_repair_turn_goes_on(
    stage: str, lines: int, run: Path, folder: Path, recorded: Path, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    words = words_of(folder, recorded, killed)
    code = "from hpctc.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE) as child:
        deadline = time.monotonic() + 60
        path = killed / f"{stage}.jsonl"
        while not (path.exists() and path.read_bytes().count(b"\n") >= lines):
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
    half = {p.name: p.read_bytes() for p in killed.glob("*.jsonl")}
    assert hpctc(*words).exit_code == 0
    for name in STAGES:
        made = (killed / f"{name}.jsonl").read_bytes()
        assert made == (run / f"{name}.jsonl").read_bytes()
        assert made.startswith(half.get(f"{name}.jsonl", b"").rpartition(b"\n")[0])


@pytest.mark.parametrize("option", [["--repair", "1"], ["--shots", "1"]])
def test_who_does_not_read_is_told(suite_folder: Path, option: list[str]) -> None:
    done = hpctc("eval", suite_folder, "--model", "null", *option)
    assert done.exit_code == 2
    assert "null does not read its prompt" in done.output
