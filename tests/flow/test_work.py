from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from hpctc.core.errors import HpctcError, UsageError
from hpctc.dataset.wiring import graph_id
from hpctc.flow.work import Item, Plan, items, sources
from hpctc.graph import ops
from hpctc.graph.published import published
from hpctc.graph.text import parse, show
from hpctc.rewrite import replay

PLAN = Plan(count=None, seed=0, size="small", rewrites=0, effort="none")

MLP = """\
graph mlp(x: f32[4, 8], w: f32[16, 8]) {
  h = dense(x, w)
  y = relu(h)
  return y
}
"""


def listed(plan: Plan, *words: str, most: int = 60) -> list[Item]:
    return list(islice(items(sources(words), plan), most))


def test_without_a_count_the_samples_are_taken_once() -> None:
    found = listed(PLAN, "matmul", "relu")
    assert len(found) == len(ops.get("matmul").samples) + len(ops.get("relu").samples)
    assert {i.provenance.source for i in found} == {"operator matmul", "operator relu"}
    assert [i.name for i in found][:2] == ["matmul", "relu"]
    assert len({i.name for i in found}) == len({parse(i.graph).name for i in found}) == len(found)


def test_a_file_is_taken_as_it_is_unless_a_size_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "wide.graph"
    file.write_text("graph wide(x: f32[512, 4096]) {\n  y = tanh(x)\n  return y\n}\n")
    (kept,) = listed(replace(PLAN, size=None), str(file))
    (scaled,) = listed(PLAN, str(file))
    assert parse(kept.graph).inputs[0].type.shape == (512, 4096)
    assert parse(scaled.graph).inputs[0].type.size < 512 * 4096


def test_all_begins_with_one_sample_of_every_operator() -> None:
    found = listed(PLAN, "all", most=len(ops.OPS))
    assert {i.provenance.source for i in found} == {f"operator {name}" for name in ops.OPS}


@pytest.mark.parametrize("word", ["conv2d_opt", "published:conv2d_opt"])
def test_a_published_name_is_a_source(word: str) -> None:
    (found,) = listed(replace(PLAN, size=None), word)
    assert found.name == "conv2d_opt"
    assert found.provenance.source == "published conv2d_opt"
    assert parse(found.graph).inputs[0].type.shape == (2, 32, 256, 256)


def test_all_published_names_are_taken_in_their_order() -> None:
    found = listed(replace(PLAN, size=None), "published:all", most=99)
    assert [i.name for i in found] == list(published())


def test_a_count_goes_on_at_other_extents_and_never_twice() -> None:
    found = listed(replace(PLAN, count=9), "softmax", most=40)
    assert len(found) == 40
    assert len({graph_id(i.graph) for i in found}) == len({i.name for i in found}) == 40
    assert all(i.provenance.seed is not None for i in found[-20:])


def test_the_list_depends_on_sources_and_seed_alone() -> None:
    plan = replace(PLAN, count=9, rewrites=2)
    again = listed(replace(plan, count=99), "all", "grown")
    assert listed(plan, "all", "grown") == again
    assert listed(replace(plan, seed=1), "all", "grown") != again


def test_a_rewritten_graph_can_be_made_again_from_its_parent() -> None:
    found = listed(replace(PLAN, rewrites=2), "softmax", "layer_norm")
    parents = {graph_id(i.graph): i for i in found if not i.provenance.rewrites}
    children = [i for i in found if i.provenance.rewrites]
    assert children
    for child in children:
        (parent,) = child.provenance.parents
        made = replay(parse(parents[parent].graph), child.provenance.rewrites)
        assert graph_id(child.graph) == graph_id(show(made))


def test_a_file_is_a_source_and_its_content_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "mlp.graph"
    path.write_text(MLP)
    (source,) = sources([str(path)])
    assert source.label.startswith("mlp.graph@")
    (item,) = listed(PLAN, str(path))
    assert (item.name, item.graph, item.provenance.source) == ("mlp", MLP, "file mlp.graph")
    path.write_text(MLP.replace("16", "32"))
    assert sources([str(path)])[0].label != source.label


@pytest.mark.parametrize(
    ("word", "kind", "message"),
    [
        ("matmull", UsageError, "did you mean matmul"),
        ("nothing-like-it", UsageError, "there is no source"),
        ("missing.graph", HpctcError, r"cannot read missing\.graph"),
    ],
)
def test_unknown_sources_are_named(word: str, kind: type[HpctcError], message: str) -> None:
    with pytest.raises(kind, match=message):
        sources([word])


def test_a_wrong_graph_file_shows_where(tmp_path: Path) -> None:
    path = tmp_path / "bad.graph"
    path.write_text(MLP.replace("relu(h)", "rellu(h)"))
    with pytest.raises(HpctcError, match=r"bad\.graph"):
        sources([str(path)])


def test_a_family_is_a_source_and_its_subject_several() -> None:
    taken = listed(replace(PLAN, size=None), "family:attention")
    origins = [item.provenance.source for item in taken]
    assert {"family attention.naive", "family attention.tiled"} < set(origins)
    assert len(origins) == len(set(origins))


def test_a_family_goes_on_at_sizes_of_its_own() -> None:
    taken = listed(replace(PLAN, count=4, size="medium"), "family:attention.naive", most=4)
    shapes = [parse(item.graph).inputs[0].type.shape for item in taken]
    assert len(set(shapes)) == 4
    assert all(item.provenance.seed is not None for item in taken)
