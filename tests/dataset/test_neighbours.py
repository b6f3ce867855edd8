"""A prompt's examples are alike, and none of them is, or descends from, what the task computes."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from hpctc.core import suite
from hpctc.core.records import Pair, Provenance
from hpctc.dataset import read
from hpctc.dataset.neighbours import LONGEST, Neighbours
from hpctc.dataset.similar import ALIKE, likeness, work
from hpctc.dataset.wiring import graph_id, parsed, skeleton


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(read.pairs(read.locate("mini")))


@pytest.fixture(scope="module")
def known(pairs: list[Pair]) -> Neighbours:
    return Neighbours(pairs)


@pytest.fixture(scope="module")
def tasks() -> dict[str, Pair]:
    return {task.name: task.pair for task in suite.load("mini").tasks}


def named(pairs: list[Pair], name: str) -> Pair:
    return next(p for p in pairs if p.name == name)


def operators(pair: Pair) -> Counter[str]:
    return Counter(node.op for node in parsed(pair.graph).nodes)


def test_no_task_of_the_suite_is_shown_its_kin(known: Neighbours, tasks: dict[str, Pair]) -> None:
    for task in tasks.values():
        shown = known.of(task, 4)
        assert len(shown) == 4
        for pair in shown:
            assert skeleton(pair.graph) != skeleton(task.graph)
            assert operators(pair) != operators(task)
            assert likeness(work(pair.cuda_code), work(task.cuda_code)) < ALIKE
            assert not {pair.id, graph_id(pair.graph)} & set(task.provenance.parents)
            assert not {task.id, graph_id(task.graph)} & set(pair.provenance.parents)
            assert len(pair.cuda_code) + len(pair.c_code) <= LONGEST
        assert len({skeleton(pair.graph) for pair in shown}) == 4


def test_the_nearest_is_shown_last(known: Neighbours, tasks: dict[str, Pair]) -> None:
    shown = known.of(tasks["conv2d"], 3)
    asked = work(tasks["conv2d"].cuda_code)
    found = [likeness(work(pair.cuda_code), asked) for pair in shown]
    assert found == sorted(found)
    assert found[-1] > 0.3
    assert known.of(tasks["conv2d"], 3) == shown


def test_descent_is_followed_through_those_that_are_not_there(pairs: list[Pair]) -> None:
    task, child, cousin = (named(pairs, name) for name in ("softmax", "transpose", "conv1d"))
    mine = task.remade(provenance=replace(task.provenance, parents=("ancestor",)))
    theirs = child.remade(provenance=Provenance(source="file", parents=("ancestor",)))
    assert Neighbours([theirs, cousin]).of(mine, 5) == [cousin]
    linked = cousin.remade(provenance=Provenance(source="file", parents=(theirs.id,)))
    assert Neighbours([theirs, linked]).of(mine, 5) == []


@pytest.mark.parametrize("name", ["softmax", "matmul", "max_pool2d", "layer_norm"])
def test_the_same_kernel_under_other_names_and_sizes_is_left_out(
    name: str, pairs: list[Pair], tasks: dict[str, Pair]
) -> None:
    # Its graph says that it is something else: the text tells.
    code = re.sub(r"\b(v\d+|x|w|tx|bx)\b", r"renamed_\1", tasks[name].cuda_code)
    code = re.sub(r"(?<![\w.])(\d+)(?![\w.])", lambda m: str(3 * int(m[1]) + 1), code)
    assert code != tasks[name].cuda_code
    hidden = named(pairs, "transpose").remade(cuda_code=code)
    assert Neighbours([hidden]).of(tasks[name], 1) == []
    assert Neighbours([hidden]).like(tasks[name].cuda_code, 1) == []


def test_the_same_operators_are_left_out_however_they_are_wired(pairs: list[Pair]) -> None:
    graph = "graph a(x: f32[8]) {{\n  u = {0}(x)\n  v = {1}(u)\n  return v\n}}\n"
    shown = named(pairs, "relu").remade(graph=graph.format("exp", "tanh"))
    task = shown.remade(graph=graph.format("tanh", "exp"), cuda_code="__global__ void k() {}")
    assert skeleton(shown.graph) != skeleton(task.graph)
    assert Neighbours([shown]).of(task, 1) == []


def test_a_file_without_a_graph_has_neighbours_by_its_text(
    known: Neighbours, tasks: dict[str, Pair]
) -> None:
    code = tasks["softmax"].cuda_code
    shown = known.like(code, 2)
    assert len(shown) == 2
    assert all(likeness(work(p.cuda_code), work(code)) < ALIKE for p in shown)
