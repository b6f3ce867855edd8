import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hpctc.core import jsonl
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Launch, Pair, Provenance
from hpctc.dataset import parquet, read
from hpctc.dataset.manifest import MANIFEST, load_manifest
from hpctc.dataset.release import CARD, SAMPLE, Label, release, size_category

Make = Callable[..., Pair]
LABEL = Label(name="tiny", version="1.0.0", command="hpctc dataset release tiny --out out")

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
