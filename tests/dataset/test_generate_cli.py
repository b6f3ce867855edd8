"""The command as a user runs it: real processes, interrupted at bad moments."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hpctc.core import jsonl
from hpctc.core.records import Pair
from hpctc.dataset.folder import FAILURES, MEASUREMENTS, PAIRS, SETTINGS, Failure, Measurement

MAIN = "from hpctc.cli import main; main()"

WORK = (
    *("softmax", "isnan", "grown", "--count", "9", "--rewrites", "1", "--variants", "1"),
    *("--cuda-check", "off"),
)
"""A work list with rewritten graphs, grown ones, variants, and failures (isnan is always false)."""

STEADY = (PAIRS, FAILURES, SETTINGS)


def command(*words: object) -> list[str]:
    return [sys.executable, "-c", MAIN, "generate", *(str(w) for w in words)]


def generate(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generate") / "undisturbed"
    done = generate(*WORK, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"9 pairs in {out / PAIRS}" in done.stdout
    assert "admission: a program passes that would write zeros" in done.stdout
    assert f"next: hpctc show {out}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100 + len(str(out)) * 2
    return out


def test_what_is_made_is_checked_and_measured(undisturbed: Path) -> None:
    pairs = list(jsonl.read(undisturbed / PAIRS, Pair))
    assert len({p.id for p in pairs}) == len({p.name for p in pairs}) == 9
    assert {p.provenance.source for p in pairs} == {"operator softmax", "grown"}
    assert any(p.provenance.rewrites for p in pairs)
    assert any(p.provenance.variant for p in pairs)
    for pair in pairs:
        checks = {c.what: c for c in pair.checks}
        assert checks["c == float64"].max_error is not None
        assert checks["c == float64"].tolerance is not None
        assert checks["c == float64"].max_error <= checks["c == float64"].tolerance
        assert "asan+ubsan" in checks
        assert pair.is_genuine()
    failures = list(jsonl.read(undisturbed / FAILURES, Failure))
    assert {f.source for f in failures} >= {"operator isnan"}
    measured = {m.of for m in jsonl.read(undisturbed / MEASUREMENTS, Measurement)}
    assert measured == {p.id for p in pairs}


def test_jobs_do_not_change_the_bytes(undisturbed: Path, tmp_path: Path) -> None:
    done = generate(*WORK, "--jobs", "2", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for name in STEADY:
        assert (tmp_path / "out" / name).read_bytes() == (undisturbed / name).read_bytes(), name


def started(out: Path, pairs: int) -> subprocess.Popen[str]:
    """A run that has made at least so many pairs."""
    process = subprocess.Popen(
        command(*WORK, "--jobs", "2", "--out", out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (out / PAIRS).exists() and (out / PAIRS).read_bytes().count(b"\n") >= pairs:
            return process
        time.sleep(0.01)
    process.kill()
    raise AssertionError(process.communicate())


def test_killed_in_the_middle_it_ends_as_if_nothing_had_been(
    undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with started(out, 2) as process:
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    made = (out / PAIRS).read_bytes()
    assert 0 < made.count(b"\n") < 9
    with (out / PAIRS).open("ab") as handle:
        handle.write(b'{"id": "half a li')  # where the kill had hit a write
    done = generate(*WORK, "--out", out)
    assert done.returncode == 0, done.stderr
    for name in STEADY:
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes(), name
    again = generate(*WORK, "--out", out)
    assert again.returncode == 0, again.stderr
    assert "9 pairs" in again.stdout
    assert (out / PAIRS).read_bytes() == (undisturbed / PAIRS).read_bytes()


def test_interrupted_it_says_how_to_go_on(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(out, 1) as process:
        os.kill(process.pid, signal.SIGINT)
        _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command to continue" in words
    assert "Traceback" not in words
    made = (out / PAIRS).read_bytes()
    assert (undisturbed / PAIRS).read_bytes().startswith(made)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("matmull", "--out", "OUT"), 2, "did you mean matmul"),
        (("grown", "--out", "OUT"), 2, "say how many pairs: --count 100"),
        (("relu", "--out", "OUT", "--effort", "some"), 2, "there is no effort 'some'"),
        (("relu", "--out", "FILE/out"), 1, "cannot write"),
        ((*WORK, "--seed", "1", "--out", "MADE"), 2, "seed was 0, is 1"),
    ],
)
def test_what_cannot_be_done_is_told(
    undisturbed: Path, tmp_path: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "file").write_text("")
    names = {"OUT": tmp_path / "out", "FILE/out": tmp_path / "file" / "out", "MADE": undisturbed}
    done = generate(*(names.get(w, w) for w in words))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_compiler_is_told_before_anything_is_made(tmp_path: Path) -> None:
    done = subprocess.run(
        command("relu", "--out", tmp_path / "out"),
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert "there is no gcc on this machine" in done.stderr
    assert not (tmp_path / "out").exists()
