"""The road from a suite to scores, with real compilers and real processes."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Answer, Build, Score, Timing, Verdict
from hpctc.core.run import STAGES
from hpctc.core.suite import Suite
from hpctc.sandbox.process import cores

FAST = ["--compiler", "gcc{flags='-O2 -fopenmp'}", "--baselines", "reference", "--checks", "none"]
UNTIMED = ["--seconds", "0"]


def hpctc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def scores(run: Path) -> dict[tuple[str, int], Score]:
    return {(s.name, s.sample): s for s in jsonl.read(run / "scores.jsonl", Score)}


@pytest.mark.parametrize("model", ["reference", "null"])
def test_a_built_in_model_is_right_everywhere_and_timed(
    model: str, suite: Suite, suite_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    done = hpctc("eval", suite_folder, "--model", model, "--out", run, *FAST[:2])
    assert done.exit_code == 0, done.output
    found = scores(run)
    assert [name for name, _ in found] == [t.name for t in suite.tasks]
    for score in found.values():
        assert (score.verdict, score.reason) == ("correct", "")
        assert score.interval is not None
        assert score.speedup is not None
        assert score.interval[0] <= score.speedup <= score.interval[1]
    assert sorted(p.stem for p in run.glob("*.jsonl")) == sorted(STAGES)
    timings = list(jsonl.read(run / "timings.jsonl", Timing))
    assert [t.baseline for t in timings] == ["reference", "naive", "null", "rules"] * len(found)
    for timing in timings:
        assert {"cpu", "cores", "kernel", "load"} <= set(timing.host)
        assert len(timing.candidate_ns) == len(timing.baseline_ns)
        assert len(timing.cold_candidate_ns) == len(timing.cold_baseline_ns)
        # The pairs' CUDA is a stand-in for text, so that rung has nothing right to say.
        if timing.baseline == "rules":
            assert timing.absent
            assert timing.candidate_ns == ()
        else:
            assert timing.absent == ""
            assert len(timing.candidate_ns) >= 10
            assert len(timing.cold_candidate_ns) >= 5
    assert "100%" in done.output


def test_rungs_and_threads_are_chosen(suite_folder: Path, tmp_path: Path) -> None:
    if len(cores()) < 2:
        pytest.skip("one core")
    run = tmp_path / "run"
    words = ["eval", suite_folder, "--model", "reference", "--only", "squares", "--out", run]
    chosen = ["--baselines", "null,reference", "--threads", "2,1", "--seconds", "0.1"]
    assert hpctc(*words, *chosen).exit_code == 0
    found = [(t.threads, t.baseline) for t in jsonl.read(run / "timings.jsonl", Timing)]
    assert found == [(1, "null"), (1, "reference"), (2, "null"), (2, "reference")]
    before = (run / "timings.jsonl").read_bytes()
    # A group of rungs that was cut is taken again, and what was there stays.
    (run / "timings.jsonl").write_bytes(before.split(b"\n")[0] + b"\n")
    assert hpctc(*words, *chosen).exit_code == 0
    again = list(jsonl.read(run / "timings.jsonl", Timing))
    assert [(t.threads, t.baseline) for t in again] == found
    assert (run / "timings.jsonl").read_bytes().startswith(before.split(b"\n")[0])


def answers_of_every_kind(folder: Path, suite: Suite) -> Path:
    reference = {t.name: t.pair.c_code for t in suite.tasks}
    lines = [
        ("squares", f"```c\n{reference['squares']}```"),
        ("squares", f"```c\n{reference['squares'].replace('1.0f', '1.5f')}```"),
        ("rows", f"```c\n{reference['rows'].replace('sum += row[j];', 'sum += row[j]')}```"),
        ("rows", "I am not able to translate this."),
        ("product", f"```c\n{reference['product'].replace('void product', 'void gemm')}```"),
        ("product", f"```c\n{reference['product'].replace('160 * k', '1600000 * k')}```"),
        ("winner", "```c\nvoid winner(const float *x, int *y) { for (;;) y[0] += x[0] > 0; }\n```"),
        ("else", "nobody asked"),
    ]
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps({"task": t, "answer": a}) + "\n" for t, a in lines))
    return path


def test_every_way_to_fail_has_its_class_and_its_reason(
    suite: Suite, suite_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = f"replay{{path='{answers_of_every_kind(tmp_path, suite)}'}}"
    run = tmp_path / "run"
    done = hpctc(
        "eval", suite_folder, "--model", model, "--samples", 2, "--out", run, *FAST, *UNTIMED
    )
    assert done.exit_code == 0, done.output
    found = {key: (s.verdict, s.reason) for key, s in scores(run).items()}
    assert found["squares", 0] == ("correct", "")
    for key, verdict, words in [
        (("squares", 1), "wrong", "expected"),
        (("rows", 0), "not built", "error"),
        (("rows", 1), "not found", "no C code"),
        (("product", 0), "not found", "it defines gemm"),
        (("product", 1), "crashed", "SIGSEGV"),
        (("winner", 0), "timed out", "within 2 s"),
        (("winner", 1), "abstained", "holds 1 answer to winner"),
    ]:
        assert found[key][0] == verdict
        assert words in found[key][1]
    assert all(s.speedup is None for s in scores(run).values())
    assert "tasks that are not asked: else" in caplog.text
    shown = hpctc("report", run)
    assert shown.exit_code == 0
    assert "SIGSEGV" in shown.output


def test_a_finished_run_does_nothing_again(suite_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["eval", suite_folder, "--model", "null", "--limit", 2, "--out", run, *FAST]
    assert hpctc(*words).exit_code == 0
    before = {p.name: p.read_bytes() for p in run.glob("*.jsonl")}
    assert hpctc(*words).exit_code == 0
    assert {p.name: p.read_bytes() for p in run.glob("*.jsonl")} == before


def test_a_stage_can_be_made_again(suite_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["eval", suite_folder, "--model", "null", "--only", "s*", "--out", run, *FAST]
    assert hpctc(*words).exit_code == 0
    before = {p.stem: p.read_bytes() for p in run.glob("*.jsonl")}
    assert hpctc(*words, "--from", "timings").exit_code == 0
    after = {p.stem: p.read_bytes() for p in run.glob("*.jsonl")}
    assert [s for s in STAGES if before[s] != after[s]] == ["timings", "scores"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (["--threads", "2"], "threads was 1"),
        (["--samples", "2"], "samples was 1"),
        (["--compiler", "gcc{flags=-O1}"], "compiler was"),
        (["--limit", "1"], "tasks was"),
    ],
)
def test_other_settings_need_another_run(
    suite_folder: Path, tmp_path: Path, changed: list[str], words: str
) -> None:
    if changed[0] == "--threads" and len(cores()) < 2:
        pytest.skip("one core")
    run = tmp_path / "run"
    base = ["eval", suite_folder, "--model", "reference", "--only", "[rs]*", "--out", run]
    assert hpctc(*base, *UNTIMED).exit_code == 0
    done = hpctc(*base, *UNTIMED, *changed)
    assert done.exit_code == 2
    assert words in done.output
    assert "--out" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--model", "null"], "there is no suite 'nowhere'"),
        (["SUITE", "--model", "nul"], "did you mean 'null'?"),
        (["SUITE", "--model", "replay"], "replay needs option 'path'"),
        (["SUITE", "--model", "replay{path=/nowhere}"], "no recorded answers"),
        (["SUITE", "--model", "null", "--only", "zzz"], "no task of tiny is named 'zzz'"),
        (["SUITE", "--model", "null", "--threads", "999"], "say --threads"),
        (["SUITE", "--model", "null", "--threads", "two"], "write for example 1,2"),
        (["SUITE", "--model", "null", "--checks", "luck"], "there are sanitizers, race and none"),
        (["SUITE", "--model", "null", "--baselines", "numpy"], "there are reference, naive"),
        (["SUITE", "--model", "null", "--compiler", "tcc"], "no compiler 'tcc'"),
        (["SUITE", "--model", "null", "--from", "builds"], "--from needs a run"),
    ],
)
def test_wrong_use_is_told(suite_folder: Path, words: list[str], said: str) -> None:
    done = hpctc("eval", *[suite_folder if w == "SUITE" else w for w in words])
    assert done.exit_code in (1, 2)
    assert said in done.output
    assert "Traceback" not in done.output


def test_runs_are_numbered_and_an_unfinished_one_goes_on(
    suite_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["eval", suite_folder, "--model", "null", "--limit", 1, *FAST, *UNTIMED]
    for _ in range(2):
        assert hpctc(*words).exit_code == 0
    (tmp_path / "runs" / "tiny-null-2" / "scores.jsonl").unlink()
    assert hpctc(*words).exit_code == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["tiny-null-1", "tiny-null-2"]


def test_two_runs_of_the_same_model_compare(suite_folder: Path, tmp_path: Path) -> None:
    for run in ("a", "b"):
        words = ["eval", suite_folder, "--model", "reference", "--only", "rows"]
        assert hpctc(*words, "--out", tmp_path / run, *FAST).exit_code == 0
    # Whether the host is quiet enough to tell is not this test's question.
    assert hpctc("regress", tmp_path / "a", tmp_path / "b").exit_code in (0, 1, 3)
    other = hpctc("regress", tmp_path / "a", tmp_path / "b", "--threshold", "99%")
    assert other.exit_code == 0, other.output


def started(words: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", "from hpctc.cli import main; main()", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.005)
    pytest.fail(f"{path} never got {lines} lines")


@pytest.mark.parametrize(("stage", "lines"), [("builds", 1), ("verdicts", 2), ("timings", 1)])
def test_a_run_that_was_killed_goes_on_as_if_nothing_was(
    stage: str, lines: int, suite: Suite, suite_folder: Path, tmp_path: Path
) -> None:
    answers = answers_of_every_kind(tmp_path, suite)
    model = "reference" if stage == "timings" else f"replay{{path='{answers}'}}"
    words = ["eval", str(suite_folder), "--model", model, "--samples", "2", *FAST]
    words += ["--only", "*" if stage == "timings" else "[sr]*", "--jobs", "1"]
    process = started([*words, "--out", str(tmp_path / "killed")])
    wait_for(tmp_path / "killed" / f"{stage}.jsonl", lines)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    half = (tmp_path / "killed" / f"{stage}.jsonl").read_bytes()
    for run in ("killed", "whole"):
        assert hpctc(*words, "--out", tmp_path / run).exit_code == 0
    # What was there stays as it is; nothing is doubled; all but the times equals a whole run's.
    assert (tmp_path / "killed" / f"{stage}.jsonl").read_bytes().startswith(half)
    for name, kind in [("answers", Answer), ("builds", Build), ("verdicts", Verdict)]:
        both = [list(jsonl.read(tmp_path / r / f"{name}.jsonl", kind)) for r in ("killed", "whole")]
        assert both[0] == both[1]
        assert len({r.id for r in both[0]}) == len(both[0])
    killed, whole = scores(tmp_path / "killed"), scores(tmp_path / "whole")
    assert list(killed) == list(whole)
    assert [s.verdict for s in killed.values()] == [s.verdict for s in whole.values()]


def test_an_interrupted_run_says_how_to_go_on(suite_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = started(
        ["eval", str(suite_folder), "--model", "reference", "--out", str(run), "--seconds", "30"]
    )
    wait_for(run / "verdicts.jsonl", 4)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "run the same command to continue" in said
    assert "Traceback" not in said


def test_a_run_folder_that_cannot_be_written_is_told(suite_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = hpctc("eval", suite_folder, "--model", "null", "--out", tmp_path / "file" / "run")
    assert done.exit_code == 1
    assert "cannot write" in done.output


def test_a_run_holds_all_it_needs(suite_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(suite_folder, tmp_path / "suite")
    run = tmp_path / "run"
    words = ["eval", copy, "--model", "null", "--limit", 1, "--out", run, *FAST, *UNTIMED]
    assert hpctc(*words).exit_code == 0
    shutil.rmtree(copy)
    shutil.rmtree(run / "build")
    assert hpctc("report", run).exit_code == 0
