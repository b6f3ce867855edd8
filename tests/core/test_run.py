"""A run folder keeps what was made, goes on where it stopped, and belongs to one process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Candidate
from hpctc.core.run import About, Done, Run, read_about, read_stage

ABOUT = About({"suite": "mini", "seeds": [1, 2]}, {"cpu": "x"}, {"gcc": "12"})


def one(of: str) -> Candidate:
    return Candidate.make(of=of, source=f"source of {of}")


def test_a_stage_goes_on_where_it_stopped(tmp_path: Path) -> None:
    asked: list[Done] = []

    def work(done: Done) -> Iterator[Candidate]:
        asked.append(done)
        for of in "abc":
            if not done[of]:
                yield one(of)
                if of == "b" and len(asked) == 1:
                    raise KeyboardInterrupt

    with Run(tmp_path, ABOUT) as run, pytest.raises(KeyboardInterrupt):
        run.land("candidates", Candidate, work)
    with Run(tmp_path, ABOUT) as run:
        assert run.continued
        made = run.land("candidates", Candidate, work)
    assert [c.of for c in made] == ["a", "b", "c"]
    assert [sorted(d) for d in asked] == [[], ["a", "b"]]
    assert read_stage(tmp_path, "candidates", Candidate) == made


def test_a_half_line_is_made_again(tmp_path: Path) -> None:
    with Run(tmp_path, ABOUT) as run:
        run.land("candidates", Candidate, lambda _: map(one, "ab"))
        path = run.path("candidates")
        whole = path.read_bytes()
        path.write_bytes(whole[:-7])
        made = run.land("candidates", Candidate, lambda d: (one(o) for o in "ab" if not d[o]))
        assert len(made) == 2
        assert path.read_bytes() == whole


def test_a_stage_that_is_forgotten_takes_the_later_ones_with_it(tmp_path: Path) -> None:
    with Run(tmp_path, ABOUT) as run:
        for stage in ("answers", "candidates", "builds"):
            run.path(stage).write_text("")
        run.forget("candidates")
    assert [p.name for p in tmp_path.glob("*.jsonl")] == ["answers.jsonl"]


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (About({**ABOUT.settings, "seeds": [3]}, ABOUT.host, ABOUT.versions), "seeds was"),
        (About({**ABOUT.settings, "new": 1}, ABOUT.host, ABOUT.versions), "new was None"),
        (About(ABOUT.settings, {"cpu": "y"}, ABOUT.versions), "another host: cpu"),
        (About(ABOUT.settings, ABOUT.host, {"gcc": "13"}), "another version: gcc"),
    ],
)
def test_a_run_is_continued_only_under_the_same_conditions(
    tmp_path: Path, about: About, words: str
) -> None:
    Run(tmp_path, ABOUT).__exit__(None, None, None)
    with pytest.raises(UsageError, match=words):
        Run(tmp_path, about)
    assert read_about(tmp_path) == ABOUT


def test_a_run_has_one_writer(tmp_path: Path) -> None:
    with Run(tmp_path, ABOUT), pytest.raises(UsageError, match="another process"):
        Run(tmp_path, ABOUT)
    with Run(tmp_path, ABOUT) as run:
        assert run.continued


def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HpctcError, match="cannot write"):
        Run(tmp_path / "file" / "run", ABOUT)


def test_a_damaged_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(HpctcError, match=r"run\.json is damaged"):
        read_about(tmp_path)
    with pytest.raises(HpctcError, match="is not finished"):
        read_stage(tmp_path, "scores", Candidate)
    (tmp_path / "scores.jsonl").write_text("{}\n")
    with pytest.raises(CorruptRecord, match=r"scores\.jsonl:1"):
        read_stage(tmp_path, "scores", Candidate)
