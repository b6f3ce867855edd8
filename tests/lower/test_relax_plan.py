"""Every operator means in TVM what it means in numpy; plans name and order their buffers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import tvm
from tvm import tirx

from hpctc.graph import samples
from hpctc.graph.ir import Graph, Input, Interval, Node, TensorType, Value
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan

TOLERANCE = {"float32": 1e-5, "float16": 4e-3}
"""Of |value - meaning| / (|meaning| + 1); everything else is exact."""

TOGETHER = 24
"""Samples that are compiled as one module: LLVM's start costs more than their code."""

ALL = samples.all_samples()


@pytest.fixture(scope="module", autouse=True)
def fmod_for_llvm() -> None:
    """TVM's LLVM backend lacks fmod, which CUDA and C have."""
    tirx.register_intrin_lowering(
        "tirx.fmod",
        target="llvm",
        f=lambda call: tirx.call_pure_extern(str(call.ty.dtype), "fmodf", *call.args),
    )


def run(plans: Sequence[Plan], inputs: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The outputs of plans, each step built by TVM's LLVM as it is: unscheduled, unoptimised."""
    functions = {
        f"f{p}_{s}": step.func.with_attr("global_symbol", f"f{p}_{s}")
        for p, made in enumerate(plans)
        for s, step in enumerate(made.steps)
    }
    target = tvm.target.Target({"kind": "llvm", "opt-level": 0})
    library = tvm.compile(tvm.IRModule(functions), target=target)
    results = []
    for p, (made, given) in enumerate(zip(plans, inputs, strict=True)):
        buffers = {
            t.name: tvm.runtime.tensor(np.zeros(t.shape, t.dtype))
            for t in (*made.intermediates, *made.outputs)
        }
        arrays = given.values()
        for t, array in zip(made.inputs, arrays, strict=True):
            buffers[t.name] = tvm.runtime.tensor(np.ascontiguousarray(array))
        for s, step in enumerate(made.steps):
            library[f"f{p}_{s}"](*(buffers[a] for a in step.args))
        results.append([buffers[t.name].numpy() for t in made.outputs])
    return results


def check(graph: Graph, inputs: Mapping[str, Any], outputs: Sequence[Any]) -> None:
    meaning = evaluate(graph, inputs)
    for name, got in zip(graph.outputs, outputs, strict=True):
        want = meaning[name]
        assert got.shape == want.shape
        error = np.abs(got.astype(np.float64) - want) / (np.abs(want) + 1)
        limit = TOLERANCE.get(got.dtype.name, 0.0)
        assert error.size == 0 or np.max(error) <= limit, (graph.name, name, np.max(error))


@pytest.mark.parametrize("first", range(0, len(ALL), TOGETHER), ids=lambda n: ALL[n][0])
def test_every_operator_means_what_numpy_means(first: int) -> None:
    graphs = [g for _, g in ALL[first : first + TOGETHER]]
    inputs = [draw(g, seed=first) for g in graphs]
    for graph, given, got in zip(
        graphs, inputs, run([plan(g) for g in graphs], inputs), strict=True
    ):
        check(graph, given, got)


MLP = """
graph mlp(x: f32[8, 16], w: f32[16, 12], b: f32[12]) {
  h = relu(x @ w + b)
  p = softmax(h)
  return p
}
"""


def chain(*nodes: Node, outputs: tuple[str, ...], shape: tuple[int, ...] = (4, 6)) -> Graph:
    kind = TensorType(shape, "float32")
    return Graph("g", (Input("x", kind, Interval(-1, 1)),), nodes, outputs)


def node(name: str, op: str, *args: Any, **attrs: Any) -> Node:
    kind = TensorType((4, 6), "float32")
    return Node((Value(name, kind),), op, args, tuple(attrs.items()))


def consistent(made: Plan) -> None:
    """Every buffer is written once, before it is read; names are unique."""
    names = [t.name for t in (*made.inputs, *made.outputs, *made.intermediates)]
    assert len(set(names)) == len(names)
    written = {t.name for t in made.inputs}
    for step in made.steps:
        reads, writes = step.args[: -step.outputs], step.args[-step.outputs :]
        assert len(step.func.params) == len(step.args)
        assert set(reads) <= written
        assert not set(writes) & written
        written |= set(writes)
    assert {t.name for t in made.outputs} <= written
    assert len({s.name for s in made.steps}) == len(made.steps)


def both(graph: Graph) -> None:
    """Check the plan with and without fusion."""
    inputs = draw(graph, seed=1)
    plans = [plan(graph), plan(graph, group=1)]
    for made in plans:
        consistent(made)
    for outputs in run(plans, [inputs, inputs]):
        check(graph, inputs, outputs)


def test_fusion_joins_what_follows_a_product() -> None:
    graph = chain(
        node("a", "mul", "x", 2.0),
        node("b", "add", "a", "x"),
        node("c", "tanh", "b"),
        outputs=("c",),
    )
    assert [s.name for s in plan(graph).steps] == ["fused_mul_add_tanh_kernel"]
    assert [s.name for s in plan(graph, group=1).steps] == [
        "mul_kernel", "add_kernel", "tanh_kernel"
    ]  # fmt: skip
    both(graph)


def test_an_output_may_be_an_input_or_come_twice() -> None:
    graph = chain(node("y", "exp", "x"), outputs=("y", "x", "y"))
    made = plan(graph)
    assert [t.name for t in made.outputs] == ["y", "x_2", "y_2"]
    both(graph)


def test_an_output_may_be_read_on() -> None:
    both(chain(node("y", "exp", "x"), node("z", "sin", "y"), outputs=("z", "y")))


def test_a_graph_may_have_no_nodes() -> None:
    both(chain(outputs=("x",)))


def test_unused_inputs_and_dead_nodes_do_no_work() -> None:
    kind = TensorType((4, 6), "float32")
    inputs = tuple(Input(n, kind, Interval(-1, 1)) for n in ("x", "unused"))
    graph = Graph("g", inputs, (node("dead", "exp", "x"), node("y", "sin", "x")), ("y",))
    made = plan(graph)
    assert [t.name for t in made.inputs] == ["x", "unused"]
    assert [s.name for s in made.steps] == ["sin_kernel"]
    both(graph)


def test_equal_functions_are_shared_and_their_parameters_neutral() -> None:
    graph = chain(
        node("a", "softmax", "x", axis=-1), node("b", "softmax", "a", axis=-1), outputs=("b",)
    )
    made = plan(graph)
    assert made.steps[0].func.same_as(made.steps[1].func)
    assert [p.name for p in made.steps[0].func.params] == ["in0", "out0"]
    both(graph)


def test_one_buffer_may_stand_for_two_operands() -> None:
    both(chain(node("y", "mul", "x", "x"), outputs=("y",)))


@pytest.mark.parametrize("word", ["float", "int", "half", "threadIdx", "exp", "restrict", "t0"])
def test_names_that_c_or_cuda_keep_are_changed(word: str) -> None:
    kind = TensorType((4, 6), "float32")
    inputs = (Input(word, kind, Interval(-1, 1)),)
    graph = Graph("main", inputs, (node("a", "softmax", word, axis=-1),), ("a",))
    made = plan(graph)
    assert made.entry == "main_"
    assert made.inputs[0].name in ({word} if word == "t0" else {f"{word}_"})
    both(graph)


def test_parameters_are_called_as_their_buffers() -> None:
    made = plan(parse(MLP))
    assert [[str(p.name) for p in s.func.params] for s in made.steps] == [
        ["x", "w", "b", "t0"],
        ["t0", "p"],
    ]


def test_no_body_calls_a_packed_function() -> None:
    for _, graph in ALL[:: len(ALL) // 40]:
        for step in plan(graph).steps:
            assert "call_packed" not in step.func.script()


def test_plans_repeat(golden: Any) -> None:
    texts = [s.func.script() for _ in range(2) for s in plan(parse(MLP)).steps]
    assert texts[:2] == texts[2:]
    golden("mlp.tir", "\n".join(texts[:2]))
