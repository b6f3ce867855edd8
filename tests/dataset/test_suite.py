from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl, suite
from hpctc.core.errors import UsageError
from hpctc.core.records import Answer, Build, Candidate, Pair, Prompt, Score, Task, Verdict
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.suite import Wanted, choose, make_suite
from hpctc.sandbox.launcher import build

Make = Callable[..., Pair]

WANTED = Wanted("some", "some tasks", 3, 1.0)


def graph(op: str, n: int) -> str:
    return f"graph g(x: f32[{n}]) {{\n  y = {op}(x)\n  return y\n}}\n"


@pytest.fixture
def pairs(relu: Make) -> list[Pair]:
    return [
        relu("a", graph=graph("relu", 8)),
        relu("b", graph=graph("relu", 9)),
        relu("c", graph=graph("exp", 8)),
        relu("d", graph=graph("tanh", 8)),
        relu("e", graph=graph("sum", 8), category="reduction"),
    ]


def test_classes_take_turns_and_relatives_come_last(pairs: list[Pair]) -> None:
    taken = [pair.name for pair, _ in choose(pairs, WANTED, lambda pair: 2.0)]
    assert taken == ["a", "e", "c"]
    all_of_them = replace(WANTED, tasks=5)
    taken = [pair.name for pair, _ in choose(pairs, all_of_them, lambda pair: 2.0)]
    assert taken == ["a", "e", "c", "d", "b"]


def test_what_is_too_quick_or_does_not_run_is_passed_over(pairs: list[Pair]) -> None:
    times = {"a": 0.5, "b": 3.0, "c": None, "d": 1.0, "e": 1.5}
    taken = choose(pairs, WANTED, lambda pair: times[pair.name])
    assert [(p.name, ms) for p, ms in taken] == [("e", 1.5), ("d", 1.0), ("b", 3.0)]


def test_too_few_pairs_are_told(pairs: list[Pair]) -> None:
    with pytest.raises(UsageError, match="there are 0 pairs for 3 tasks of 1 ms"):
        choose(pairs, WANTED, lambda pair: 0.1)


def test_a_suite_is_written_with_what_was_measured(relu: Make, tmp_path: Path) -> None:
    found = [relu("same", 4096), relu("same", 4096, graph=graph("exp", 4096))]
    runner = build(tmp_path / "scratch")
    wanted = Wanted("some", "two of them", 2, 0.0)
    made = make_suite(found, wanted, tmp_path / "out", tmp_path / "scratch", runner)
    assert suite.load(str(tmp_path / "out")) == made
    assert [t.name for t in made.tasks] == ["same", "same-2"]
    assert made.profile == "small"
    measured = list(jsonl.read(tmp_path / "out" / MEASUREMENTS, Measurement))
    assert [m.of for m in measured] == [p.id for p in found]
    assert all(m.figures["reference_ms"] > 0 for m in measured)


def test_a_pair_whose_c_crashes_is_not_taken(relu: Make, tmp_path: Path) -> None:
    crash = relu("crash", c_code="void crash(float *x, float *y) { __builtin_trap(); }\n")
    with pytest.raises(UsageError, match="there are 0 pairs"):
        make_suite([crash], Wanted("s", "", 1, 0.0), tmp_path / "o", tmp_path, build(tmp_path))


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
