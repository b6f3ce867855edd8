"""Runs of models that read: examples in their prompts, and what a killed run asks again."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Answer, Prompt, Score, Task
from hpctc.core.run import read_about
from hpctc.core.suite import Suite, load, write

FAST = ["--checks", "none", "--seconds", "0", "--threads", "1"]


def requests(url: str) -> list[tuple[str, int]]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/log") as reply:
        return [(e["messages"][-1]["content"], e["seed"]) for e in json.load(reply)]


def test_a_killed_run_asks_a_server_only_for_what_lacks(
    suite_folder: Path, url: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    model = f"http{{url='{url}',model=slow,concurrency=2}}"
    words = ["eval", str(suite_folder), "--model", model, "--samples", "3", "--out", str(run)]
    code = "from hpctc.cli import main; main()"
    command = [sys.executable, "-c", code, *words, *FAST]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        deadline = time.monotonic() + 60
        path = run / "answers.jsonl"
        while not (path.exists() and path.read_bytes().count(b"\n") >= 4):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
    texts = {p.id: p.text for p in jsonl.read(run / "prompts.jsonl", Prompt)}
    landed = [(texts[a.of], a.sample) for a in jsonl.read(path, Answer)]
    assert len(landed) % 3, "the kill came between two prompts"
    before = len(requests(url))
    done = CliRunner().invoke(main, [*words, *FAST])
    assert done.exit_code == 0, done.output
    again = requests(url)[before:]
    assert set(again) | set(landed) == {(text, n) for text in texts.values() for n in range(3)}
    assert not set(again) & set(landed)
    assert len(again) == len(set(again)) == 12 - len(landed)
    assert len({a.id for a in jsonl.read(path, Answer)}) == 12


def test_whatever_a_server_does_is_recorded_and_the_run_comes_to_its_end(
    suite_folder: Path, url: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    model = f"http{{url='{url}',model=moody,concurrency=1,retries=0,timeout=0.7}}"
    words = ["eval", str(suite_folder), "--model", model, "--samples", "4", "--only", "[sr]*"]
    words += ["--out", str(run), *FAST]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    found = [(a.text is not None, a.reason) for a in jsonl.read(run / "answers.jsonl", Answer)]
    reasons = [
        (True, ""),
        (False, "no whole reply within 0.7 s"),
        (False, "the connection broke: "),
        (False, "the reply is no completion ("),
        (False, "400 from chat/completions: This model's maximum context length is 4096 tokens."),
        (False, "503 from chat/completions: all workers are busy"),
        (True, ""),
        (True, ""),
    ]
    assert len(found) == len(reasons)
    for (said, reason), (wanted, words_of) in zip(found, reasons, strict=True):
        assert said == wanted
        assert reason.startswith(words_of)
    verdicts = [s.verdict for s in jsonl.read(run / "scores.jsonl", Score)]
    assert verdicts == [
        "not found", "abstained", "abstained", "abstained",
        "abstained", "abstained", "not found", "not found",
    ]  # fmt: skip
    asked = len(requests(url))
    assert CliRunner().invoke(main, words).exit_code == 0
    assert len(requests(url)) == asked


def test_a_server_is_told_the_whole_conversation_and_mends_its_answer(
    suite_folder: Path, url: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["eval", str(suite_folder), "--model", f"{url}#learns", "--only", "squares"]
    done = CliRunner().invoke(main, [*words, "--repair", "3", "--out", str(run), *FAST])
    assert done.exit_code == 0, done.output
    (score,) = jsonl.read(run / "scores.jsonl", Score)
    assert (score.first, score.verdict, score.repairs) == ("wrong", "correct", 1)
    with urllib.request.urlopen(url.removesuffix("/v1") + "/log") as reply:
        first, second = (e["messages"] for e in json.load(reply))
    assert [m["role"] for m in second] == ["user", "assistant", "user"]
    assert second[0] == first[0]
    assert "its results are not those of the CUDA program" in second[2]["content"]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Path]:
    """Two tasks of the suite that ships, whose graphs have kin in the dataset that ships."""
    whole = load("mini")
    chosen = tuple(t for t in whole.tasks if t.name in ("softmax", "matmul"))
    small = replace(whole, tasks=chosen)
    folder = tmp_path_factory.mktemp("suites") / "two"
    write(small, folder)
    return small, folder


def test_examples_stand_in_the_prompt_and_its_record(
    shipped: tuple[Suite, Path], url: str, tmp_path: Path
) -> None:
    suite, folder = shipped
    run = tmp_path / "run"
    words = ["eval", folder, "--model", f"{url}#echo", "--shots", "2", "--out", run, *FAST]
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    tasks = {t.id: t for t in jsonl.read(run / "tasks.jsonl", Task)}
    prompts = list(jsonl.read(run / "prompts.jsonl", Prompt))
    assert len(prompts) == len(suite.tasks)
    for prompt in prompts:
        pair = tasks[prompt.of].pair
        assert len(prompt.shots) == 2
        assert prompt.template.startswith("prompt/few-shot.j2@")
        assert prompt.text.count("## Answer") == 2
        assert pair.cuda_code.strip() in prompt.text
        assert pair.c_code.strip() not in prompt.text
    settings = read_about(run).settings["shots"]
    assert (settings["count"], settings["from"]) == (2, "mini")
    other = CliRunner().invoke(main, [str(w) for w in words if w not in ("--shots", "2")])
    assert other.exit_code == 2
    assert "shots was" in other.output


def test_a_dataset_without_an_example_is_told(shipped: tuple[Suite, Path], tmp_path: Path) -> None:
    suite, folder = shipped
    kin = tmp_path / "kin.jsonl"
    jsonl.write(kin, [task.pair for task in suite.tasks[:1]])
    words = ["eval", folder, "--model", "http://localhost:1/v1#m", "--only", suite.tasks[0].name]
    words += ["--shots", "1", "--shots-from", kin]
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 2
    assert "has no pair that could be an example" in done.output
