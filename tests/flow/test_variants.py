"""Several pairs of one meaning: drawn, named, replayable, and one where the code is the same."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Provenance
from hpctc.dataset.folder import Failure
from hpctc.dataset.wiring import graph_id, skeleton
from hpctc.flow.siblings import Siblings
from hpctc.flow.work import Item, Plan, items, sources
from hpctc.graph.text import parse
from hpctc.lower.cpu.strategy import read as strategy
from hpctc.lower.effort import Effort
from hpctc.lower.pair import lower
from hpctc.lower.variant import BLOCKS, DEFAULT, STRATEGIES, Variant, read, variants

MLP = """\
graph mlp(x: f32[40, 64], w: f32[96, 64], b: f32[96]) {
  h = dense(x, w)
  g = add(h, b)
  r = relu(g)
  s = softmax(r, axis=1)
  return s
}
"""


def written(variant: Variant) -> Pair:
    return lower(
        parse(MLP), Effort.parse("none"), Provenance(source="test", seed=3), variant=variant
    )


def test_variants_are_distinct_and_follow_from_the_seed() -> None:
    found = variants(operators=5, count=12, seed=1)
    assert len(set(found)) == 12
    assert found == variants(5, 12, 1)
    assert found != variants(5, 12, 2)
    assert found[:3] == variants(5, 3, 1)
    assert {v.group for v in variants(1, 99, 0)} == {None}
    assert len(variants(1, 99, 0)) == len(BLOCKS) * len(STRATEGIES)
    assert DEFAULT not in variants(9, 999, 0)


def test_a_variant_is_a_text() -> None:
    assert read(None) == DEFAULT
    for variant in variants(4, 999, 0):
        assert read(str(variant)) == variant
        if variant.c is not None:
            assert str(strategy(variant.c)) == variant.c
    with pytest.raises(UsageError, match="no variant"):
        read("variety{block=3}")
    with pytest.raises(UsageError, match="no option 'blok'"):
        read("variant{blok=3}")


@pytest.mark.parametrize(
    ("variant", "differs"),
    [
        (Variant(group=1), "cuda c launches"),
        (Variant(group=2), "cuda c launches"),
        (Variant(block=64, plain=True), "cuda launches"),
        (Variant(c="rules{rows=false}"), "c"),
    ],
    ids=str,
)
def test_the_text_differs_in_what_the_variant_says(variant: Variant, differs: str) -> None:
    usual, made = written(DEFAULT), written(variant)
    parts = {"cuda": "cuda_code", "c": "c_code", "launches": "launches"}
    assert {p for p, f in parts.items() if getattr(made, f) != getattr(usual, f)} == set(
        differs.split()
    )
    assert usual.provenance.variant is None
    assert made.provenance.variant == str(variant)
    assert made.id != usual.id
    assert (made.graph, made.inputs, made.outputs) == (usual.graph, usual.inputs, usual.outputs)


def test_a_variant_can_be_made_again_from_its_record() -> None:
    made = written(Variant(group=2, block=128, plain=True, c="rules{tile=16}"))
    of = made.provenance
    assert lower(parse(made.graph), Effort.parse(of.effort), of, None, read(of.variant)) == made


def test_they_follow_their_graph_in_the_work_list() -> None:
    plan = Plan(count=99, seed=0, size="small", rewrites=1, effort="none", variants=2)
    listed = list(islice(items(sources(["softmax", "grown"]), plan), 60))
    assert len({i.name for i in listed}) == len({i.graph for i in listed}) == 60
    plain = list(islice(items(sources(["softmax", "grown"]), replace(plan, variants=0)), 20))
    assert plain == listed[::3]
    for first, *beside in np.array_split(np.array(listed, dtype=object), 20):
        assert first.provenance.variant is None
        assert [i.name for i in beside] == [f"{first.name}_v1", f"{first.name}_v2"]
        for item in beside:
            assert graph_id(item.graph) == graph_id(first.graph)
            assert skeleton(item.graph) == skeleton(first.graph)
            again = replace(item.provenance, variant=None)
            assert again == first.provenance
            assert str(read(item.provenance.variant)) == item.provenance.variant


def test_a_variant_with_the_code_of_another_is_none() -> None:
    def named(name: str, variant: Variant) -> tuple[Item, Pair]:
        graph = replace(parse(MLP), name=name)
        asked = Provenance(source="test", variant=str(variant))
        made = lower(graph, Effort.parse("none"), asked, variant=variant)
        return Item(name, made.graph, asked), made

    first, usual = named("mlp", DEFAULT)
    first = replace(first, provenance=Provenance(source="test"))
    same, double = named("mlp_v1", Variant(group=9))
    other, single = named("mlp_v2", Variant(group=1))
    lost = Failure.make(graph="", name="x", source="test", stage="lower", reason="no")
    assert double.id != usual.id
    met = Siblings()
    assert met.meet(first, usual) is None
    assert met.meet(same, double) == "mlp"
    assert met.meet(other, single) is None
    assert met.meet(same, lost) is None
    assert met.meet(same, double) == "mlp"
    # the next graph's pairs are compared among each other alone
    assert met.meet(replace(first, name="mlp_v1"), double) is None
