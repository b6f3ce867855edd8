import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Launch, Pair, Provenance
from hpctc.dataset import parquet, read
from hpctc.dataset.croissant import CROISSANT
from hpctc.dataset.fields import FIELDS
from hpctc.dataset.manifest import MANIFEST, load_manifest
from hpctc.dataset.release import CARD, SAMPLE, Label, release, size_category
from hpctc.dataset.split import Rule

Make = Callable[..., Pair]
LABEL = Label(
    name="tiny",
    version="1.0.0",
    command="hpctc dataset release tiny --out out",
    date="2026-11-21",
)

OPERATORS = ("relu", "sigmoid", "tanh", "exp", "abs", "neg", "square", "sin", "cos", "floor")


@pytest.fixture
def pairs(relu: Make) -> list[Pair]:
    """Thirty pairs of ten families; the text of the graph is all that splits look at."""
    made = []
    for i in range(30):
        op = OPERATORS[i % len(OPERATORS)]
        name = f"{op}_{i}"
        graph = f"graph {name}(x: f32[{i + 2}]) {{\n  y = {op}(x)\n  return y\n}}\n"
        made.append(relu(name, i + 2, graph=graph))
    return made


def test_a_release_reads_back_as_it_was(pairs: list[Pair], tmp_path: Path) -> None:
    manifest = release(pairs, tmp_path / "out", LABEL)
    again = list(read.pairs(tmp_path / "out"))
    assert sorted(again, key=lambda p: p.id) == sorted(pairs, key=lambda p: p.id)
    assert manifest.pairs == 30 == sum(sum(c.values()) for c in manifest.splits.values())
    assert load_manifest(tmp_path / "out") == manifest


def test_the_same_pairs_give_the_same_bytes(pairs: list[Pair], tmp_path: Path) -> None:
    for name in ("a", "b"):
        release(pairs, tmp_path / name, LABEL)
    a, b = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*")}
        for n in ("a", "b")
    )
    assert a == b
    assert {str(p) for p in a} >= {CARD, MANIFEST, SAMPLE}


def test_a_number_among_launch_arguments_survives(relu: Make) -> None:
    launch = Launch(kernel="k", grid=(1, 1, 1), block=(1, 1, 1), shared_bytes=0, args=("y", 3, 0.5))
    pair = relu(launches=(launch,))
    assert parquet.from_row(json.loads(json.dumps(parquet.to_row(pair)))) == pair


def test_a_changed_file_is_refused(pairs: list[Pair], tmp_path: Path) -> None:
    release(pairs, tmp_path / "out", LABEL)
    data = next((tmp_path / "out" / "data").iterdir())
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptRecord, match="SHA-256 differs"):
        list(read.pairs(tmp_path / "out"))
    data.unlink()
    with pytest.raises(CorruptRecord, match="missing"):
        list(read.pairs(tmp_path / "out"))


def test_a_pair_changed_by_hand_is_refused(relu: Make, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    jsonl.write(path, [replace(relu(), c_code="void relu(void) {}")])
    with pytest.raises(CorruptRecord, match="its id does not fit"):
        list(read.pairs(tmp_path))


def test_a_later_layout_is_refused(pairs: list[Pair], tmp_path: Path) -> None:
    release(pairs, tmp_path / "out", LABEL)
    path = tmp_path / "out" / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))
    with pytest.raises(CorruptRecord, match="layout 99"):
        load_manifest(tmp_path / "out")


def test_a_release_is_never_overwritten(pairs: list[Pair], tmp_path: Path) -> None:
    release(pairs, tmp_path / "out", LABEL)
    before = (tmp_path / "out" / MANIFEST).read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        release(pairs[:3], tmp_path / "out", LABEL)
    assert (tmp_path / "out" / MANIFEST).read_bytes() == before


def test_nothing_is_left_where_it_cannot_be_written(pairs: list[Pair], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HpctcError, match="cannot write"):
        release(pairs, tmp_path / "file" / "out", LABEL)
    with pytest.raises(UsageError, match="no pairs"):
        release([], tmp_path / "out", LABEL)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("rows", "word"), [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M")]
)
def test_size_categories(rows: int, word: str) -> None:
    assert size_category(rows) == word


def test_a_file_that_is_not_listed_or_was_changed_is_found(
    pairs: list[Pair], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    release(pairs, out, LABEL)

    def verified() -> Result:
        return CliRunner().invoke(main, ["dataset", "verify-release", str(out)])

    assert verified().exit_code == 0
    assert "tiny 1.0.0: " in verified().output
    (out / "more.parquet").write_bytes(b"")
    assert "does not list" in " ".join(verified().output.split())
    (out / "more.parquet").unlink()
    card = out / CARD
    card.write_text(card.read_text() + "\n")
    assert "SHA-256 differs" in " ".join(verified().output.split())


def test_a_release_after_another_keeps_its_splits(pairs: list[Pair], tmp_path: Path) -> None:
    first = release(pairs[:15], tmp_path / "a", LABEL, Rule(test=40, seed=5))
    before = read.splits(tmp_path / "a")
    second = release(pairs, tmp_path / "b", LABEL, Rule(test=10, before=before))
    after = read.splits(tmp_path / "b")
    assert first.split_rule is not None
    assert second.split_rule is not None
    assert {p: after[p] for p in before} == before
    assert {p.id for p in pairs} == set(after) | set(second.split_rule.left_out)


def test_the_columns_of_kin_are_in_the_files(pairs: list[Pair], tmp_path: Path) -> None:
    release(pairs, tmp_path / "out", LABEL)
    (path, *_) = sorted((tmp_path / "out" / "data").iterdir())
    row = pq.read_table(path).to_pylist()[0]
    assert row["nearest"] in {p.id for p in pairs} - {row["id"]}
    assert row["nearest_likeness"] == 1.0  # the fixture's texts differ in names and numbers alone
    assert row["cluster"] == min(p.id for p in pairs)


def test_croissant_describes_the_files_and_their_columns(pairs: list[Pair], tmp_path: Path) -> None:
    out = tmp_path / "out"
    release(pairs, out, LABEL)
    about = json.loads((out / CROISSANT).read_text())
    assert about["@type"] == "sc:Dataset"
    assert about["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    required = {"@context", "name", "description", "license", "url", "creator", "datePublished"}
    assert required <= set(about)
    files = {f["@id"]: f for f in about["distribution"]}
    for path, file in files.items():
        assert {"@type", "name", "contentUrl", "encodingFormat", "sha256"} <= set(file)
        assert hashlib.sha256((out / path).read_bytes()).hexdigest() == file["sha256"]
    for records in about["recordSet"]:
        assert {f["@id"] for f in records["field"]} > {records["key"]["@id"]}
        for field in records["field"]:
            source = field["source"]
            table = pq.read_schema(out / source["fileObject"]["@id"])
            kind = table.field(source["extract"]["column"]).type
            assert {"sc:Text": "string", "sc:Integer": "int64", "sc:Float": "double"}[
                field["dataType"]
            ] == str(kind)
            assert field["@id"] == f"{records['@id']}/{field['name']}"
    # Every short name that is used stands in the context, or is schema.org's.
    terms = {k for k in keys(about) if not k.startswith("@")}
    ours = {t for t, where in about["@context"].items() if str(where).startswith("cr:")}
    assert terms & {"recordSet", "field", "source", "extract", "column", "key"} <= ours


def keys(value: object) -> set[str]:
    """Every key of a JSON value outside its context."""
    if isinstance(value, dict):
        inner = [keys(v) for k, v in value.items() if k != "@context"]
        return set(value).union(*inner)
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_every_column_is_described() -> None:
    assert list(FIELDS) == parquet.RELEASED.names


LOAD = """
import json, sys
from datasets import load_dataset
kind, path = sys.argv[1:]
data = load_dataset(path) if kind == "folder" else load_dataset("json", data_files=path)
print(json.dumps({split: rows[0] for split, rows in data.items()}))
"""


def load(kind: str, path: Path, scratch: Path) -> dict[str, dict[str, object]]:
    """Load with Hugging Face's package in a process that does not see this checkout's folders."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOAD, kind, str(path)],
        capture_output=True,
        text=True,
        cwd=scratch,
        env={**os.environ, "HF_HOME": str(scratch / "hf"), "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows: dict[str, dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def test_load_dataset_takes_a_release_and_its_sample(pairs: list[Pair], tmp_path: Path) -> None:
    manifest = release(pairs, tmp_path / "out", LABEL)
    by_id = {p.id: p for p in pairs}
    rows = load("folder", tmp_path / "out", tmp_path)
    assert set(rows) == set(manifest.splits)
    for row in rows.values():
        assert parquet.from_row(row) == by_id[str(row["id"])]
    sample = load("json", tmp_path / "out" / SAMPLE, tmp_path)
    assert parquet.from_row(sample["train"]) == by_id[str(sample["train"]["id"])]


def test_load_dataset_takes_a_growing_file(relu: Make, tmp_path: Path) -> None:
    # Keys that differ from line to line, numbers beside names: where typed loaders stumble.
    launch = Launch(kernel="k", grid=(1, 1, 1), block=(1, 1, 1), shared_bytes=0, args=("y", "x", 7))
    pairs = [
        relu("one", provenance=Provenance(source="operator relu", schedules={"one": "rules"})),
        relu("two", launches=(launch,), provenance=Provenance(source="grown", seed=4)),
        relu("three", provenance=Provenance(source="grown", schedules={"a": "x", "b": "y"})),
    ]
    jsonl.write(tmp_path / "pairs.jsonl", pairs)
    row = load("json", tmp_path / "pairs.jsonl", tmp_path)["train"]
    assert row["c_code"] == pairs[0].c_code
