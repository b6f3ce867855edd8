"""A suite is written and read back the same, and notices when somebody changed it."""

from dataclasses import replace
from pathlib import Path

import pytest

from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Pair, Provenance, Task, Tensor
from hpctc.core.suite import Suite, load, write


def task(name: str) -> Task:
    tensor = Tensor(name="x", shape=(2, 3), dtype="float32")
    pair = Pair.make(
        name=name,
        category="reduction",
        graph="graph g",
        c_code="void f(void) {}",
        cuda_code="__global__",
        entry=name,
        launches=(),
        inputs=(tensor,),
        outputs=(tensor,),
        flops=1,
        bytes=2,
        provenance=Provenance(source="test"),
    )
    return Task.make(of=pair.id, suite="tiny", name=name, pair=pair)


@pytest.fixture
def suite() -> Suite:
    return Suite(
        name="tiny",
        description='Says "hello", äöü.',
        profile="small",
        seeds=(3, 4),
        distributions=("uniform", "normal"),
        tasks=(task("a"), task("b")),
    )


def test_what_is_written_is_read(suite: Suite, tmp_path: Path) -> None:
    write(suite, tmp_path / "s")
    assert load(str(tmp_path / "s")) == suite
    assert load(str(tmp_path / "s")).id == suite.id


def test_other_settings_or_tasks_are_another_suite(suite: Suite) -> None:
    others = [replace(suite, seeds=(3,)), replace(suite, tasks=suite.tasks[:1])]
    assert len({suite.id, *(o.id for o in others)}) == 3


def test_a_changed_task_is_noticed(suite: Suite, tmp_path: Path) -> None:
    write(suite, tmp_path)
    path = tmp_path / "tasks.jsonl"
    path.write_text(path.read_text().replace("void f(void) {}", "void f(void) { }", 1))
    with pytest.raises(CorruptRecord, match=r"tasks\.jsonl:1 \(a\) was changed"):
        load(str(tmp_path))


def test_two_tasks_of_one_name_are_refused(suite: Suite, tmp_path: Path) -> None:
    write(replace(suite, tasks=(task("a"), task("a"))), tmp_path)
    with pytest.raises(CorruptRecord, match="two tasks named 'a'"):
        load(str(tmp_path))


def test_a_suite_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no suite 'nowhere'; there are: "):
        load("nowhere")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "no suite"),
        ('name = "x"', "lacks field 'description'"),
        ('name = "x"\ndescription = ""\nprofile = "huge"', "profile is 'huge'"),
        ('name = "x"\ndescription = ""\nprofile = "small"\nthread = 1', "unknown field 'thread'"),
    ],
)
def test_a_damaged_suite_says_where(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "suite.toml").write_text(text)
    with pytest.raises(HpctcError, match=words):
        load(str(tmp_path))
