"""The built-in models answer every prompt, as often as asked, with text or with a reason."""

import json
import logging
from pathlib import Path

import pytest

from hpctc.core.errors import CorruptRecord, UsageError
from hpctc.core.records import Exchange, Prompt, Task
from hpctc.models import MODELS, model
from hpctc.models.base import Model, Question, Sampling, ask
from hpctc.models.null import without_openmp
from hpctc.prompt.extract import find

Tasks = dict[str, Task]
Prompts = list[Prompt]


@pytest.mark.parametrize("name", [m for m in MODELS if m in ("reference", "null")])
def test_a_model_answers_each_prompt_as_often_as_asked(
    name: str, tasks: Tasks, prompts: Prompts
) -> None:
    answers = list(model(name).answer(ask(prompts, 3), tasks, Sampling()))
    assert [(a.of, a.sample) for a in answers] == [(p.id, s) for p in prompts for s in range(3)]
    assert len({a.id for a in answers}) == 6
    assert all(a.text and a.model == name for a in answers)


def test_the_reference_answers_with_the_pairs_c(tasks: Tasks, prompts: Prompts) -> None:
    answer = next(model("reference").answer(ask(prompts), tasks, Sampling()))
    assert find(answer.text or "", "first")[0] == tasks[prompts[0].of].pair.c_code


@pytest.mark.parametrize(
    ("code", "stripped"),
    [
        ("a\n  #pragma omp parallel for\nb\n", "a\nb\n"),
        ("a\n# pragma omp simd \\\n  reduction(+:s)\nb\n", "a\nb\n"),
        ('a _Pragma("omp simd") b', "a  b"),
        ("#pragma GCC unroll 4\n", "#pragma GCC unroll 4\n"),
        ("#pragma omp barrier", ""),
    ],
)
def test_null_leaves_out_openmp_and_nothing_else(code: str, stripped: str) -> None:
    assert without_openmp(code) == stripped


def test_replay_reads_jsonl_by_id_and_by_name(
    tmp_path: Path, tasks: Tasks, prompts: Prompts
) -> None:
    first, second = prompts
    lines = [
        {"task": "first", "answer": "one"},
        {"task": first.of, "answer": "two"},
        {"task": second.of, "answer": "three"},
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    answers = list(replay(path).answer(ask(prompts, 2), tasks, Sampling()))
    assert [a.text for a in answers] == ["one", "two", "three", None]
    assert answers[-1].reason == f"{path} holds 1 answer to second"


def test_replay_knows_turns_and_samples(tmp_path: Path, tasks: Tasks, prompts: Prompts) -> None:
    lines = [
        {"task": "first", "sample": 1, "answer": "one", "by": "whom it may concern"},
        {"task": "first", "turn": 1, "answer": "repaired"},
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    first = prompts[0]
    said = (Exchange(prompt=first.text, answer="one"),)
    again = Prompt.make(of="a verdict", template="t", text="no", history=said)
    asked = [Question(first, 0), Question(first, 1), Question(again, 0), Question(again, 1)]
    known = {**tasks, "a verdict": tasks[first.of]}
    answers = list(replay(path).answer(asked, known, Sampling()))
    assert [a.text for a in answers] == [None, "one", "repaired", None]
    assert answers[-1].reason == f"{path} holds 1 answer to first in repair turn 1"


def test_replay_reads_a_folder(tmp_path: Path, tasks: Tasks, prompts: Prompts) -> None:
    (tmp_path / "first.c").write_text("void first(void) { }\n")
    (tmp_path / "first.10.c").write_text("ten")
    (tmp_path / "first.2.md").write_text("two")
    answers = list(replay(tmp_path).answer(ask(prompts[:1], 3), tasks, Sampling()))
    assert find(answers[0].text or "", "first")[0] == "void first(void) { }\n"
    assert answers[1].text == "two"
    assert answers[2].text is not None
    assert "ten" in answers[2].text


def test_replay_names_the_tasks_that_are_not_asked(
    tmp_path: Path, tasks: Tasks, prompts: Prompts, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "third.c").write_text("")
    with caplog.at_level(logging.WARNING):
        list(replay(tmp_path).answer(ask(prompts), tasks, Sampling()))
    assert "1 answers to tasks that are not asked: third" in caplog.text


def test_replay_names_the_line_that_is_damaged(
    tmp_path: Path, tasks: Tasks, prompts: Prompts
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"task": "first", "answer": "one"}\n{"task": 3}\n')
    with pytest.raises(CorruptRecord, match=r"answers\.jsonl:2"):
        list(replay(path).answer(ask(prompts), tasks, Sampling()))


def test_replay_without_a_recording_is_an_error(tasks: Tasks, prompts: Prompts) -> None:
    with pytest.raises(UsageError, match="no recorded answers"):
        list(replay(Path("/nowhere")).answer(ask(prompts), tasks, Sampling()))


def test_the_fingerprint_of_a_recording_is_its_content(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("a")
    before = replay(path).fingerprint()
    assert replay(path).fingerprint() == before
    path.write_text("b")
    assert replay(path).fingerprint() != before


def test_an_unknown_model_is_told_what_there_is() -> None:
    with pytest.raises(UsageError, match="there are hf, http, null, reference, replay"):
        model("nul")


def replay(path: Path) -> Model:
    return model(f"replay{{path='{path}'}}")
