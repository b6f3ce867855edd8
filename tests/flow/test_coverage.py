"""The coverage table: what is asked, what is kept, what a failure still proves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hpctc.core.records import Check
from hpctc.core.suite import load
from hpctc.dataset.folder import Failure, Stage
from hpctc.flow import coverage
from hpctc.flow.coverage import CHECKS, SIDES, Cell
from hpctc.flow.generation import Made
from hpctc.graph import ops
from hpctc.graph.check import check
from hpctc.graph.text import parse
from hpctc.lower import worker

Wanted = tuple[str, str, str]


class Asked:
    """Stands in for the proofs: remembers what is asked, answers with a pair of all checks."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.pair = load("mini").tasks[0].pair

    def __call__(self, fresh: Sequence[Wanted], _jobs: int) -> Iterator[Made]:
        checks = tuple(Check(what=what) for what in CHECKS.values())
        for name, dtype, _ in fresh:
            self.names.append(f"{name} {dtype}")
            yield Made(replace(self.pair, checks=checks), {}, {})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    stand_in = Asked()
    monkeypatch.setattr(coverage, "_made", stand_in)
    return stand_in


def failure(stage: Stage, reason: str) -> Made:
    lost = Failure.make(graph="", name="f", source="s", stage=stage, reason=reason, detail="why")
    return Made(lost, {}, {})


def test_every_operator_has_a_legal_graph_in_each_of_its_types() -> None:
    for name, op in ops.OPS.items():
        found = dict(coverage.graphs(name))
        assert tuple(found) == op.dtypes
        for dtype, text in found.items():
            graph = parse(text)
            check(graph)
            assert name in {n.op for n in graph.nodes}
            assert dtype in {i.type.dtype for i in graph.inputs}


def test_what_is_proven_is_not_asked_again(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "kept" / "coverage.jsonl"
    first = list(coverage.cells(["neg", "sort"], file))
    assert asked.names == [f"{n} {d}" for n in ("neg", "sort") for d in ops.get(n).dtypes]
    assert len(first) == coverage.count(["neg", "sort"]) == len(asked.names)
    again = list(coverage.cells(["sort", "tan"], file))
    assert asked.names[len(first) :] == ["tan float32", "tan float16"]
    assert again[:4] == first[4:]


def test_a_run_that_was_killed_goes_on(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "coverage.jsonl"
    running = coverage.cells(["neg"], file)
    next(running)
    next(running)
    running.close()
    with file.open("a") as lines:
        lines.write('{"of": "half a li')
    assert len(list(coverage.cells(["neg"], file))) == 4
    assert len(asked.names) == 4


@pytest.mark.parametrize(
    ("made", "sides"),
    [
        (failure("lower", "no CUDA schedule"), ()),
        (failure("compare", "the C computes something else"), ()),
        (failure("cuda", "the CUDA computes something else"), ("c",)),
        (failure("transpile", "the CUDA cannot be transpiled"), ("c", "cuda")),
        (failure("compare", "the transpiled CUDA computes something else"), ("c", "cuda")),
        (worker.Failure("crashed: SIGSEGV"), ()),
    ],
)
def test_a_failure_proves_what_came_before_it(made: Any, sides: tuple[str, ...]) -> None:
    cell = coverage._cell("of", "sort", "float32", made)
    assert cell.sides == sides
    assert cell.problem


def test_rows_hold_the_types_that_are_proven_on_each_side() -> None:
    def cell(dtype: str, *sides: str, problem: str = "") -> Cell:
        return Cell.make(of="x", operator="neg", dtype=dtype, sides=sides, problem=problem)

    (row,) = coverage.rows([cell("float32", *SIDES), cell("int32", "c", problem="cuda: wrong")])
    assert row.category == "elementwise"
    assert row.dtypes == ("float32", "int32")
    assert row.proven == {
        "c": ("float32", "int32"), "cuda": ("float32",), "rules": ("float32",),
        "proof": ("float32",),
    }  # fmt: skip
    assert row.problems == ("int32: cuda: wrong",)


@pytest.mark.slow
def test_an_operator_is_really_proven(tmp_path: Path) -> None:
    found = list(coverage.cells(["isnan"], tmp_path / "coverage.jsonl"))
    assert [c.sides for c in found] == [SIDES, SIDES]
