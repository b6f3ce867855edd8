"""Every published operator has a graph of ours, at the published shapes."""

import json
from pathlib import Path

import pytest

from hpctc.core.errors import UsageError
from hpctc.graph import ops
from hpctc.graph.check import check
from hpctc.graph.ir import Graph
from hpctc.graph.published import by_operator, find, operator, published

WORKLOADS = Path(__file__).parents[3] / "shared" / "hpctranseval" / "workloads.json"
TOGETHER = {"combination_op", "multi_out_op"}
"""Published names that stand for several operators."""


def test_there_are_eighty() -> None:
    assert len(published()) == 80


@pytest.mark.parametrize(("name", "graph"), published().items(), ids=published())
def test_each_is_legal_and_stands_for_an_operator(name: str, graph: Graph) -> None:
    check(graph)
    own = operator(name, graph)
    assert own is None if name in TOGETHER else own in ops.OPS


def test_names_that_differ_are_found() -> None:
    known = by_operator()
    assert known["conv2d"] == ("conv2d_opt", "group_conv2d_opt")
    assert known["neg"] == ("negative",)
    assert known["softmax"] == ("softmax", "softmax_common")
    assert known["depth_to_space"] == ("depth_to_space",)
    assert "dense" not in known


def test_an_unknown_name_has_a_neighbour() -> None:
    with pytest.raises(UsageError, match="no operator 'conv2d_op'") as caught:
        find("conv2d_op")
    assert "'conv2d_opt'" in caught.value.hint


@pytest.mark.skipif(not WORKLOADS.is_file(), reason="the list of published tasks is not here")
def test_names_and_shapes_are_the_published_ones() -> None:
    tasks = [t for t in json.loads(WORKLOADS.read_text()) if t["group"] == "IndependentOperator"]
    assert [t["op_name"] for t in tasks] == list(published())
    for task in tasks:
        graph = find(task["op_name"])
        given = [list(i.type.shape) for i in graph.inputs]
        made = [list(graph.types()[o].shape) for o in graph.outputs]
        if task["op_name"] == "multi_out_op":  # published with a result among its inputs
            given, made = [*given, made[1]], made[:1]
        assert (given, made) == (task["input_shape"], task["output_shape"])
