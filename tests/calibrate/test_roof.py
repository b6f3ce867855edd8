"""The floor of a pair follows from roofs that are given; measuring gives figures that can be."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.calibrate import store
from hpctc.calibrate.measure import _caches, calibrate
from hpctc.calibrate.roof import Band, Calibration, Peak
from hpctc.cli import main
from hpctc.core.errors import CorruptRecord
from hpctc.core.records import Pair, Provenance, Tensor


def pair(flops: int, nbytes: int, dtype: str = "float32") -> Pair:
    return Pair.make(
        name="p",
        category="elementwise",
        graph="",
        c_code="",
        cuda_code="",
        entry="p",
        launches=(),
        inputs=(Tensor(name="x", shape=(2,), dtype=dtype),),
        outputs=(Tensor(name="y", shape=(2,), dtype=dtype),),
        flops=flops,
        bytes=nbytes,
        provenance=Provenance(source="test"),
    )


KNOWN = Calibration(
    host={"cpu": "a"},
    date="2025-01-01",
    compiler="gcc",
    load=0.0,
    peaks=(
        Peak(dtype="float32", threads=1, flops_per_second=1e11),
        Peak(dtype="float64", threads=1, flops_per_second=5e10),
        Peak(dtype="float16", threads=1, flops_per_second=2e11),
    ),
    bands=(
        Band(level="L1", threads=1, capacity=1 << 15, bytes_per_second=1e11),
        Band(level="L2", threads=1, capacity=1 << 20, bytes_per_second=5e10),
        Band(level="memory", threads=1, capacity=None, bytes_per_second=1e10),
    ),
)


@pytest.mark.parametrize(
    ("what", "nanoseconds"),
    [
        (pair(0, 10**9), 1e8),  # memory
        (pair(0, 1 << 20), (1 << 20) / 50),  # L2
        (pair(0, 1000), 10),  # L1
        (pair(10**9, 1000), 1e7),  # arithmetic
        (pair(10**9, 1000, "float64"), 2e7),
        (pair(10**9, 1000, "float16"), 5e6),
        (pair(10**9, 1000, "int32"), 1e7),
    ],
)
def test_the_floor_is_the_slower_of_arithmetic_and_traffic(what: Pair, nanoseconds: float) -> None:
    assert KNOWN.floor_ns(what, 1) == pytest.approx(nanoseconds)


def test_what_was_not_measured_has_no_floor() -> None:
    assert KNOWN.floor_ns(pair(1, 1), 2) is None
    assert KNOWN.threads == (1,)


def test_measured_roofs_are_ordered_as_hardware_is() -> None:
    found = calibrate([1], seconds=0.05)
    single, double = found.flops_per_second(1), found.flops_per_second(1, "float64")
    assert single is not None
    assert double is not None
    assert single > 1.3 * double > 1e8
    bands = {b.level: b.bytes_per_second for b in found.bands}
    assert min(bands.values()) > 1e8
    if "L1" in bands:
        assert bands["L1"] > bands["memory"]


def test_what_is_kept_is_read_again_and_damage_is_told(tmp_path: Path) -> None:
    assert store.load(tmp_path) is None
    file = store.save(KNOWN, tmp_path)
    assert store.load(tmp_path) == KNOWN
    file.write_text(file.read_text()[:-20])
    with pytest.raises(CorruptRecord, match="is no calibration"):
        store.load(tmp_path)
    document = {**json.loads(json.dumps({"host": {}})), "unknown": 1}
    file.write_text(json.dumps(document))
    with pytest.raises(CorruptRecord, match="unknown field 'unknown'"):
        store.load(tmp_path)


def test_caches_are_read_as_the_kernel_shows_them(tmp_path: Path) -> None:
    shown = [
        ("Data", 1, "48K"),
        ("Instruction", 1, "32K"),
        ("Unified", 2, "2M"),
        ("Unified", 3, "7"),
    ]
    for index, (kind, level, size) in enumerate(shown):
        (tmp_path / f"index{index}").mkdir()
        for name, text in (("type", kind), ("level", str(level)), ("size", size)):
            (tmp_path / f"index{index}" / name).write_text(f"{text}\n")
    assert _caches(tmp_path) == [("L1", 49152, False), ("L2", 2 << 20, False), ("L3", 7, True)]


def test_the_verb_measures_shows_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    done = CliRunner().invoke(main, ["calibrate", "--threads", "1", "--seconds", "0.02"])
    assert done.exit_code == 0, done.output
    assert "float32" in done.output
    kept = store.load()
    assert kept is not None
    assert kept.threads == (1,)
    wrong = CliRunner().invoke(main, ["calibrate", "--threads", "1,9999"])
    assert wrong.exit_code == 2
    assert "write for example 1,2" in wrong.output
