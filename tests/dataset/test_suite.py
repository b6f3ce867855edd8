from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl, suite
from hpctc.core.errors import UsageError
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Pair,
    Prompt,
    Provenance,
    Score,
    Task,
    Verdict,
)
from hpctc.dataset.draw import Rule
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.suite import Wanted, make_suite
from hpctc.native import host
from hpctc.sandbox.launcher import build

Make = Callable[..., Pair]


def graph(op: str, n: int) -> str:
    return f"graph g(x: f32[{n}]) {{\n  y = {op}(x)\n  return y\n}}\n"


def test_a_suite_is_written_with_what_was_measured(relu: Make, tmp_path: Path) -> None:
    found = [relu("same", 4096), relu("same", 4096, graph=graph("exp", 4096))]
    runner = build(tmp_path / "scratch")
    wanted = Wanted("some", "two of them", Rule(((None, 2),), least_ms=0.0))
    made = make_suite(found, wanted, tmp_path / "out", tmp_path / "scratch", runner)
    assert suite.load(str(tmp_path / "out")) == made
    assert [t.name for t in made.tasks] == ["same", "same-2"]
    assert made.profile == "small"
    measured = list(jsonl.read(tmp_path / "out" / MEASUREMENTS, Measurement))
    assert [m.of for m in measured] == [p.id for p in found]
    assert all(m.figures["reference_ms"] > 0 for m in measured)


def test_a_pair_whose_c_crashes_is_not_taken(relu: Make, tmp_path: Path) -> None:
    crash = relu("crash", c_code="void crash(float *x, float *y) { __builtin_trap(); }\n")
    wanted = Wanted("s", "", Rule(((None, 1),), least_ms=0.0))
    with pytest.raises(UsageError, match="there are 0 pairs"):
        make_suite([crash], wanted, tmp_path / "o", tmp_path, build(tmp_path))


def hpctc(*words: object) -> str:
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_and_show(relu: Make, tmp_path: Path) -> None:
    jsonl.write(tmp_path / "pairs.jsonl", [relu("one", 4096)])
    words = ("dataset", "suite", tmp_path, "--tasks", 1, "--least-ms", 0, "--out", tmp_path / "s")
    assert "1 tasks" in hpctc(*words)
    assert "one (elementwise)" in hpctc("show", tmp_path / "s")
    assert "y = relu(x)" in hpctc("show", tmp_path / "s", "one")


def test_an_operator_goes_by_its_own_name_and_no_name_comes_twice(
    relu: Make, tmp_path: Path
) -> None:
    origin, grown = Provenance(source="published relu"), Provenance(source="grown")
    found = [
        relu("relu_2", 4096, provenance=origin),
        relu("relu", 4096, graph=graph("exp", 4096), provenance=grown),
        relu("relu", 4096, graph=graph("tanh", 4096), provenance=grown),
    ]
    wanted = Wanted("some", "", Rule((("operators", 1), ("graphs", 2)), least_ms=0.0))
    made = make_suite(found, wanted, tmp_path, tmp_path, build(tmp_path))
    assert [t.name for t in made.tasks] == ["relu", "relu-2", "relu-3"]


def test_what_was_timed_on_this_host_is_not_timed_again(relu: Make, tmp_path: Path) -> None:
    pair, wanted = relu("one", 4096), Wanted("some", "", Rule(((None, 1),), least_ms=5.0))
    known = Measurement.make(
        of=pair.id, date="", seconds={}, host=host.facts(), figures={"reference_ms": 7.0}
    )
    jsonl.write(tmp_path / MEASUREMENTS, [known])
    made = make_suite([pair], wanted, tmp_path, tmp_path, tmp_path / "no runner")
    assert made.profile == "medium"
    assert "7.00 ms" in (tmp_path / "README.md").read_text()


def test_quotas_and_a_number_of_any_kind_contradict(relu: Make, tmp_path: Path) -> None:
    jsonl.write(tmp_path / "pairs.jsonl", [relu("one", 4096)])
    asked = ["dataset", "suite", tmp_path, "--tasks", 1, "--blocks", 1, "--out", tmp_path / "s"]
    done = CliRunner().invoke(main, [str(word) for word in asked])
    assert done.exit_code == 2
    assert "leave --tasks out" in done.output


def test_show_tells_what_became_of_the_answers_in_a_run(relu: Make, tmp_path: Path) -> None:
    pair = relu("one")
    task = Task.make(of=pair.id, suite="s", name="one", pair=pair)
    prompt = Prompt.make(of=task.id, template="t", text="translate")
    answer = Answer.make(of=prompt.id, model="replay", sample=0, text="```c\nint x;\n```")
    found = Candidate.make(of=answer.id, source="int x;")
    built = Build.make(of=found.id, compiler="gcc", ok=True)
    verdict = Verdict.make(of=built.id, verdict="correct", seeds=(1,))
    score = Score.make(
        of=verdict.id,
        task=task.id,
        name="one",
        category="elementwise",
        model="replay",
        sample=0,
        built=True,
        verdict="correct",
        speedup=1.5,
        baseline="reference",
    )
    (tmp_path / "run.json").write_text("{}")
    for stage, record in {
        "tasks": task,
        "prompts": prompt,
        "answers": answer,
        "candidates": found,
        "builds": built,
        "verdicts": verdict,
        "scores": score,
    }.items():
        jsonl.write(tmp_path / f"{stage}.jsonl", [record])
    shown = hpctc("show", tmp_path, "one")
    assert "## answer 0 of replay: correct, 1.50 times as fast as reference\n\nint x;" in shown
    assert hpctc("show", tmp_path, score.id) == hpctc("show", tmp_path, task.id) == shown
