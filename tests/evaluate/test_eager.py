"""Torch's operators mean what ours do, and a graph in torch takes its turns like any rung."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pytest

from hpctc.core.records import Pair, Provenance, Tensor
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.beside import Beside, Torch
from hpctc.evaluate.cases import Case, case
from hpctc.evaluate.eager import TABLE, evaluate, lacks
from hpctc.evaluate.match import Match
from hpctc.evaluate.seat import Seat
from hpctc.graph import ops
from hpctc.graph.compare import disagreement
from hpctc.graph.meaning import draw
from hpctc.graph.reference import reference
from hpctc.graph.samples import graph_of
from hpctc.graph.text import parse
from hpctc.native.call import Array

torch = pytest.importorskip("torch")

GRAPH = """\
graph both(x: f32[64, 96], b: f32[96]) {
  s = x + b
  y = softmax(s, axis=1)
  return y
}
"""

CODE = """\
#include <math.h>
void both(const float *restrict x, const float *restrict b, float *restrict y) {
  for (int i = 0; i < 64; i++) {
    float sum = 0.0f;
    for (int j = 0; j < 96; j++) sum += y[96 * i + j] = expf(x[96 * i + j] + b[j]);
    for (int j = 0; j < 96; j++) y[96 * i + j] /= sum;
  }
}
"""


@pytest.mark.parametrize("name", TABLE)
def test_an_operator_means_what_ours_does(name: str) -> None:
    operator = ops.get(name)
    graphs = [(s, graph_of(name, s)) for s in operator.samples]
    offered = [(sample, graph) for sample, graph in graphs if not lacks(graph)]
    assert offered
    for sample, graph in offered:
        inputs = draw(graph, 1)
        right = reference(graph, inputs)
        with torch.inference_mode():
            made = evaluate(torch, graph, {n: torch.from_numpy(a) for n, a in inputs.items()})
        for output, got in zip(graph.outputs, made, strict=True):
            kind = graph.types()[output]
            array = got.numpy().astype(kind.dtype)
            assert array.shape == kind.shape
            wrong = disagreement(right.outputs[output], array, right.undecided[output])
            assert wrong <= right.tolerance, (output, sample)


@pytest.fixture
def both() -> Pair:
    return Pair.make(
        name="both",
        category="reduction",
        graph=GRAPH,
        c_code=CODE,
        cuda_code="",
        entry="both",
        launches=(),
        inputs=(
            Tensor(name="x", shape=(64, 96), dtype="float32", domain=(-1.0, 1.0)),
            Tensor(name="b", shape=(96,), dtype="float32", domain=(-1.0, 1.0)),
        ),
        outputs=(Tensor(name="y", shape=(64, 96), dtype="float32"),),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )


def test_it_takes_its_turns_beside_the_jail(both: Pair, bench: Bench) -> None:
    library = bench.compile(CODE).library
    assert library is not None
    inputs = list(draw(parse(GRAPH), 1).values())
    with ExitStack() as opened:
        mine = opened.enter_context(Seat(bench.setup, library, both))
        rung = Torch().open(both, bench, opened)
        assert isinstance(rung, Beside)
        decide: Callable[[Sequence[Array]], Case] = lambda v: case(both, v, "a call")  # noqa: E731
        outcome = Match(mine, {"torch": rung}, decide, 1e-6, 1).play(inputs, 0.1)
    assert (outcome.verdict, outcome.problem, outcome.dropped) == ("correct", "", {})
    column = outcome.series.rungs["torch"]
    assert len(column) == len(outcome.series.candidate) >= 10
    assert all(0 < called.child_ns <= called.parent_ns for called in column)


def test_a_graph_that_torch_lacks_has_no_such_rung(both: Pair, bench: Bench) -> None:
    other = GRAPH.replace("softmax(s, axis=1)", "mod(s, 2.5)")
    assert lacks(parse(other)) == "mod"
    pair = both.remade(graph=other)
    with ExitStack() as opened:
        assert Torch().open(pair, bench, opened) == (
            "there is no mod in the table of torch's operators"
        )
