"""No kin across splits, and what stays where when a dataset grows."""

import random
from collections.abc import Callable
from itertools import combinations

import pytest

from hpctc.core.records import Pair, Provenance
from hpctc.dataset.kin import Kinship, columns
from hpctc.dataset.similar import ALIKE, likeness
from hpctc.dataset.split import SPLITS, By, Rule, Split, split
from hpctc.dataset.wiring import graph_id, operator_family, parsed, skeleton

Make = Callable[..., Pair]

UNARY = ("relu", "sigmoid", "tanh", "exp", "abs", "neg", "square", "sin", "cos", "floor", "ceil")


@pytest.fixture
def grown(relu: Make) -> list[Pair]:
    """Eighty pairs: chains of operators at several extents, texts of which some are alike."""
    draw = random.Random(3)
    made: list[Pair] = []
    for i in range(80):
        ops = draw.choices(UNARY, k=draw.randint(1, 4))
        lines = [f"  v{k + 1} = {op}(v{k})\n" for k, op in enumerate(ops)]
        size = draw.randint(8, 90)
        graph = f"graph g{i}(v0: f32[{size}]) {{\n{''.join(lines)}  return v{len(ops)}\n}}\n"
        body = "".join(statement(draw) for _ in range(12))
        if made and draw.random() < 0.4:
            body = draw.choice(made).c_code.partition("{\n")[2].rpartition("}")[0]
            body += draw.choice(["", "  y[0] = 1.0f;\n", "  y[i] += x[i] * x[i];\n"])
        parents = (graph_id(draw.choice(made).graph),) if made and draw.random() < 0.1 else ()
        made.append(
            relu(
                f"g{i}",
                size,
                graph=graph,
                c_code=f"void g{i}(const float *x, float *y, int i) {{\n{body}}}\n",
                cuda_code=f"__global__ void k{i}(float *y, float *x, int i) {{\n{body}}}\n",
                provenance=Provenance(source="grown", parents=parents),
            )
        )
    return made


def statement(draw: random.Random) -> str:
    sign, function = draw.choice("+-*/"), draw.randint(0, 40)
    return f"  y[i * {draw.randint(2, 9)}] {sign}= f{function}(x[i]);\n"


def akin(known: Kinship, i: int, j: int) -> bool:
    one, other = known.pairs[i], known.pairs[j]
    names = [{p.id, graph_id(p.graph), *p.provenance.parents} for p in (one, other)]
    return (
        bool(names[0] & names[1])
        or skeleton(one.graph) == skeleton(other.graph)
        or likeness(known.corpus.works[i], known.corpus.works[j]) >= ALIKE
    )


def where(known: Kinship, rule: Rule) -> dict[str, Split]:
    placed = split(known, rule)
    return {known.pairs[i].id: name for name, found in placed.splits.items() for i in found}


@pytest.mark.parametrize("by", ["wiring", "operator"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_pair_has_kin_in_another_split(grown: list[Pair], by: By, seed: int) -> None:
    known = Kinship(grown)
    placed = where(known, Rule(by=by, seed=seed, test=30, validation=20))
    assert len(placed) == len(grown)
    assert len(set(placed.values())) > 1
    for i, j in combinations(range(len(grown)), 2):
        if placed[grown[i].id] != placed[grown[j].id]:
            assert not akin(known, i, j), (grown[i].name, grown[j].name)


@pytest.mark.parametrize("by", ["wiring", "operator"])
def test_variants_of_a_graph_stay_together(grown: list[Pair], by: By) -> None:
    first = grown[:24]
    beside = [
        p.remade(
            name=f"{p.name}_v1",
            graph=p.graph.replace(f"graph {p.name}(", f"graph {p.name}_v1("),
            c_code=f"void other{i}(void) {{}}\n",
            cuda_code=f"__global__ void nothing_like_it{i}(int *z) {{ *z = {i}; }}\n",
        )
        for i, p in enumerate(first)
    ]
    placed = where(Kinship([*first, *beside]), Rule(by=by, test=30, validation=20))
    assert len(placed) == 2 * len(first)
    for pair, other in zip(first, beside, strict=True):
        assert placed[pair.id] == placed[other.id]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_never_shows_a_held_out_operator(grown: list[Pair], seed: int) -> None:
    placed = where(Kinship(grown), Rule(by="operator", seed=seed, test=30))
    ops = {s: set[str]() for s in SPLITS}
    for pair in grown:
        ops[placed[pair.id]] |= {operator_family(n.op) for n in parsed(pair.graph).nodes}
    # What only tests use was drawn for the test; it drew every pair that has it there.
    held_out = ops["test"] - ops["train"]
    assert held_out
    for pair in grown:
        if held_out & {operator_family(n.op) for n in parsed(pair.graph).nodes}:
            assert placed[pair.id] != "train"


def test_the_seed_says_who_is_held_out(grown: list[Pair]) -> None:
    known = Kinship(grown)
    first = where(known, Rule(test=30))
    assert first == where(Kinship(grown[::-1]), Rule(test=30))
    assert first != where(known, Rule(test=30, seed=1))


def test_most_stay_when_a_dataset_grows_and_all_do_after_a_release(grown: list[Pair]) -> None:
    rule = Rule(test=30, validation=20)
    early = where(Kinship(grown[:40]), rule)
    later = where(Kinship(grown), rule)
    assert sum(early[p] == later[p] for p in early) > 0.7 * len(early)
    known = Kinship(grown)
    kept = Rule(test=30, validation=20, before=early)
    placed = split(known, kept)
    now = where(known, kept)
    assert {p: now[p] for p in early} == early
    for i, j in combinations(sorted(i for s in placed.splits.values() for i in s), 2):
        if now[grown[i].id] != now[grown[j].id]:
            assert not akin(known, i, j)
    assert set(placed.left_out).isdisjoint(range(40))


def test_a_new_pair_between_two_splits_is_left_out(relu: Make) -> None:
    old = [relu("a", graph=chain("a", "exp")), relu("b", graph=chain("b", "sin"), c_code="int b;",
           cuda_code="int c;")]  # fmt: skip
    between = relu(
        "c",
        graph=chain("c", "cos"),
        provenance=Provenance(source="grown", parents=tuple(graph_id(p.graph) for p in old)),
    )
    rule = Rule(before={old[0].id: "train", old[1].id: "test"})
    placed = split(Kinship([between, *old]), rule)
    assert placed.left_out == (0,)
    assert placed.splits["train"] == (1,)
    assert placed.splits["test"] == (2,)


def chain(name: str, op: str) -> str:
    return f"graph {name}(x: f32[8]) {{\n  y = {op}(x)\n  return y\n}}\n"


def test_the_columns_say_who_is_near(relu: Make) -> None:
    far = "void z(int n) { while (n > 3) { n = n / 2; } do { n--; } while (n); }"
    pairs = [
        relu("a", 100, graph=chain("a", "exp")),
        relu("b", 77, graph=chain("b", "sin")),
        relu("far", graph=chain("far", "exp"), c_code=far, cuda_code=far),
    ]
    a, b, other = columns(Kinship(pairs), train=[0])
    assert (a.nearest, a.nearest_likeness) == (pairs[1].id, 1.0)
    assert a.train_likeness is None  # there is no other in train
    assert b.train_likeness == 1.0
    assert a.cluster == b.cluster == min(pairs[0].id, pairs[1].id)
    assert other.cluster == pairs[2].id
    assert a.family == other.family != b.family
    assert other.nearest_likeness is not None
    assert other.nearest_likeness < 0.2


@pytest.mark.parametrize(
    ("op", "family"),
    [("conv2d", "conv"), ("conv1d_transpose", "conv_transpose"), ("max_pool3d", "max_pool"),
     ("relu", "relu"), ("atan2", "atan2"), ("log1p", "log1p")],
)  # fmt: skip
def test_operators_of_one_family(op: str, family: str) -> None:
    assert operator_family(op) == family
