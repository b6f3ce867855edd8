"""Every file of a run, damaged: what is read is right or refused with its line, never a traceback.

Truncated (a kill in the middle of a write), bit-flipped, with fields of a later version, and
without the fields that an earlier version did not know.
"""

import dataclasses
import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.errors import CorruptRecord, HpctcError
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Record,
    Scene,
    Score,
    Task,
    Timing,
    Verdict,
)
from hpctc.core.run import Run, read_about
from hpctc.evaluate.oracle import Oracle

KINDS: dict[str, type[Record]] = {
    "tasks": Task,
    "prompts": Prompt,
    "answers": Answer,
    "candidates": Candidate,
    "builds": Build,
    "verdicts": Verdict,
    "timings": Timing,
    "scores": Score,
    "oracle": Oracle,
}

FLIPS = 80
"""For each file."""


@pytest.fixture(scope="module")
def run(suite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "run"
    words = ["eval", str(suite_folder), "--model", "null", "--limit", "2", "--out", str(folder)]
    words += ["--compiler", "gcc{flags='-O2 -fopenmp'}", "--baselines", "reference,null"]
    done = CliRunner().invoke(main, [*words, "--checks", "none", "--seconds", "0.05"])
    assert done.exit_code == 0, done.output
    oracle = Oracle.make(
        of="p", name="squares", asked=3, seeds=(1,), distributions=("uniform",), strength=0.5
    )
    jsonl.write(folder / "oracle.jsonl", [oracle, dataclasses.replace(oracle, id="other")])
    return folder


def damaged(run: Path, stage: str, data: bytes, folder: Path) -> Path:
    path = folder / f"{stage}.jsonl"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("stage", KINDS)
def test_a_cut_file_gives_its_whole_lines(stage: str, run: Path, tmp_path: Path) -> None:
    whole = (run / f"{stage}.jsonl").read_bytes()
    records = list(jsonl.read(run / f"{stage}.jsonl", KINDS[stage]))
    draw = random.Random(stage)
    for size in [0, 1, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(20))]:
        path = damaged(run, stage, whole[:size], tmp_path)
        complete = whole[:size].count(b"\n")
        assert list(jsonl.read(path, KINDS[stage])) == records[:complete]
        with jsonl.Appender(path, KINDS[stage]) as file:
            assert file.records == records[:complete]
            for record in records:
                file.add(record)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("stage", KINDS)
def test_a_flipped_bit_is_told_with_its_line_or_reads_as_a_record(
    stage: str, run: Path, tmp_path: Path
) -> None:
    whole = (run / f"{stage}.jsonl").read_bytes()
    kind = KINDS[stage]
    draw = random.Random(stage)
    told = 0
    for _ in range(FLIPS):
        at, bit = draw.randrange(len(whole)), draw.randrange(8)
        data = whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :]
        path = damaged(run, stage, data, tmp_path)
        found, problem = read(path, kind)
        assert all(isinstance(record, kind) for record in found)
        if problem is not None:
            told += 1
            line, _, _ = problem.message.removeprefix(f"{path}:").partition(" ")
            assert 1 <= int(line) <= data.count(b"\n") + 1, problem.message
            assert problem.hint
    assert told


def read(path: Path, kind: type[Record]) -> tuple[list[Record], CorruptRecord | None]:
    """The records up to the damage, and what was said of it."""
    found: list[Record] = []
    try:
        found.extend(jsonl.read(path, kind))
    except CorruptRecord as problem:
        return found, problem
    return found, None


@pytest.mark.parametrize("stage", KINDS)
def test_fields_of_a_later_version_are_named(stage: str, run: Path, tmp_path: Path) -> None:
    first, *rest = (run / f"{stage}.jsonl").read_text().splitlines()
    later = json.dumps({**json.loads(first), "colour": "red"})
    path = damaged(run, stage, "\n".join([later, *rest, ""]).encode(), tmp_path)
    with pytest.raises(CorruptRecord, match=rf"{stage}\.jsonl:1 .*unknown field 'colour'"):
        list(jsonl.read(path, KINDS[stage]))


ADDED = {
    "tasks": ("oracle_strength",),
    "verdicts": ("tiers", "scene"),
    "timings": (
        *("absent", "cold_candidate_ns", "cold_baseline_ns"),
        *("roof_share", "suspicious", "scene"),
    ),
}
"""Fields that came after the first version, whose files have to be read for ever."""


@pytest.mark.parametrize("stage", ADDED)
def test_records_of_the_first_version_are_read(stage: str, run: Path, tmp_path: Path) -> None:
    kind = KINDS[stage]
    lines = []
    for line in (run / f"{stage}.jsonl").read_text().splitlines():
        fields = json.loads(line)
        lines.append(json.dumps({k: v for k, v in fields.items() if k not in ADDED[stage]}))
    path = damaged(run, stage, "\n".join([*lines, ""]).encode(), tmp_path)
    old, new = list(jsonl.read(path, kind)), list(jsonl.read(run / f"{stage}.jsonl", kind))
    defaults = {f.name: f.default for f in dataclasses.fields(kind)}
    for before, now in zip(old, new, strict=True):
        assert before == dataclasses.replace(now, **{name: defaults[name] for name in ADDED[stage]})
        assert before.is_genuine() is now.is_genuine()


def test_a_scene_is_read_as_it_was_written(tmp_path: Path) -> None:
    scene = Scene(tier="race", calls=("seed 1, uniform",), flush="start", threads=2)
    verdict = Verdict.make(of="b", verdict="racy", tiers=("calls", "race"), scene=scene)
    jsonl.write(tmp_path / "v.jsonl", [verdict])
    assert list(jsonl.read(tmp_path / "v.jsonl", Verdict)) == [verdict]


@pytest.mark.parametrize("verb", ["report", "show"])
def test_the_verbs_tell_damage_without_a_traceback(verb: str, run: Path, tmp_path: Path) -> None:
    draw = random.Random(verb)
    for stage in ("tasks", "verdicts", "timings", "scores"):
        copy = shutil.copytree(run, tmp_path / stage, ignore=shutil.ignore_patterns("build"))
        path = copy / f"{stage}.jsonl"
        data = bytearray(path.read_bytes())
        data[draw.randrange(len(data) // 2)] = 0x00  # no JSON text holds a bare NUL
        path.write_bytes(bytes(data))
        done = CliRunner().invoke(main, [verb, str(copy), *(["squares"] if verb == "show" else [])])
        assert "Traceback" not in done.output
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit)
        if done.exit_code != 0:
            assert f"{path}:" in done.output
            assert "hint: " in done.output


def test_a_damaged_run_json_is_told(run: Path, tmp_path: Path) -> None:
    whole = (run / "run.json").read_bytes()
    draw = random.Random(1)
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "run.json"
    for _ in range(FLIPS):
        at = draw.randrange(len(whole))
        path.write_bytes(whole[:at] if at % 2 else whole[:at] + b"\xff" + whole[at + 1 :])
        with pytest.raises(HpctcError, match="is damaged"):
            read_about(tmp_path / "run")
        with pytest.raises(HpctcError, match="is damaged"):
            Run(tmp_path / "run", read_about(run))
