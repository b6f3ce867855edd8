"""Killed fifty times at random points, a run ends as one that nobody disturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hpctc.core import jsonl
from hpctc.core.records import Score, Timing
from hpctc.core.suite import Suite

pytestmark = pytest.mark.slow

KILLS = 50
EARLIEST, LATEST = 0.2, 3.0
"""Seconds after the start; the imports take about one."""


def start(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", "from hpctc.cli import main; main()", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def killed_often(words: list[str], seed: int) -> None:
    """Start, wait a random while, kill -9; the children are left to end by themselves."""
    draw = random.Random(seed)
    for _ in range(KILLS):
        process = start(words)
        try:
            process.wait(draw.uniform(EARLIEST, LATEST))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finish(words)


def finish(words: list[str]) -> None:
    """Run to the end; a child of a killed run may hold the folder for a moment longer."""
    for _ in range(20):
        process = start(words)
        if process.wait(600) == 0:
            return
        time.sleep(1)
    pytest.fail("it does not come to an end")


def test_eval(suite: Suite, suite_folder: Path, tmp_path: Path) -> None:
    code = {t.name: t.pair.c_code for t in suite.tasks}
    made = [
        *code.items(),
        ("squares", code["squares"].replace("1.0f", "1.5f")),
        ("squares", code["squares"].replace("1.0f;", "1.0f")),
        ("rows", code["rows"].replace("1000 * i", "100000000 * i")),
        ("product", "no code"),
    ]
    lines = [{"task": name, "answer": f"```c\n{text}```"} for name, text in made]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["eval", str(suite_folder), "--model", f"replay{{path='{path}'}}"]
    words += ["--samples", "3", "--threads", "1", "--seconds", "0.1"]
    words += ["--compiler", "gcc{flags='-O2 -fopenmp'}", "--baselines", "reference,null"]
    killed_often([*words, "--out", str(tmp_path / "killed")], seed=1)
    finish([*words, "--out", str(tmp_path / "whole")])
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for stage in ("tasks", "prompts", "answers", "candidates", "builds", "verdicts"):
        assert (killed / f"{stage}.jsonl").read_bytes() == (whole / f"{stage}.jsonl").read_bytes()
    timed = [[t.id for t in jsonl.read(r / "timings.jsonl", Timing)] for r in (killed, whole)]
    assert timed[0] == timed[1]
    assert len(set(timed[0])) == len(timed[0]) > 0
    scores = [list(jsonl.read(r / "scores.jsonl", Score)) for r in (killed, whole)]
    for mine, theirs in zip(*scores, strict=True):
        assert (mine.id, mine.verdict) == (theirs.id, theirs.verdict)
        assert (mine.speedup is None) == (theirs.speedup is None)


def test_generate(tmp_path: Path) -> None:
    words = ["generate", "relu", "softmax", "argmax", "add", "--count", "24", "--seed", "3"]
    words += ["--rewrites", "1", "--cuda-check", "off"]
    killed_often([*words, "--out", str(tmp_path / "killed")], seed=2)
    finish([*words, "--out", str(tmp_path / "whole")])
    for name in ("pairs.jsonl", "failures.jsonl"):
        one, other = ((tmp_path / run / name).read_bytes() for run in ("killed", "whole"))
        assert one == other
    measured = (tmp_path / "killed" / "measurements.jsonl").read_text().splitlines()
    assert len(measured) == len({json.loads(line)["of"] for line in measured})
