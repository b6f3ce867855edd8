"""Every declaration holds together: types, meaning, image, cost, on every sample."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.core.records import CATEGORIES
from hpctc.graph import check, ops
from hpctc.graph.build import Builder
from hpctc.graph.cost import category, flops, nbytes
from hpctc.graph.errors import GraphError, GraphTypeError
from hpctc.graph.infer import complete, operand_types
from hpctc.graph.ir import Graph, Interval
from hpctc.graph.meaning import DISTRIBUTIONS, draw, evaluate
from hpctc.graph.op import FLOATS, Op, declare
from hpctc.graph.samples import all_samples
from tests.graph.strategies import graphs

SAMPLES = all_samples()
ROOM = 1e-9
"""What float64 rounding may add to an interval computed in float64."""


def holds(interval: Interval, array: np.ndarray) -> bool:
    room = ROOM * (1 + max(abs(array.min()), abs(array.max())))
    return bool(interval.low - room <= array.min() and array.max() <= interval.high + room)


def test_the_registry_is_wide() -> None:
    assert len(ops.OPS) >= 170
    count = Counter(op.category for op in ops.OPS.values())
    assert set(count) == set(CATEGORIES)
    assert min(count.values()) >= 5


def test_infix_symbols_are_distinct() -> None:
    symbols = [op.infix for op in ops.OPS.values() if op.infix]
    assert len(symbols) == len(set(symbols)) == 17


def test_an_operator_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match="'relu' is declared twice"):
        declare(ops.get("relu"))


def test_an_unknown_operator_is_named_with_its_neighbour() -> None:
    with pytest.raises(GraphError, match="no operator 'sofmax'") as caught:
        ops.get("sofmax")
    assert "'softmax'" in caught.value.hint


@pytest.mark.parametrize("op", ops.OPS.values(), ids=lambda op: op.name)
def test_a_declaration_is_complete(op: Op) -> None:
    assert op.doc
    assert op.samples
    assert len(op.params) == op.arity[0] or op.arity[1] > len(op.params)
    sampled = {s.types[0].dtype for s in op.samples}
    assert sampled <= set(op.dtypes)
    defaults = complete(op, op.samples[0].attrs)
    assert list(defaults) == [d.name for d in op.attrs]


@pytest.mark.parametrize(("name", "graph"), SAMPLES, ids=[i for i, _ in SAMPLES])
def test_the_meaning_has_the_inferred_type_and_lies_in_the_image(name: str, graph: Graph) -> None:
    known, types = check.check(graph), graph.types()
    for distribution in DISTRIBUTIONS:
        inputs = draw(graph, 1, distribution)
        exact, native = evaluate(graph, inputs), evaluate(graph, inputs, "native")
        for output in graph.outputs:
            kind = types[output]
            assert exact[output].shape == native[output].shape == kind.shape
            assert exact[output].dtype == ("float64" if kind.dtype in FLOATS else kind.dtype)
            assert native[output].dtype == kind.dtype
            assert np.isfinite(exact[output]).all()
            assert holds(known[output], exact[output].astype(np.float64))


@pytest.mark.parametrize(("name", "graph"), SAMPLES, ids=[i for i, _ in SAMPLES])
def test_costs_are_those_of_the_declaration(name: str, graph: Graph) -> None:
    op = ops.get(graph.nodes[0].op)
    assert category(graph) == op.category
    assert nbytes(graph) == sum(t.nbytes for t in graph.types().values())
    if op.category == "layout transform":
        assert flops(graph) == 0
    elif op.category in ("elementwise", "reduction", "compute intensive"):
        assert flops(graph) >= min(v.type.size for v in graph.nodes[0].results)


def test_flops_of_a_convolution_and_a_product() -> None:
    samples = dict(SAMPLES)
    assert flops(samples["conv2d-0"]) == 2 * (4 * 7 * 9) * (3 * 3 * 3)
    assert flops(samples["conv2d-3"]) == 2 * (6 * 7 * 7) * (1 * 3 * 3)
    assert flops(samples["matmul-0"]) == 2 * 16 * 32 * 24
    assert flops(samples["conv2d_transpose-0"]) == 2 * (3 * 5 * 7) * (4 * 3 * 3)


FIXED = [op for op in ops.OPS.values() if op.arity[1] == len(op.params)]


@pytest.mark.parametrize("op", FIXED, ids=lambda op: op.name)
def test_an_operand_more_is_an_error_that_says_how_many(op: Op) -> None:
    sample = op.samples[0]
    builder = Builder("g")
    args = [builder.input(f"x{i}", t.shape, t.dtype) for i, t in enumerate(sample.types)]
    with pytest.raises(GraphTypeError, match=f"{op.name} takes {len(args)} operand") as caught:
        builder.apply(op.name, [*args, args[0]], sample.attrs)
    assert op.doc in caught.value.hint


WIDE = Interval(-6.0, 6.0)
NARROWED = [(i, g) for i, g in SAMPLES if g.nodes[0].op not in ("take", "gather_elements")]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_images_are_sound_on_any_part_of_the_domain(data: st.DataObject) -> None:
    _, graph = data.draw(st.sampled_from(NARROWED))
    graph = _on_parts(data, graph)
    try:
        known = check.check(graph)
    except GraphError:
        return
    for distribution in ("uniform", "large"):
        found = evaluate(graph, draw(graph, data.draw(st.integers(0, 9)), distribution))
        for name, array in found.items():
            assert holds(known[name], array.astype(np.float64))


def _on_parts(data: st.DataObject, graph: Graph) -> Graph:
    """The same graph on a random part of where its operator may be defined."""
    op, node = ops.get(graph.nodes[0].op), graph.nodes[0]
    legal = op.domains(operand_types(node, graph.types()), dict(node.attrs))
    parts = []
    for parameter in graph.inputs:
        box = legal[node.args.index(parameter.name)] if op.requires is None else WIDE
        low, high = max(box.low, WIDE.low), min(box.high, WIDE.high)
        ends = sorted(low + data.draw(st.floats(0, 1)) * (high - low) for _ in range(2))
        if parameter.type.dtype not in FLOATS:
            ends = [math.floor(ends[0]), math.ceil(ends[1])]
        parts.append(replace(parameter, domain=Interval(float(ends[0]), float(ends[1]))))
    return replace(graph, inputs=tuple(parts))


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 3))
def test_intervals_are_sound_through_whole_graphs(graph: Graph, seed: int) -> None:
    known = check.check(graph)
    for name, array in evaluate(graph, draw(graph, seed)).items():
        assert np.isfinite(array).all()
        assert holds(known[name], array.astype(np.float64))
