"""The published graphs without a definition, ``graph_1`` to ``graph_30``, as graphs of ours.

What is published of them is generated code. Which window of an input it reads, and how the result
is permuted, was read off its index arithmetic: an offset of 16973 into 11 x 22 x 33 x 44 is the
element (0, 11, 22, 33). ``fast_exp``, ``fast_tanh`` and ``fast_erf`` are the functions themselves
here; ours carries its own polynomials for them.
"""

from collections.abc import Callable, Sequence

from hpctc.graph.build import Builder

Shapes = Sequence[tuple[int, ...]]
Make = Callable[[Builder, Sequence[str], Shapes, Shapes], str | tuple[str, ...]]

TEN = (10, 10, 10, 10)


def window(b: Builder, x: str, begin: Sequence[int], size: Sequence[int]) -> str:
    """``size`` elements from ``begin`` on."""
    end = tuple(at + n for at, n in zip(begin, size, strict=True))
    return b.op("slice", x, begin=tuple(begin), end=end, step=(1,) * len(end))


def chain(b: Builder, x: str, *operators: str) -> str:
    """Operators of one operand, one after the other."""
    for operator in operators:
        x = b.op(operator, x)
    return x


def pair(b: Builder, x: Sequence[str]) -> tuple[str, str]:
    """The windows of both inputs that many of these graphs begin with."""
    return window(b, x[0], (0, 11, 22, 33), TEN), window(b, x[1], (11, 22, 33, 44), TEN)


def twice(b: Builder, x: str) -> str:
    """Two windows of one input, one after the other: 20 x 10 x 10 x 9."""
    size = (10, 10, 10, 9)
    parts = [window(b, x, begin, size) for begin in ((0, 11, 22, 33), (1, 12, 23, 34))]
    return b.op("concat", *parts, axis=0)


def _graph_1(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    first = b.op("reshape", x[0], shape=(11, 22, 33, 2, 22))
    first = b.op("transpose", first, perm=(2, 0, 4, 1, 3))
    second = b.op("reshape", x[1], shape=(11, 22, 44, 11, 3))
    second = b.op("transpose", second, perm=(4, 0, 3, 1, 2))
    return b.op("add", *(b.op("reshape", y, shape=results[0]) for y in (first, second)))


def _graph_3(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    larger = b.op("resize2d", x[0], size=results[0][2:], method="linear")
    return b.op("exp", b.op("leaky_relu", b.op("mul", larger, 0.1), alpha=0.5))


def _graph_4(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    used = window(b, x[0], (0, 0, 0, 0), (6, 20, 3, 4))
    rows = b.op("exp", b.op("reshape", used, shape=(24, 5, 6, 2)))
    return b.op("transpose", b.op("sum", rows, axes=(0,)), perm=(0, 2, 1))


def _graph_6(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    rows = b.op("reshape", twice(b, x[0]), shape=(20, 10, 90))
    return b.op("transpose", b.op("log_softmax", rows, axis=1), perm=(0, 2, 1))


def _graph_10(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    used = window(b, b.op("reshape", x[0], shape=(207, 60)), (0, 0), (69, 60))
    parts = b.op("reshape", used, shape=(69, 20, 3))
    return b.op("tanh", b.op("transpose", parts, perm=(2, 0, 1)))


def _graph_12(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    rows = b.op("broadcast_to", b.op("reshape", x[0], shape=(23, 60)), shape=results[0])
    return b.op("tanh", b.op("log_softmax", rows, axis=2))


def _graph_13(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    used = b.op("broadcast_to", window(b, x[0], (0, 1, 2), (1, 32, 5)), shape=results[0])
    scaled = b.op("mul", used, b.op("reshape", x[1], shape=(32, 1)))
    return b.op("erf", b.op("where", b.op("greater", used, 0.0), used, scaled))


def _graph_16(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    larger = b.op("resize2d", x[0], size=results[0][2:], method="linear")
    scaled = b.op("mul", b.op("add", larger, 3.0), 1 / 13)
    return b.op("softmax", b.op("leaky_relu", scaled, alpha=0.5), axis=1)


def _graph_18(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    rows = b.op("transpose", b.op("softmax", twice(b, x[0]), axis=3), perm=(0, 2, 1, 3))
    mean = b.op("mean", b.op("square", rows), axes=(1, 2), keepdims=True)
    scaled = b.op("mul", rows, b.op("reshape", x[1], shape=(10, 10, 1)))
    return b.op("mul", scaled, b.op("rsqrt", b.op("add", mean, 1e-5)))


def _graph_21(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    rows = b.op("broadcast_to", b.op("flip", x[0], axes=(1,)), shape=results[0])
    return b.op("exp", b.op("log_softmax", rows, axis=3))


def _graph_22(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    used = b.op("reshape", window(b, x[0], (0, 1, 2), (1, 5, 5)), shape=(5, 5, 1))
    value = chain(b, b.op("mul", used, 0.33333334), "floor", "erf")
    return b.op("broadcast_to", value, shape=results[0])


def _graph_24(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> tuple[str, str]:
    first, second = pair(b, x)
    return b.op("flip", second, axes=(2,)), b.op("atanh", first)


def _graph_25(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    turned = b.op("reshape", b.op("transpose", x[0], perm=(1, 2, 0)), shape=results[0])
    return b.op("clip", b.op("floor", turned), min=1.1, max=11.11)


def _graph_27(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    turned = b.op("transpose", b.op("reshape", x[0], shape=(4, 30, 7)), perm=(1, 0, 2))
    return b.op("exp", b.op("clip", turned, min=11.11, max=99.99))


def _graph_28(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    turned = b.op("transpose", window(b, x[0], (2, 1, 3, 0), (6, 8, 4, 10)), perm=(3, 1, 0, 2))
    return chain(b, turned, "cos", "log2", "exp")


def _product(*operators: str) -> Make:
    def make(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
        return chain(b, b.op("mul", *pair(b, x)), *operators)

    return make


def _windowed(begin: Sequence[int], *operators: str) -> Make:
    def make(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
        return chain(b, window(b, x[0], begin, results[0]), *operators)

    return make


GROWN: dict[str, Make] = {
    "graph_1": _graph_1,
    "graph_3": _graph_3,
    "graph_4": _graph_4,
    "graph_6": _graph_6,
    "graph_7": _product("exp"),
    "graph_9": lambda b, x, _, __: b.op("tanh", b.op("sub", *pair(b, x))),
    "graph_10": _graph_10,
    "graph_12": _graph_12,
    "graph_13": _graph_13,
    "graph_15": _product("exp", "exp"),
    "graph_16": _graph_16,
    "graph_18": _graph_18,
    "graph_19": _windowed((1, 0, 1), "exp", "exp"),
    "graph_21": _graph_21,
    "graph_22": _graph_22,
    "graph_24": _graph_24,
    "graph_25": _graph_25,
    "graph_27": _graph_27,
    "graph_28": _graph_28,
    "graph_30": _windowed((4, 14, 24, 34), "log10", "round", "exp"),
}
"""Published name -> our graph of it."""
