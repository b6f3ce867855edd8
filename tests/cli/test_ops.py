"""``hpctc ops``: names, ours and published; the coverage table."""

import json

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.flow import coverage
from hpctc.flow.coverage import SIDES, Cell


def hpctc(*words: str) -> tuple[int, str]:
    made = CliRunner().invoke(main, list(words))
    return made.exit_code, made.output


def test_a_published_name_is_found() -> None:
    code, text = hpctc("ops", "conv2d_opt")
    assert code == 0
    assert text.startswith("conv2d(x, w, ")
    assert "HPCTransEval  conv2d_opt, group_conv2d_opt" in text


def test_a_published_graph_of_several_operators_says_so() -> None:
    code, text = hpctc("ops", "combination_op")
    assert code == 2
    assert "a graph of sqrt, cos, add" in text
    assert "hpctc generate published:combination_op" in text


def test_json_tells_the_published_names() -> None:
    _, text = hpctc("ops", "softmax", "sort", "--json")
    softmax, sort = json.loads(text)
    assert softmax["published"] == ["softmax", "softmax_common"]
    assert sort["published"] == []


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """neg is proven, but not in int8."""

    def cells(names: list[str], jobs: int) -> list[Cell]:
        assert names == ["neg"]
        made = [("float32", SIDES, ""), ("float16", SIDES, ""), ("int32", SIDES, "")]
        made.append(("int8", SIDES[:1], "cuda: the CUDA does not compile"))
        return [
            Cell.make(of=d, operator="neg", dtype=d, sides=sides, problem=p) for d, sides, p in made
        ]

    monkeypatch.setattr(coverage, "cells", cells)


@pytest.mark.usefixtures("half")
def test_the_coverage_table_fits_and_says_what_is_missing() -> None:
    code, text = hpctc("ops", "negative", "--coverage")
    assert code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert "neg int8: cuda: the CUDA does not compile" in text
    assert "0 of 1 operator proven, 3 of 4 element types" in text


@pytest.mark.usefixtures("half")
def test_the_coverage_table_as_json() -> None:
    (row,) = json.loads(CliRunner().invoke(main, ["ops", "neg", "--coverage", "--json"]).stdout)
    assert row["operator"] == "neg"
    assert row["published"] == ["negative"]
    assert row["proven"]["c"] == ["float32", "float16", "int32", "int8"]
    assert row["proven"]["proof"] == ["float32", "float16", "int32"]
