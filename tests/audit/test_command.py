"""``hpctc audit``: table, summary, JSON, exit codes, resuming, and errors that say what to do."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.audit.examine import Limits
from hpctc.audit.findings import Audit
from hpctc.audit.subjects import subjects
from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.flow import auditing
from hpctc.flow.auditing import AUDITS, Wanted
from tests.audit.conftest import element_wise, write

MINI = Path(__file__).parents[2] / "datasets" / "mini"

PLUS = element_wise("A[#] + 1.0f", "A[#] + 1.0f", "plus")
RENAMED = element_wise("A[#] + 1.0f", "A[#] + 1.0f", "again")
RENAMED["c_code"] = RENAMED["c_code"].replace("i]", "j]").replace("int32_t i", "int32_t j")
RENAMED["c_code"] = RENAMED["c_code"].replace("i <", "j <").replace("++i", "++j")
RESIZED = element_wise("A[#] + 1.0f", "A[#] + 1.0f", "resized", size=64)
WRONG = element_wise("A[#] + 1.0f", "A[#] + 2.0f", "wrong")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, words)])


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return write(tmp_path / "IndependentOperator.json", [PLUS, RENAMED, RESIZED, WRONG])


def test_the_table_fits_and_the_file_has_an_object_a_record(records: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.json"
    result = run(records, "--json", target)
    assert result.exit_code == 1, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "4 records: 3 agree, 1 without findings" in result.stdout
    found = {o["name"].split()[-1]: o for o in json.loads(target.read_text())}
    assert list(found["plus"]) == ["name", "parses", "lowers", "agrees", "findings"]
    kinds = {n: [f["kind"] for f in o["findings"]] for n, o in found.items()}
    assert kinds == {
        "plus": [],
        "again": ["duplicate"],
        "resized": ["near duplicate"],
        "wrong": ["inequivalent", "near duplicate"],
    }
    assert found["again"]["findings"][0]["detail"] == "of IndependentOperator/0 plus"
    assert found["wrong"]["agrees"] is False


def test_clean_records_end_with_0(records: Path) -> None:
    result = run(records.parent, "--only", "plus")
    assert result.exit_code == 0, result.output
    assert "1 records: 1 agree, 1 without findings" in result.stdout


def test_a_dataset_of_ours_is_clean() -> None:
    result = run(MINI, "--only", "relu6_2")
    assert result.exit_code == 0, result.output
    assert "1 without findings" in result.stdout


def test_an_interrupted_run_goes_on_where_it_stopped(records: Path, tmp_path: Path) -> None:
    found = subjects(str(records))[:2]
    wanted = Wanted(Limits(), out=tmp_path / "kept")

    def interrupted(stage: str, count: int, made: object) -> object:
        for audit in made:  # type: ignore[attr-defined]
            yield audit
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        auditing.audit(found, wanted, interrupted)  # type: ignore[arg-type]
    file = tmp_path / "kept" / AUDITS
    first = file.read_bytes()
    assert first.count(b"\n") == 1
    file.write_bytes(first + b'{"half a li')  # as kill -9 leaves it
    due = []
    audits = auditing.audit(found, wanted, lambda _, count, made: due.append(count) or made)
    assert due == [1]
    assert file.read_bytes().startswith(first)
    assert (
        [a.of for a in jsonl.read(file, Audit)] == [a.of for a in audits] == [s.id for s in found]
    )


def test_a_child_that_is_lost_costs_its_record_alone(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "GRACE", -0.95)
    found = subjects(str(records))[:1]
    wanted = Wanted(Limits(seconds=1.0), out=tmp_path / "kept")
    (audit,) = auditing.audit(found, wanted, lambda _, __, made: made)
    assert [f.kind for f in audit.findings] == ["not decided"]
    assert "took more than" in audit.findings[0].detail
    assert audit.agrees is None
    assert (tmp_path / "kept" / AUDITS).read_bytes() == b""  # the next run tries it again


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[{", "is not JSON"),
        ('{"a": 1}', "is not a list of rows"),
        ('[{"op_name": "x"}]', "row 0 is not of the published layout"),
        ("[" * 100_000, "is not JSON"),
        ("", "is not JSON"),
        ("[]", "there are no records"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "records.json"
    path.write_text(text)
    result = run(path)
    assert result.exit_code == 1, result.output
    assert words in result.output
    assert "Traceback" not in result.output


def test_binary_junk_is_named(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_bytes(bytes(range(256)) * 10)
    result = run(path)
    assert result.exit_code == 1, result.output
    assert "is not JSON" in result.output


def test_wrong_use_ends_with_2(records: Path, tmp_path: Path) -> None:
    assert run("no-such-place").exit_code == 2
    said = run("no-such-place").output
    assert all(name in said.split("shipped:")[1] for name in ("mini", "hpctranseval"))
    assert run(records, "--only", "nothing-like-it").exit_code == 2
    assert run(records, "--jobs", "0").exit_code == 2
    assert run().exit_code == 2
    folder = run(tmp_path / "empty")
    assert folder.exit_code == 2
    (tmp_path / "empty").mkdir()
    assert "nothing that can be audited" in run(tmp_path / "empty").output


def test_a_target_that_cannot_be_written_is_said_before_the_work(records: Path) -> None:
    result = run(records, "--json", records.parent / "no" / "audit.json")
    assert result.exit_code == 1
    assert "cannot write" in result.output
    assert "audit:" not in result.output
