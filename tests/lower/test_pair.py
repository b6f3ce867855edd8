"""A graph becomes one record that holds both sources and how they were made."""

from pathlib import Path

import numpy as np
import pytest

from hpctc.core.codec import decode, encode
from hpctc.core.records import Pair, Provenance
from hpctc.emulate import check_pair
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse, show
from hpctc.lower.effort import Effort
from hpctc.lower.pair import lower
from hpctc.lower.variant import Variant
from hpctc.native.call import run
from hpctc.native.compiler import compiler

TEXT = """
graph block(x: f32[12, 20], w: f32[20, 16], gamma: f32[16]) {
  h = relu(x @ w) * gamma
  p = softmax(h)
  i = argmax(p, axis=1)
  return p, i
}
"""


@pytest.fixture(scope="module")
def pair() -> Pair:
    return lower(parse(TEXT), Effort.parse("none"), Provenance(source="test", seed=7))


def test_both_sources_compute_the_graph(pair: Pair, build_folder: Path) -> None:
    graph = parse(pair.graph)
    inputs = draw(graph, seed=3)
    meaning = evaluate(graph, inputs)
    built = compiler().build(pair.c_code, build_folder)
    assert built.library is not None, built.log
    by_c = run(built.library, pair.entry, [inputs[t.name] for t in pair.inputs], pair.outputs)
    by_cuda = check_pair(pair, inputs)
    assert by_cuda.ok, by_cuda.findings
    for tensor, c in zip(pair.outputs, by_c, strict=True):
        np.testing.assert_allclose(c, meaning[tensor.name], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            by_cuda.outputs[tensor.name], meaning[tensor.name], rtol=1e-5, atol=1e-6
        )


def test_names_are_those_of_the_graph(pair: Pair) -> None:
    assert pair.entry == "block"
    assert [t.name for t in pair.inputs] == ["x", "w", "gamma"]
    assert [t.name for t in pair.outputs] == ["p", "i"]
    assert pair.graph == show(parse(TEXT))


def test_the_record_says_how_it_was_made(pair: Pair) -> None:
    made = pair.provenance
    assert (made.source, made.seed, made.effort) == ("test", 7, "none")
    assert {"hpctc", "tvm"} <= set(made.tools)
    assert {name.partition(" ")[0] for name in made.schedules} == {"c", "cuda"}
    assert pair.category == "compute intensive"
    assert pair.flops > 2 * 12 * 20 * 16
    assert pair.bytes == 4 * (12 * 20 + 20 * 16 + 16 + 12 * 16 + 12)
    assert pair.checks == ()


def test_it_survives_being_written_and_read(pair: Pair) -> None:
    assert decode(Pair, encode(pair)) == pair
    assert pair.is_genuine()


def test_the_same_graph_gives_the_same_pair(pair: Pair) -> None:
    again = lower(parse(TEXT), Effort.parse("none"), Provenance(source="test", seed=7))
    assert again == pair


def test_unfused_it_is_another_pair_of_the_same_graph(pair: Pair) -> None:
    provenance = Provenance(source="test", seed=7)
    apart = lower(parse(TEXT), Effort.parse("none"), provenance, variant=Variant(group=1))
    assert apart.graph == pair.graph
    assert apart.id != pair.id
    assert len(apart.launches) > len(pair.launches)
