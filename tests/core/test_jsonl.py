"""Record files survive a kill in the middle of a line and tell damage apart from that."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.core import jsonl
from hpctc.core.codec import CodecError, content_id, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError
from hpctc.core.records import Candidate, Launch, Timing


def candidate(text: str) -> Candidate:
    return Candidate.make(of="t", source=text)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "candidates.jsonl"
    records = [candidate(t) for t in texts]
    jsonl.write(path, records)
    assert list(jsonl.read(path, Candidate)) == records


def test_every_truncation_resumes_to_the_same_file(tmp_path: Path) -> None:
    records = [candidate(t) for t in ("int a;", "int b;\n", "ü")]
    whole = "".join(jsonl.dumps(r) + "\n" for r in records).encode()
    for cut in range(len(whole) + 1):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(whole[:cut])
        with jsonl.Appender(path, Candidate) as file:
            for record in records:
                file.add(record)
        assert path.read_bytes() == whole


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(
        jsonl.dumps(candidate("a")) + "\n{broken\n" + jsonl.dumps(candidate("b")) + "\n"
    )
    with pytest.raises(CorruptRecord, match=r"c\.jsonl:2 is not a Candidate record"):
        list(jsonl.read(path, Candidate))


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"id": "x", "of": "y", "source": null, "colour": 3}\n')
    with pytest.raises(CorruptRecord, match="unknown field 'colour'; it knows id, of, source"):
        list(jsonl.read(path, Candidate))


def test_a_missing_file_is_an_error_a_person_can_read(tmp_path: Path) -> None:
    with pytest.raises(HpctcError, match="No such file"):
        list(jsonl.read(tmp_path / "none.jsonl", Candidate))


def test_a_full_disk_is_reported_and_what_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with jsonl.Appender(path, Candidate) as file:
        file.add(candidate("a"))
        file._handle.close()
        file._handle = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115
        with pytest.raises(HpctcError, match="No space left"):
            file.add(candidate("b"))
    assert [c.source for c in jsonl.read(path, Candidate)] == ["a"]


def test_the_id_is_the_hash_of_what_a_record_is() -> None:
    timing = {"of": "b", "baseline": "reference", "threads": 2}
    first = Timing.make(**timing, candidate_ns=(1,), baseline_ns=(2,))
    second = Timing.make(**timing, candidate_ns=(3,), baseline_ns=(4,))
    assert (
        first.id
        == second.id
        != Timing.make(**timing | {"threads": 1}, candidate_ns=(), baseline_ns=()).id
    )
    assert first.id == content_id("Timing", timing)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": [1, 2]}, r"Launch\.grid should have 3 entries, not 2"),
        ({"grid": [1, 2, True]}, r"Launch\.grid\[2\] should be int"),
        ({"args": ["a", None]}, r"Launch\.args\[1\] should be str"),
        ({"kernel": 3}, r"Launch\.kernel should be str, not 3"),
    ],
)
def test_a_wrong_type_is_named_with_its_path(change: dict[str, object], message: str) -> None:
    launch = Launch(kernel="k", grid=(1, 1, 1), block=(32, 1, 1), shared_bytes=0, args=("a", 3))
    assert decode(Launch, encode(launch)) == launch
    with pytest.raises(CodecError, match=message):
        decode(Launch, encode(launch) | change)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"candidate_ns": (1, 2), "baseline_ns": (1,)}, "2 times of the candidate, 1 of the"),
        ({"candidate_ns": (1, 2), "baseline_ns": (1, 2), "starts": (1, 2)}, r"gave \[1, 2\]"),
        ({"candidate_ns": (1, 2), "baseline_ns": (1, 2), "starts": (2, 0)}, r"gave \[2, 0\]"),
    ],
)
def test_times_that_do_not_belong_together_are_no_record(
    tmp_path: Path, columns: dict[str, tuple[int, ...]], message: str
) -> None:
    path = tmp_path / "timings.jsonl"
    fine = Timing.make(of="b", baseline="r", threads=2, candidate_ns=(), baseline_ns=())
    path.write_text(f"{json.dumps(encode(fine) | columns)}\n")
    with pytest.raises(CorruptRecord, match=message):
        list(jsonl.read(path, Timing))
