"""The audit shows the oracle strengths that are stored, and what is weak is a finding."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.audit.findings import Audit
from hpctc.audit.strengths import LEAST, Told, strengths
from hpctc.cli import main
from hpctc.core import jsonl, suite
from hpctc.core.records import Pair, Task
from hpctc.core.suite import Suite
from hpctc.dataset import read
from hpctc.dataset.folder import Measurement

MINI = Path(__file__).parents[2] / "datasets" / "mini"


@pytest.fixture(scope="module")
def pair() -> Pair:
    return read.find(read.pairs(MINI), "relu6_2")


def audited(of: str) -> Audit:
    return Audit.make(of=of, how="test", name=of, parses=True, lowers=True, agrees=True)


def test_what_is_below_the_least_is_a_finding() -> None:
    told = Told({"a": LEAST, "b": LEAST - 0.001}, frozenset({"a", "b", "c"}))
    a, b, c = told.judged([audited("a"), audited("b"), audited("c")])
    assert a.findings == c.findings == ()
    assert [f.kind for f in b.findings] == ["weak oracle"]
    assert "94.9%" in b.findings[0].detail
    assert told.missing == 1


def test_a_folder_of_pairs_has_them_in_its_measurements(tmp_path: Path, pair: Pair) -> None:
    jsonl.write(tmp_path / "pairs.jsonl", [pair])
    assert strengths(str(tmp_path)) == {}
    about = {"date": "2026-01-01T00:00:00+00:00", "seconds": {}, "host": {}}
    figures = {"oracle_strength": 0.5}
    found = Measurement.make(of=pair.id, figures=figures, **about)
    jsonl.write(tmp_path / "measurements.jsonl", [found])
    assert strengths(str(tmp_path)) == {pair.id: 0.5}


def test_the_suite_that_ships_is_measured() -> None:
    found = strengths("mini")
    assert set(found) == {t.of for t in suite.load("mini").tasks}


def test_a_weak_task_is_told_in_table_summary_and_file(tmp_path: Path, pair: Pair) -> None:
    task = Task.make(of=pair.id, suite="one", name=pair.name, pair=pair, oracle_strength=0.6)
    asked = Suite(name="one", description="", profile="small", tasks=(task,))
    suite.write(asked, tmp_path / "one")
    target = tmp_path / "audit.json"
    words = ["audit", str(tmp_path / "one"), "--json", str(target)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "60.0%" in done.stdout
    assert "oracle strength: 0 at 95% or more, 1 weak\n" in done.stdout
    (told,) = json.loads(target.read_text())
    assert told["oracle_strength"] == 0.6
    assert [f["kind"] for f in told["findings"]] == ["weak oracle"]
