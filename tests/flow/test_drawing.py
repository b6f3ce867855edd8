"""A suite is drawn again until nothing in it is weak, and what was measured is never lost."""

from pathlib import Path

import pytest

from hpctc.core import jsonl, suite
from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Provenance, Task, Tensor
from hpctc.evaluate.oracle import FILE, Oracle
from hpctc.flow import drawing
from hpctc.flow.drawing import Make, draw_strong

STRENGTHS = {"a": 1.0, "b": 0.9, "c": 0.5, "d": 0.95, "e": None}


def pair(name: str) -> Pair:
    return Pair.make(
        name=name,
        category="elementwise",
        graph=name,
        c_code="",
        cuda_code="",
        entry=name,
        launches=(),
        inputs=(Tensor(name="x", shape=(1,), dtype="float32"),),
        outputs=(),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom the oracle was asked about; it answers from the table."""
    asked: list[str] = []

    def measure(folder: Path, mutants: int, jobs: int, watch: object) -> None:
        chosen = suite.load(str(folder))
        path = folder / FILE
        known = list(jsonl.read(path, Oracle)) if path.is_file() else []
        new = [t for t in chosen.tasks if t.of not in {o.of for o in known}]
        asked.extend(t.name for t in new)
        found = [
            Oracle.make(
                of=task.of,
                name=task.name,
                asked=mutants,
                seeds=chosen.seeds,
                distributions=chosen.distributions,
                strength=STRENGTHS[task.name],
            )
            for task in new
        ]
        jsonl.write(path, [*known, *found])

    monkeypatch.setattr(drawing, "measure", measure)
    return asked


def maker(names: str, count: int, out: Path, drawn: list[str]) -> Make:
    """Takes the first pairs that are not weak."""
    pairs = [pair(name) for name in names]

    def make(weak: frozenset[str]) -> suite.Suite:
        free = [p for p in pairs if p.id not in weak]
        if len(free) < count:
            raise UsageError("too few")
        tasks = [Task.make(of=p.id, suite="s", name=p.name, pair=p) for p in free[:count]]
        made = suite.Suite(name="s", description="", profile="small", tasks=tuple(tasks))
        suite.write(made, out)
        drawn.append("".join(t.name for t in made.tasks))
        return made

    return make


def test_what_is_weak_is_replaced_until_nothing_is(tmp_path: Path, measured: list[str]) -> None:
    drawn: list[str] = []
    made = draw_strong(maker("abcde", 2, tmp_path, drawn), tmp_path, 0.95)
    assert [t.name for t in made.tasks] == ["a", "d"]
    assert drawn == ["ab", "ac", "ad"]
    assert measured == ["a", "b", "c", "d"]


def test_what_has_no_strength_is_weak_and_a_lack_is_told(
    tmp_path: Path, measured: list[str]
) -> None:
    with pytest.raises(UsageError, match="too few"):
        draw_strong(maker("ea", 2, tmp_path, []), tmp_path, 0.95)
    assert {o.name for o in jsonl.read(tmp_path / FILE, Oracle)} == {"a", "e"}


def test_the_same_command_goes_on_where_it_was(tmp_path: Path, measured: list[str]) -> None:
    draw_strong(maker("abcde", 2, tmp_path, []), tmp_path, 0.95)
    drawn: list[str] = []
    again = draw_strong(maker("abcde", 2, tmp_path, drawn), tmp_path, 0.95)
    assert drawn == ["ab", "ad"]
    assert [t.name for t in again.tasks] == ["a", "d"]
    assert measured == ["a", "b", "c", "d"]


def test_another_threshold_asks_for_others(tmp_path: Path, measured: list[str]) -> None:
    made = draw_strong(maker("abcde", 2, tmp_path, []), tmp_path, 0.9)
    assert [t.name for t in made.tasks] == ["a", "b"]
