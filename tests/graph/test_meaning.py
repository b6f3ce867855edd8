"""Drawn inputs are legal and reproducible; evaluation says what is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.graph.build import Builder
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import Graph, Interval
from hpctc.graph.meaning import DISTRIBUTIONS, draw, evaluate
from hpctc.graph.op import FLOATS


def graph_on(dtype: str, low: float, high: float, size: int = 200) -> Graph:
    builder = Builder("g")
    x = builder.input("x", (size,), dtype, Interval(low, high))
    return builder.finish(builder.op("equal", x, x))


@given(
    dtype=st.sampled_from([*FLOATS, "int32", "int8"]),
    ends=st.tuples(st.floats(-100, 100), st.floats(-100, 100)).map(sorted),
    distribution=st.sampled_from(DISTRIBUTIONS),
)
def test_inputs_lie_in_their_domain(dtype: str, ends: list[float], distribution: str) -> None:
    low, high = ends[0], ends[1] + 1
    array = draw(graph_on(dtype, low, high), 0, distribution)["x"]
    assert array.dtype == dtype
    values = array.astype(np.float64)
    assert low <= values.min()
    assert values.max() <= high


def test_distributions_are_what_they_are_called() -> None:
    graph = graph_on("float32", -2, 6, 4000)
    drawn = {name: draw(graph, 1, name)["x"] for name in DISTRIBUTIONS}
    assert abs(drawn["uniform"].mean() - 2) < 0.2
    assert drawn["uniform"].std() > 2
    assert drawn["normal"].std() < 1.6
    assert np.all((drawn["large"] < -1.5) | (drawn["large"] > 5.5))
    assert 0.4 < np.mean(drawn["zeros"] == 0) < 0.6
    assert len(np.unique(drawn["repeats"])) == 3
    assert 0.4 < np.mean(2 * drawn["special"] % 1 == 0) < 0.6
    assert {-2.0, 0.0, 0.5, 6.0} <= set(drawn["special"].tolist())


def test_zeros_outside_the_domain_become_its_nearest_end() -> None:
    drawn = draw(graph_on("float32", 0.5, 2), 1, "zeros")["x"]
    assert 0.4 < np.mean(drawn == 0.5) < 0.6


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_every_whole_number_of_a_domain_is_drawn(dtype: str) -> None:
    low, high = (0, 1) if dtype == "bool" else (-2, 3)
    drawn = draw(graph_on(dtype, low, high), 4)["x"]
    assert sorted({int(v) for v in drawn}) == list(range(low, high + 1))


def test_seeds_give_the_same_inputs_again_and_others_differ() -> None:
    graph = graph_on("float32", -1, 1)
    assert np.array_equal(draw(graph, 7)["x"], draw(graph, 7)["x"])
    assert not np.array_equal(draw(graph, 7)["x"], draw(graph, 8)["x"])


def test_an_input_more_leaves_the_others_as_they_were() -> None:
    builder = Builder("g")
    x = builder.input("x", (9,))
    alone = draw(builder.finish(builder.op("exp", x)), 3)["x"]
    y = builder.input("y", (9,))
    both = draw(builder.finish(builder.op("add", x, y)), 3)["x"]
    assert np.array_equal(alone, both)


def test_unknown_distributions_and_missing_inputs_are_named() -> None:
    graph = graph_on("float32", -1, 1)
    with pytest.raises(GraphError, match="no distribution 'gauss'"):
        draw(graph, 0, "gauss")
    with pytest.raises(GraphError, match="input 'x' is missing"):
        evaluate(graph, {})
    with pytest.raises(GraphError, match=r"input 'x' has shape \[3\]"):
        evaluate(graph, {"x": np.zeros(3, np.float32)})


def test_literals_and_attributes_are_rounded_as_the_c_rounds_them() -> None:
    builder = Builder("g")
    x = builder.input("x", (1,), "float16")
    graph = builder.finish(builder.op("mul", x, 0.1), builder.op("leaky_relu", x, alpha=0.1))
    scaled, leaky = evaluate(graph, {"x": np.array([-1.0], np.float16)}).values()
    assert scaled[0] == leaky[0] == -float(np.float16(0.1))
