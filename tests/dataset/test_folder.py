import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Pair
from hpctc.dataset.folder import FAILURES, PAIRS, SETTINGS, Failure, Folder, Measurement, Settings

Make = Callable[..., Pair]

ASKED = Settings(
    hpctc="0.1.0",
    sources=("relu",),
    count=4,
    seed=0,
    effort="none",
    size="small",
    rewrites=0,
    cuda_check="off",
)


def measured(pair: Pair) -> Measurement:
    return Measurement.make(of=pair.id, date="2026-01-01T00:00:00", seconds={"run": 1.0}, host={})


def failed(graph: str) -> Failure:
    return Failure.make(
        graph=graph, name="f", source="grown", stage="lower", reason="killed by SIGSEGV"
    )


def test_what_landed_is_known_when_it_is_opened_again(relu: Make, tmp_path: Path) -> None:
    pair, failure = relu(), failed("graph f() {}")
    with Folder(tmp_path / "out", ASKED) as folder:
        folder.land(pair, measured(pair))
        folder.land(failure)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    with Folder(tmp_path / "out", ASKED) as folder:
        told = folder.told()
        assert told.of("g") is None
        assert [told.of(name) for name in ("f", "relu", "relu")] == [failure, pair, None]
        folder.land(pair, measured(pair))
        folder.land(failure)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_a_half_line_is_cut_and_a_changed_line_is_named(relu: Make, tmp_path: Path) -> None:
    with Folder(tmp_path, ASKED) as folder:
        folder.land(relu("a"), measured(relu("a")))
    whole = (tmp_path / PAIRS).read_bytes()
    (tmp_path / PAIRS).write_bytes(whole + whole[:40])
    with Folder(tmp_path, ASKED) as folder:
        told = folder.told()
        assert [told.of(name) for name in ("a", "b")] == [relu("a"), None]
        assert folder.pairs.records == []
        folder.land(relu("b"))
    assert (tmp_path / PAIRS).read_bytes().startswith(whole)
    (tmp_path / PAIRS).write_bytes(b'{"id": 1}\n' + whole)
    with pytest.raises(CorruptRecord, match=f"{PAIRS}:1 is not a Pair record"):
        Folder(tmp_path, ASKED)


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    with Folder(tmp_path, ASKED):
        pass
    for change, words in (
        ({"seed": 1}, "seed was 0, is 1"),
        ({"sources": ("all", "grown")}, "sources was relu, is all, grown"),
        ({"count": 3}, "count was 4, is 3"),
        ({"count": None}, "count was 4, is None"),
    ):
        with pytest.raises(UsageError, match=words):
            Folder(tmp_path, replace(ASKED, **change))


def test_the_count_may_grow(tmp_path: Path) -> None:
    more = replace(ASKED, count=9)
    with Folder(tmp_path, ASKED), pytest.raises(UsageError, match="another process is writing"):
        Folder(tmp_path, more)
    with Folder(tmp_path, more):
        pass
    assert json.loads((tmp_path / SETTINGS).read_text())["count"] == 9


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PAIRS).write_text("")
    with pytest.raises(UsageError, match=r"no generate\.json"):
        Folder(tmp_path, ASKED)
    (tmp_path / SETTINGS).write_text("{}")
    with pytest.raises(CorruptRecord, match="cannot be read"):
        Folder(tmp_path, ASKED)


def test_an_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HpctcError, match="cannot write"):
        Folder(tmp_path / "file" / "out", ASKED)


FILL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from conftest import relu_pair
from test_folder import ASKED
from pathlib import Path
from hpctc.core.errors import HpctcError
from hpctc.dataset.folder import Folder
limit = int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with Folder(Path(sys.argv[1]), ASKED) as folder:
        for i in range(20):
            folder.land(relu_pair(f"relu{i}"))
except HpctcError as problem:
    print(problem)
    raise SystemExit(1)
"""


def fill(out: Path, limit: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", FILL, str(out), str(Path(__file__).parent), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_loses_nothing_that_was_made(tmp_path: Path) -> None:
    # A limit on the length of a file refuses a write in its middle, as a full disk does.
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    stopped = fill(tmp_path / "out", 9000)
    assert stopped.returncode == 1, stopped.stderr
    assert "cannot write" in stopped.stdout
    assert "run the same command again" in stopped.stdout
    assert 0 < len((tmp_path / "out" / PAIRS).read_bytes().splitlines()) < 20
    assert fill(tmp_path / "out", 0).returncode == 0
    assert fill(tmp_path / "whole", 0).returncode == 0
    for name in (PAIRS, FAILURES, SETTINGS):
        same = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == same
