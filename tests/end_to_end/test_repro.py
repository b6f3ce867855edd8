"""``hpctc show RUN ID --repro DIR``: every class of failure fails again with plain gcc, alone."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Score
from hpctc.core.suite import Suite
from hpctc.evaluate.sanitize import available

KINDS = ["wrong", "stale", "marks", "crashed", "exits", "timed out", "not built", "not found"]
KINDS += ["no code", "abstained", "by one", "racy", "late"]
EXPECTED = {
    "stale": "wrong",
    "marks": "out-of-bounds",
    "exits": "crashed",
    "no code": "not found",
    "by one": "out-of-bounds",
    "late": "wrong",
}


def answers(code: str) -> dict[str, str | None]:
    """An answer of every kind to ``squares``: y = x * x + 1."""
    body = "y[i] = x[i] * x[i] + 1.0f;"
    end = "512 * 1000; i++) {"
    assert body in code
    assert end in code
    last = code.rstrip().removesuffix("}")
    return {
        "wrong": code.replace("1.0f", "1.5f"),
        "stale": code.replace("i < 512 * 1000", "i < 512 * 999"),
        "marks": f"{last}    y[-1] = 0.0f;\n}}\n",
        "crashed": f"{last}    y[1 << 26] = 0.0f;\n}}\n",
        "exits": f"#include <stdlib.h>\n{last}    exit(0);\n}}\n",
        "timed out": f"{last}    for (volatile int i = 0;;) i = 0;\n}}\n",
        "not built": code.replace("1.0f;", "1.0f"),
        "not found": code.replace("void squares", "void cubes"),
        "no code": None,
        "by one": f"{last}    y[0] += 1e-30f * x[512 * 1000];\n}}\n",
        "racy": code.replace(body, f"{body} if (i % 1000 == 7) y[0] = x[0] * x[0] + 1.0f;"),
        # Right in the calls that are looked at first, and wrong when it is timed.
        "late": f"static int calls;\n{last}    if (++calls > 9) y[5] += 1.0f;\n}}\n",
    }


@pytest.fixture(scope="module")
def run(suite: Suite, suite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repro")
    code = next(t.pair.c_code for t in suite.tasks if t.name == "squares")
    made = answers(code)
    lines = []
    for kind in KINDS:
        if kind == "abstained":
            continue
        text = "I cannot." if made[kind] is None else f"```c\n{made[kind]}```"
        lines.append(json.dumps({"task": "squares", "answer": text}) + "\n")
    (folder / "answers.jsonl").write_text("".join(lines))
    words = ["eval", str(suite_folder), "--only", "squares", "--samples", str(len(KINDS))]
    words += ["--model", f"replay{{path='{folder / 'answers.jsonl'}'}}", "--threads", "2"]
    words += ["--compiler", "gcc{flags='-O2 -fopenmp'}", "--baselines", "reference"]
    done = CliRunner().invoke(main, [*words, "--seconds", "0.1", "--out", str(folder / "run")])
    assert done.exit_code == 0, done.output
    return folder / "run"


def score_of(run: Path, kind: str) -> Score:
    """Abstentions come last: the file has no further answer."""
    order = [k for k in KINDS if k != "abstained"] + ["abstained"]
    return list(jsonl.read(run / "scores.jsonl", Score))[order.index(kind)]


@pytest.mark.skipif(not available(), reason="this gcc has no sanitizers")
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_fails_again_alone(kind: str, run: Path, tmp_path: Path) -> None:
    score = score_of(run, kind)
    expected = EXPECTED.get(kind, kind)
    assert score.verdict == expected, score
    folder = tmp_path / "repro"
    done = CliRunner().invoke(main, ["show", str(run), score.id, "--repro", str(folder)])
    assert done.exit_code == 0, done.output
    assert f"squares is {expected}" in done.output
    alone = subprocess.run(
        ["sh", str(folder / "run.sh")], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in alone.stdout.splitlines() if line.startswith("verdict: ")]
    assert alone.returncode == 1, alone.stdout + alone.stderr
    assert len(said) == 1, alone.stdout + alone.stderr
    assert said[0].startswith(f"verdict: {expected}"), alone.stdout + alone.stderr
    readme = (folder / "README.md").read_text()
    assert score.id in readme
    if kind == "wrong":
        value = score.reason.split(" is ")[1].split(",")[0]
        assert f"is {value}, expected" in said[0]


def test_the_repaired_source_is_correct(run: Path, suite: Suite, tmp_path: Path) -> None:
    """The driver is no alarm that always rings."""
    folder = tmp_path / "repro"
    score = score_of(run, "late")
    done = CliRunner().invoke(main, ["show", str(run), score.id[:8], "--repro", str(folder)])
    assert done.exit_code == 0, done.output
    code = next(t.pair.c_code for t in suite.tasks if t.name == "squares")
    (folder / "candidate.c").write_text(code)
    alone = subprocess.run(
        ["sh", str(folder / "run.sh")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (alone.returncode, alone.stdout) == (0, "verdict: correct\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no task or score 'nothing'"),
        ([], "--repro needs a failure"),
    ],
)
def test_wrong_use_is_told(words: list[str], said: str, run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["show", str(run), *words, "--repro", str(tmp_path / "r")])
    assert done.exit_code == 2
    assert said in done.output


def test_a_folder_that_holds_something_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    done = CliRunner().invoke(main, ["show", str(run), "squares", "--repro", str(tmp_path)])
    assert done.exit_code == 2
    assert "is not empty" in done.output
