"""Every family is legal at its sizes, means what torch means, and agrees with its variants."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.core.errors import UsageError
from hpctc.evaluate.eager import evaluate as run_eagerly
from hpctc.evaluate.eager import lacks
from hpctc.families import FAMILIES, Family, get, matching
from hpctc.graph.check import check
from hpctc.graph.compare import disagreement
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.op import Array
from hpctc.graph.reference import Reference, reference
from hpctc.rewrite.scale import SIZES, fits

WORKLOADS = Path(__file__).parents[2].parent / "shared" / "hpctranseval" / "workloads.json"
"""Facts about what was published; outside the repository, so its test is skipped elsewhere."""

VARIANTS = [name for name, family in FAMILIES.items() if family.like]


def filled(family: Family, graph: Graph, sizes: dict[str, int], seed: int) -> dict[str, Array]:
    """Inputs with the tables that the family asks for."""
    inputs = draw(graph, seed)
    for name, table in family.tables(sizes).items():
        assert (table.shape, table.dtype) == (inputs[name].shape, inputs[name].dtype)
        inputs[name] = table
    return inputs


def smallest(family: Family) -> dict[str, int]:
    return {name: values[0] for name, values in family.sizes.items()}


def close(right: Reference, made: dict[str, Array]) -> None:
    for name, array in made.items():
        wrong = disagreement(right.outputs[name], array, right.undecided[name])
        assert wrong <= 2 * right.tolerance, name


@pytest.mark.parametrize("name", FAMILIES)
def test_the_smallest_member_is_what_torch_computes(name: str) -> None:
    family = FAMILIES[name]
    sizes = smallest(family)
    graph = family.graph()
    check(graph)
    inputs = filled(family, graph, sizes, 1)
    right = reference(graph, inputs)
    tensors = {k: torch.from_numpy(v) for k, v in inputs.items()}
    assert family.torch is not None or not lacks(graph)
    if family.torch is not None:
        made = family.torch(torch, tensors, sizes)
        results = made if isinstance(made, tuple) else (made,)
        close(right, dict(zip(graph.outputs, (r.numpy() for r in results), strict=True)))
    if not lacks(graph):
        eager = (r.numpy() for r in run_eagerly(torch, graph, tensors))
        close(right, dict(zip(graph.outputs, eager, strict=True)))


@pytest.mark.parametrize("name", VARIANTS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_variants_compute_the_same(name: str, seed: int) -> None:
    family = FAMILIES[name]
    other = get(family.like)
    small = {n: values[: 2 if n != "seq" else 1] for n, values in family.sizes.items()}
    draws = np.random.default_rng(seed)
    sizes = {n: int(draws.choice(values)) for n, values in small.items()}
    mine, theirs = family.graph(**sizes), other.graph(**family.alike(sizes))
    inputs = filled(family, mine, sizes, seed)
    assert {i.name for i in theirs.inputs} <= set(inputs)
    left, right = evaluate(mine, inputs), evaluate(theirs, inputs)
    for a, b in zip(left.values(), right.values(), strict=True):
        # Tables and literals are rounded to float32; everything else is float64.
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_other_sizes_are_legal(name: str) -> None:
    family = FAMILIES[name]
    drawn = family.sample(7)
    assert drawn == family.sample(7)
    for sizes in (drawn, {**smallest(family), **family.published}):
        graph = family.graph(**sizes)
        check(graph)
        tables, types = family.tables(sizes), graph.types()
        assert all(types[name].shape == table.shape for name, table in tables.items())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_members_of_medium_size(name: str) -> None:
    drawn = (FAMILIES[name].graph(**FAMILIES[name].sample(seed)) for seed in range(200))
    assert any(fits(graph, SIZES["medium"]) for graph in drawn)


def test_one_mask_tile_serves_every_distance() -> None:
    # A window of other tiles than the graph's own: wherever the tile is cut, it is causal.
    family = get("attention.tiled")
    tile = family.tables({"tile": 4})["mask"]
    for distance in range(-3, 4):
        row, column = max(0, distance), max(0, -distance)
        piece = tile[row : row + 4, column : column + 4]
        queries, keys = np.arange(4)[:, None] + distance, np.arange(4)[None]
        assert np.array_equal(piece, keys <= queries)


def test_a_shifted_window_hides_what_was_rolled_round() -> None:
    sizes = {"windows": 2, "window": 4}
    mask = get("blocks.swin").tables(sizes)["mask"][:, 0] > 0.5
    rows, columns = np.indices((8, 8))
    rows, columns = (rows + 2) % 8, (columns + 2) % 8  # where each place was before rolling
    windows = [(i, j) for i in range(2) for j in range(2)]
    for (i, j), hidden in zip(windows, mask, strict=True):
        y, x = (a[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].ravel() for a in (rows, columns))
        near = (abs(y[:, None] - y) < 4) & (abs(x[:, None] - x) < 4)
        assert np.array_equal(hidden, ~near)


def test_a_split_transform_is_the_transform() -> None:
    # The spectra that the two-factor transform leaves, against numpy's FFT, in its order.
    from hpctc.families.longconv import _monarch_tables, _split_transform
    from hpctc.families.tensor import Pen

    pen = Pen("split")
    x = pen.input("x", 3, 4, 8)
    tables = _monarch_tables({"first": 4, "second": 8})
    made = _split_transform(x, [pen.input(n, *t.shape) for n, t in tables.items()])
    graph = pen.finish(*made)
    values = draw(graph, 0)
    re, im = evaluate(graph, {**values, **tables}).values()
    right = np.fft.fft(values["x"].reshape(3, 32).astype(np.float64))
    np.testing.assert_allclose((re + 1j * im).transpose(0, 2, 1).reshape(3, 32), right, atol=1e-5)


@pytest.mark.skipif(not WORKLOADS.is_file(), reason="the published facts are not here")
def test_published_blocks_have_the_published_shapes() -> None:
    records = [r for r in json.loads(WORKLOADS.read_text()) if r["group"] == "ModelBuildingBlock"]
    assert len(records) == 7
    for record in records:
        name = record["op_name"]
        family = get(f"published.{name}")
        graph = family.graph(**family.published)
        given = sorted(tuple(shape) for shape in record["input_shape"])
        made = sorted(i.type.shape for i in graph.inputs)
        output = graph.types()[graph.outputs[0]].shape
        if name == "squeeze":  # the published one leaves its arrays
            assert (len(made), output[2:]) == (len(given), tuple(record["output_shape"][0][2:]))
            continue
        assert made == given, name
        assert output == tuple(record["output_shape"][0]), name


def test_a_family_is_found_by_its_subject_and_by_name() -> None:
    assert {f.name for f in matching("attention")} >= {"attention.naive", "attention.causal"}
    assert [f.name for f in matching("attention.causal")] == ["attention.causal"]
    with pytest.raises(UsageError, match=r"did you mean attention.causal"):
        get("attention.casual")
    with pytest.raises(UsageError, match="its sizes are batch, heads, seq, dim"):
        get("attention.causal").graph(heigth=3)
