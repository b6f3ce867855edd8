"""The measured choice: what is measured, remembered, reused, and refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import tvm_ffi
from tvm import te, tirx

from hpctc.core.errors import CorruptRecord
from hpctc.lower import cpu
from hpctc.lower.cpu import tune as tuning
from hpctc.lower.cpu.database import Database, Tuned, keys
from hpctc.lower.cpu.host import host
from hpctc.lower.cpu.meta import Search, search
from hpctc.lower.cpu.ship import Shipyard, signature
from hpctc.lower.cpu.strategy import Plain, Rules, Strategy, Tile, Trace, read
from hpctc.lower.cpu.tune import Contest, neighbours
from hpctc.lower.effort import Effort
from hpctc.native.race import Setup
from tests.lower.c_cases import tensor

QUICK = Setup(threads=1, seconds=0.02, samples=3)


def product(m: int, k: int, n: int, names: str = "ab") -> tirx.PrimFunc:
    a, b = tensor(names[0], (m, k)), tensor(names[1], (k, n))
    axis = te.reduce_axis((0, k), "k")
    c = te.compute((m, n), lambda i, j: te.sum(a[i, axis] * b[axis, j], axis), "c")
    return te.create_prim_func([a, b, c])


def scaled(rows: int, columns: int) -> tirx.PrimFunc:
    x = tensor("x", (rows, columns))
    return te.create_prim_func([x, te.compute((rows, columns), lambda i, j: x[i, j] * 2, "y")])


def record(func: tirx.PrimFunc, schedule: str, trials: int = 12, ns: float = 10.0) -> Tuned:
    exact, family = keys(func)
    return Tuned.make(
        function=exact,
        family=family,
        host="here",
        threads=2,
        schedule=schedule,
        ns=ns,
        trials=trials,
    )


def test_names_do_not_make_another_function_but_shapes_do() -> None:
    assert keys(product(5, 6, 7)) == keys(product(5, 6, 7, "xy"))
    assert keys(product(5, 6, 7))[0] != keys(product(5, 6, 8))[0]
    assert keys(product(5, 6, 7))[1] == keys(product(9, 8, 3))[1]
    assert keys(product(5, 6, 7))[1] != keys(scaled(5, 6))[1]


def test_what_was_written_is_found_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "tuned.jsonl"
    first = Database(path)
    first.add(record(product(8, 8, 8), "rules"))
    first.close()
    again = Database(path)
    found = again.find(product(8, 8, 8), "here", 2, 12)
    assert found is not None
    assert found.schedule == "rules"
    assert again.find(product(8, 8, 8), "elsewhere", 2, 12) is None
    assert again.find(product(8, 8, 8), "here", 1, 12) is None
    assert again.find(product(8, 8, 9), "here", 2, 12) is None
    again.close()


def test_a_short_search_does_not_answer_a_long_one(tmp_path: Path) -> None:
    database = Database(tmp_path / "tuned.jsonl")
    database.add(record(product(8, 8, 8), "rules", trials=12))
    assert database.find(product(8, 8, 8), "here", 2, 96) is None
    database.add(record(product(8, 8, 8), "plain", trials=96))
    found = database.find(product(8, 8, 8), "here", 2, 12)
    assert found is not None
    assert found.schedule == "plain"
    database.close()


def test_relatives_differ_in_shape_only(tmp_path: Path) -> None:
    database = Database(tmp_path / "tuned.jsonl")
    database.add(record(product(8, 8, 8), "rules"))
    database.add(record(product(16, 8, 8), "plain"))
    database.add(record(scaled(8, 8), "rules{tile=16}"))
    assert database.relatives(product(9, 9, 9), "here", 2) == ["plain", "rules"]
    database.close()


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tuned.jsonl"
    path.write_text('{"id": "0", "function": 3}\n')
    with pytest.raises(CorruptRecord, match=r"tuned\.jsonl:1 .*function"):
        Database(path)


def test_a_signature_tells_what_is_written() -> None:
    known = signature(product(3, 4, 5))
    assert [t.shape for t in known.inputs] == [(3, 4), (4, 5)]
    assert [t.shape for t in known.outputs] == [(3, 5)]
    assert known.args == ("in0", "in1", "out2")


def test_a_measured_choice_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    func, database = product(48, 64, 40), Database(tmp_path / "tuned.jsonl")
    effort = Effort.parse("trials=3")
    made = cpu.schedule(func, effort, database, threads=1, builds=tmp_path)
    assert tvm_ffi.structural_equal(made.func, cpu.rebuild(func, made.text).func)
    assert made.text != "plain", "an unscheduled matmul is slower than all else"

    def never(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(tuning, "tune", never)
    assert cpu.schedule(func, effort, database, threads=1, builds=tmp_path).text == made.text
    (kept,) = (tmp_path / "tuned.jsonl").read_text().splitlines()
    assert host().signature in kept
    database.close()


def test_a_candidate_that_cannot_be_built_costs_only_itself(tmp_path: Path) -> None:
    contest = Contest(product(8, 8, 8), Rules(threads=1), Shipyard(tmp_path), QUICK)
    before = contest.best[0]
    assert not contest.meet(Tile(axis=7, lanes=16, vectors=1, rows=(1, 1)))
    assert not contest.meet(Trace(json="not json"))
    assert contest.best[0] == before


def test_a_wrong_candidate_never_wins(tmp_path: Path) -> None:
    class Wrong(Plain):
        name = "wrong"

        def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
            x = tensor("x", (512, 64))
            less = te.compute((512, 64), lambda i, j: x[0, j] * 2, "y")
            return te.create_prim_func([x, less])

    contest = Contest(scaled(512, 64), Rules(threads=1), Shipyard(tmp_path), QUICK)
    assert not contest.meet(Wrong())
    assert not isinstance(contest.result().strategy, Wrong)


def test_a_wrong_defender_is_not_seated(tmp_path: Path) -> None:
    class Wrong(Plain):
        name = "wrong"

        def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
            x = tensor("x", (512, 64))
            return te.create_prim_func([x, te.compute((512, 64), lambda i, j: x[i, j] * 3, "y")])

    contest = Contest(scaled(512, 64), Wrong(), Shipyard(tmp_path), QUICK)
    best = contest.result()
    assert best.strategy == Plain()
    assert best.ns is not None


def test_candidates_come_without_repetition_and_best_tiles_first() -> None:
    found = [str(c) for c in neighbours(product(64, 64, 64), threads=2)]
    assert len(found) == len(set(found))
    assert found[0].startswith("tile{")
    assert any(c.startswith("rules") for c in found[:12])
    kinds = {(t.axis, t.vectors, t.pack) for t in map(read, found[:6]) if isinstance(t, Tile)}
    assert len(kinds) == 6, "the first six tiles are of six kinds"


def test_a_relative_is_tried_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[str] = []
    meet = Contest.meet

    def watched(self: Contest, candidate: Strategy) -> bool:
        met.append(str(candidate))
        return meet(self, candidate)

    monkeypatch.setattr(Contest, "meet", watched)
    database = Database(tmp_path / "tuned.jsonl")
    database.add(replace(record(scaled(32, 32), "rules{tile=48}"), host=host().signature))
    cpu.schedule(scaled(64, 64), Effort.parse("trials=1"), database, 2, tmp_path)
    database.close()
    assert met[0] == "rules{tile=48}"


@pytest.mark.slow
def test_metaschedule_finds_a_trace_that_replays(tmp_path: Path) -> None:
    func = product(64, 64, 64)
    trace = search(func, Search(16, 1, Shipyard(tmp_path), QUICK))
    assert trace is not None
    contest = Contest(func, Plain(), Shipyard(tmp_path), QUICK)
    contest.meet(Trace(trace))
    assert contest.measured == 1
    assert str(read(str(Trace(trace)))) == str(Trace(trace))
