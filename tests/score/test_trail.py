"""A sample is followed through its repair turns; its last turn is what it is judged by."""

from collections.abc import Callable

import pytest

from hpctc.core import jsonl
from hpctc.core.codec import decode, encode
from hpctc.core.errors import CorruptRecord
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Exchange,
    Prompt,
    Score,
    Task,
    Verdict,
    VerdictClass,
)
from hpctc.score import trails
from hpctc.score.scores import score

MakeTask = Callable[..., Task]


class Records:
    """The files of a run, filled turn by turn."""

    def __init__(self, task: Task) -> None:
        self.tasks = [task]
        self.prompts = [Prompt.make(of=task.id, template="t", text="translate")]
        self.answers: list[Answer] = []
        self.candidates: list[Candidate] = []
        self.builds: list[Build] = []
        self.verdicts: list[Verdict] = []

    def answer(self, prompt: Prompt, sample: int, verdict: VerdictClass) -> Verdict:
        answer = Answer.make(of=prompt.id, model="m", sample=sample, text=f"{sample}")
        candidate = Candidate.make(of=answer.id, source=f"{prompt.id} {sample}")
        build = Build.make(of=candidate.id, compiler="gcc", ok=verdict != "not built")
        judged = Verdict.make(of=build.id, verdict=verdict)
        self.answers.append(answer)
        self.candidates.append(candidate)
        self.builds.append(build)
        self.verdicts.append(judged)
        return judged

    def repair(self, verdict: Verdict) -> Prompt:
        said = (Exchange(prompt="translate", answer="wrong"),)
        prompt = Prompt.make(of=verdict.id, template="r", text="mend it", history=said)
        self.prompts.append(prompt)
        return prompt

    def scores(self) -> list[Score]:
        judged = (self.candidates, self.builds, self.verdicts)
        return score(self.tasks, self.prompts, self.answers, judged, [])


@pytest.fixture
def records(task: MakeTask) -> Records:
    return Records(task("a"))


def test_the_last_turn_counts_in_the_order_of_the_first_answers(records: Records) -> None:
    (first,) = records.prompts
    wrong = records.answer(first, 0, "not built")
    records.answer(first, 1, "correct")
    again = records.answer(records.repair(wrong), 0, "wrong")
    records.answer(records.repair(again), 0, "correct")
    found = [(s.sample, s.verdict, s.first, s.repairs, s.built) for s in records.scores()]
    assert found == [(0, "correct", "not built", 2, True), (1, "correct", None, 0, True)]
    judged = (records.candidates, records.builds, records.verdicts)
    (one, other) = trails(records.tasks, records.prompts, records.answers, judged, [])
    assert [t.verdict.verdict for t in one.turns] == ["not built", "wrong", "correct"]
    assert [t.task.name for t in one.turns] == ["a"] * 3
    assert other.turns == (other,)


def test_the_same_mistake_of_two_samples_has_two_prompts(records: Records) -> None:
    (first,) = records.prompts
    prompts = [records.repair(records.answer(first, n, "not found")) for n in (0, 1)]
    assert prompts[0].id != prompts[1].id
    for n, prompt in enumerate(prompts):
        records.answer(prompt, n, "correct")
    assert [(s.sample, s.repairs) for s in records.scores()] == [(0, 1), (1, 1)]


def test_what_needs_no_repair_any_more_leaves_its_old_repair_behind(records: Records) -> None:
    (first,) = records.prompts
    wrong = records.answer(first, 0, "timed out")
    records.answer(records.repair(wrong), 0, "wrong")
    records.verdicts[0] = Verdict.make(of=wrong.of, verdict="correct")
    records.candidates.pop()  # the stages behind were made anew, and had no reason to do this one
    assert [(s.verdict, s.first, s.repairs) for s in records.scores()] == [("correct", None, 0)]


def test_a_prompt_of_nothing_known_is_an_error(records: Records) -> None:
    records.answer(Prompt.make(of="elsewhere", template="t", text="?"), 0, "wrong")
    with pytest.raises(CorruptRecord, match="lacks the prompt"):
        records.scores()
    records.prompts.append(Prompt.make(of="elsewhere", template="t", text="?"))
    with pytest.raises(CorruptRecord, match="lacks the task"):
        records.scores()


def test_records_of_before_there_were_turns_are_read_and_keep_their_ids(records: Records) -> None:
    (prompt,) = records.prompts
    records.answer(prompt, 0, "wrong")
    (made,) = records.scores()
    for record, new in ((prompt, {"shots", "history"}), (made, {"repairs", "first"})):
        old = {name: value for name, value in encode(record).items() if name not in new}
        again = decode(type(record), old)
        assert again == record
        assert again.is_genuine()
        assert jsonl.dumps(again) == jsonl.dumps(record)
