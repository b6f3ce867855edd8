"""Compound scaling: operations, parameters and activations grow by the paper's powers."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.core.errors import UsageError
from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse
from hpctc.rewrite.compound import Scaling, compound, deepened, repeats, roles, size


def convolutional(depth: int, width: int = 256, side: int = 64) -> Graph:
    """A stem, residual blocks of one width, a pooled head."""
    b = Builder("resnet")
    x = b.input("x", (2, 3, side, side))
    y = b.op("conv2d", x, b.input("stem", (width, 3, 3, 3)), padding=(1, 1))
    for i in range(depth):
        h = b.op("relu", b.op("conv2d", y, b.input(f"a{i}", (width, width, 3, 3)), padding=(1, 1)))
        h = b.op("conv2d", h, b.input(f"b{i}", (width, width, 3, 3)), padding=(1, 1))
        y = b.op("relu", b.op("add", y, h))
    return b.finish(b.op("global_avg_pool", y))


def perceptron(depth: int, width: int = 512) -> Graph:
    b = Builder("mlp")
    y = b.input("x", (32, width))
    for i in range(depth):
        y = b.op("matmul", y, b.input(f"w{i}", (width, width)))
        y = b.op("gelu", b.op("add", y, b.input(f"b{i}", (width,))))
    return b.finish(y)


def transformer(depth: int, width: int = 128, tokens: int = 96) -> Graph:
    """Blocks of single-headed attention and a feed-forward, each with its norm."""
    b = Builder("encoder")
    y = b.input("x", (1, tokens, width))
    for i in range(depth):

        def weight(name: str, *shape: int, i: int = i) -> str:
            return b.input(f"w{name}{i}", shape)

        n = b.op("rms_norm", y, weight("g", width))
        q, k, v = (b.op("matmul", n, weight(name, width, width)) for name in "qkv")
        scores = b.op("softmax", b.op("matmul", q, b.op("transpose", k, perm=(0, 2, 1))))
        y = b.op("add", y, b.op("matmul", b.op("matmul", scores, v), weight("o", width, width)))
        n = b.op("rms_norm", y, weight("h", width))
        h = b.op("relu", b.op("matmul", n, weight("u", width, 4 * width)))
        y = b.op("add", y, b.op("matmul", h, weight("d", 4 * width, width)))
    return b.finish(y)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 24.0), st.floats(0.0, 1.0))
def test_the_factors_multiply_to_the_target(flops: float, alpha: float) -> None:
    f = Scaling(flops, alpha).factors()
    assert f.depth * f.width**2 * f.resolution**2 == pytest.approx(flops)
    f = Scaling(flops, alpha).factors(depth=False)
    assert f.depth == 1.0
    if alpha < 1:
        assert f.width**2 * f.resolution**2 == pytest.approx(flops)


def test_at_the_papers_alpha_the_exponents_are_the_papers() -> None:
    f = Scaling(16.0).factors()
    assert f.depth == pytest.approx(16**0.1)
    assert f.width == pytest.approx(16**0.4)
    assert f.resolution == pytest.approx(16**0.05)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.5, 12.0), st.integers(4, 9))
def test_a_convolutional_network_grows_by_the_papers_powers(flops: float, depth: int) -> None:
    before = convolutional(depth)
    after = compound(before, Scaling(flops))
    check(after)
    old, new = size(before), size(after)
    assert new.flops / old.flops == pytest.approx(flops, rel=0.15)
    # Depth comes in whole blocks, so the powers hold to about half a block.
    slack = 0.15 + 0.5 / depth
    assert math.log(new.parameters / old.parameters) == pytest.approx(
        0.9 * math.log(flops), abs=slack
    )
    assert math.log(new.activations / old.activations) == pytest.approx(
        0.6 * math.log(flops), abs=slack
    )


@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.8, 1.0])
@pytest.mark.parametrize("make", [convolutional, transformer])
def test_the_target_is_met_at_every_alpha(make: type, alpha: float) -> None:
    before = make(6)
    after = compound(before, Scaling(6.0, alpha))
    # Attention's operations grow with the square of the tokens: it overshoots at a low alpha.
    assert size(after).flops / size(before).flops == pytest.approx(6.0, rel=0.3)
    deeper = repeats(after)
    assert deeper is not None
    assert deeper.count == round(6 * 6.0 ** ((1 - alpha) / 2))


def test_what_has_no_resolution_gives_its_share_to_the_others() -> None:
    before = perceptron(8)
    width, resolution = roles(before)
    assert width
    assert not resolution
    after = compound(before, Scaling(4.0))
    assert size(after).flops / size(before).flops == pytest.approx(4.0, rel=0.05)
    assert after.inputs[0].type.shape[0] == 32


@pytest.mark.parametrize(
    ("make", "nodes"), [(convolutional, 5), (perceptron, 3), (transformer, 15)]
)
def test_blocks_are_found(make: type, nodes: int) -> None:
    block = repeats(make(4))
    assert block is not None
    assert (block.length, block.count) == (nodes, 4)


def test_deeper_networks_are_those_that_would_have_been_built_so() -> None:
    for make in (convolutional, perceptron, transformer):
        small, large = make(2), make(5)
        block = repeats(small)
        assert block is not None
        deep = deepened(small, block, 5)
        assert [n.op for n in deep.nodes] == [n.op for n in large.nodes]
        assert size(deep) == size(large)
        again = repeats(deep)
        assert again is not None
        assert deepened(deep, again, 2) == small


def test_one_block_that_can_follow_itself_is_a_depth_of_one() -> None:
    graph = perceptron(1, 16)
    block = repeats(graph)
    assert block is not None
    assert (block.start, block.length, block.count) == (0, 3, 1)
    deep = deepened(graph, block, 3)
    drawn = draw(deep, 1)
    assert evaluate(deep, drawn)[deep.outputs[0]].shape == (32, 16)


def test_a_chain_without_weights_has_no_depth() -> None:
    assert repeats(parse("graph g(x: f32[4, 4]) {\n  return relu(relu(sin(x)))\n}\n")) is None


def test_depthwise_convolutions_keep_one_channel_a_group() -> None:
    b = Builder("mobile")
    x = b.input("x", (1, 32, 16, 16))
    y = b.op("conv2d", x, b.input("dw", (32, 1, 3, 3)), padding=(1, 1), groups=32)
    graph = b.finish(b.op("conv2d", y, b.input("pw", (64, 32, 1, 1))))
    after = compound(graph, Scaling(8.0, 1.0))
    groups = dict(after.nodes[0].attrs)["groups"]
    assert groups == after.inputs[0].type.shape[1] > 32


@pytest.mark.parametrize(("flops", "alpha"), [(0.0, 0.8), (-1.0, 0.8), (2.0, 1.5), (2.0, -0.1)])
def test_what_means_nothing_is_refused(flops: float, alpha: float) -> None:
    with pytest.raises(UsageError):
        Scaling(flops, alpha)
