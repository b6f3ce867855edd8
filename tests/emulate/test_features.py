# ruff: noqa: E501 (a case in few lines)
"""Every CUDA feature in a small kernel, held against numpy, in three thread orders."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from hpctc.emulate import Emulation

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]
RNG = np.random.default_rng(7)
ORDERS = (
    Emulation(),
    Emulation(order="reverse", guard="left"),
    Emulation(order="random", seed=11, threads=1),
)


def uniform(*shape: int) -> Array:
    return RNG.uniform(0.1, 1.0, shape).astype(np.float32)


def integers(low: int, high: int, *shape: int, dtype: str = "int32") -> Array:
    return RNG.integers(low, high, shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """A kernel with its launch and what numpy says of it."""

    file: str
    launches: Sequence[tuple[Any, ...]]
    """(kernel, grid, block, args) or (kernel, grid, block, args, shared bytes)."""
    inputs: Arrays
    outputs: Arrays
    """Initial values."""
    expected: Callable[[Arrays], Sequence[Any]]
    """Inputs -> the outputs in order."""
    tolerance: float = 0.0
    printed: str = ""


def zeros(*shape: int, dtype: str = "float32") -> Array:
    return np.zeros(shape, dtype)


def saxpy(a: Arrays) -> list[Array]:
    return [np.float32(2.5) * a["x"] + np.float32(1)]


def shuffled(x: Array, width: int) -> Array:
    lane = np.arange(len(x))
    first = lane // width * width
    rank = lane - first
    picks = [
        first + 5 % width,
        np.where(rank >= 3, lane - 3, lane),
        np.where(rank + 3 < width, lane + 3, lane),
        np.where((rank ^ 3) < width, lane ^ 3, lane),
    ]
    return np.stack([x[p] for p in picks], axis=1)


def ballots(a: Arrays) -> list[Array]:
    rows = []
    for warp in a["x"].reshape(-1, 32):
        bits = lambda chosen: int(sum(1 << i for i in np.flatnonzero(chosen)))  # noqa: E731
        for value in warp:
            rows.append(
                [
                    bits(warp & 1),
                    int(np.any(warp == 3)),
                    int(np.all(warp < 100)),
                    bits(warp % 4 == value % 4),
                ]
            )
    return [np.array(rows, np.uint32)]


def halves(a: Arrays) -> list[Array]:
    x = a["x"]
    b = x + np.float16(0.1)
    wide = x.astype(np.float32)
    fused = (wide * b.astype(np.float32) + wide).astype(np.float16)
    exp = np.exp(wide).astype(np.float16)
    picked = np.where(x > b, x, -b)
    return [
        np.stack([x * b, fused, exp, picked], axis=1),
        (x + x).astype("f4") + (b + b).astype("f4"),
    ]


def fast_math(a: Arrays) -> list[Array]:
    v = a["x"].astype(np.float64)
    columns = [
        np.exp(v),
        np.log(v + 1),
        np.sin(v),
        np.cos(v),
        v**1.5,
        v / 3,
        1 / v,
        v * v + 1,
        v**-0.5,
        np.clip(v - 0.5, 0, 1),
        np.log2(v),
        np.sqrt(v),
    ]
    return [np.stack(columns, axis=1)]


def functions(a: Arrays) -> list[Array]:
    v, w = a["x"].astype(np.float64), a["a"]
    columns = [
        special.erf(v),
        special.ndtr(v),
        np.tanh(v),
        np.maximum(v, 0.5) + np.minimum(2, v),
        np.cbrt(1 / v),
        np.sin(np.pi * v),
        special.erfinv(v / 2),
        v,
    ]
    return [np.stack(columns, axis=1), np.stack([w**-0.5, special.ndtr(w)], axis=1)]


def rounding(a: Arrays) -> list[Array]:
    v = a["x"]
    up = np.nextafter(v, np.float32(np.inf))
    quotient = (1 / v.astype(np.float64)).astype(np.float32)
    high = quotient.astype(np.float64) > 1 / v.astype(np.float64)
    below = np.where(high, np.nextafter(quotient, np.float32(0)), quotient)
    exact = v.astype(np.float64) * np.float64(np.float32(1.1))
    product = exact.astype(np.float32)
    above = np.where(product < exact, np.nextafter(product, np.float32(np.inf)), product)
    whole = np.stack(
        [np.rint(v), np.trunc(-v), np.ceil(v), np.full_like(v, 2**31 - 1, np.float64)], axis=1
    )
    return [np.stack([v, up, below, above], axis=1), whole.astype(np.int64).astype(np.int32)]


def bits(a: Arrays) -> list[Array]:
    rows = []
    for v in map(int, a["x"]):
        text = f"{v:032b}"
        permuted = (0x11 << 0) | (v >> 16 & 0xFF) << 8 | 0x33 << 16 | (v & 0xFF) << 24
        rows.append(
            [
                text.count("1"),
                32 - v.bit_length(),
                (v & -v).bit_length(),
                int(text[::-1], 2),
                v * v >> 32,
                (v & 0xFFFFFF) * 3 & 0xFFFFFFFF,
                permuted,
                (v << 7 | v >> 25) & 0xFFFFFFFF,
                text.count("1"),
            ]
        )
    return [np.array(rows, np.uint32)]


def dot_bytes(a: Arrays) -> list[Array]:
    left, right = (a[n].view(np.int8).reshape(-1, 4).astype(np.int32) for n in "ab")
    return [(left * right).sum(axis=1) + 10]


def bfloat(a: Arrays) -> list[Array]:
    def widen(x: Array) -> Array:
        return (x.astype(np.uint32) << 16).view(np.float32)

    def narrow(x: Array) -> Array:
        u = x.view(np.uint32)
        return ((u + 0x7FFF + (u >> 16 & 1)) >> 16).astype(np.uint16)

    x = widen(a["x"])
    b = widen(narrow(x * np.float32(1.1)))
    return [narrow(x + b)]


def groups(a: Arrays) -> list[Array]:
    rows = []
    for tile, values in enumerate(a["x"].reshape(-1, 8)):
        ballot = sum(1 << i for i in np.flatnonzero(values > 0.5))
        rows += [[values.sum(), values.max(), values.sum(), tile % 8 + 0.01 * ballot]] * 8
    return [np.array(rows)]


def atomics(_: Arrays) -> list[Array]:
    n, i = 96, np.arange(96)
    bits_and = -1 & ~(1 | 2 | 4 | 8 | 16)
    y = [i.sum(), -i.sum(), 95, -95, bits_and, 2**31 - 1, np.bitwise_xor.reduce(i), 9]
    return [np.array(y, np.int32), np.array([n % 7, (3 - n) % 7, 2 * n, 3 * n], np.uint32)]


def compacted(a: Arrays) -> list[Array]:
    positive = a["x"][a["x"] > 0]
    return [np.array([len(positive)], np.int32), np.sort(positive)]


def lambdas(a: Arrays) -> list[Array]:
    x, row = a["x"].reshape(-1, 4), np.arange(40)[:, None]
    clipped = np.minimum(x, np.float32(0.5)).sum(1)
    weighted = x[:, :1] + (x[:, 1:] * row).sum(1, keepdims=True)
    return [np.stack([clipped, (x > 0.5).sum(1), 2 * x.max(1), weighted[:, 0]], axis=1)]


def operators(a: Arrays) -> list[Array]:
    i = np.arange(32)
    c = (i * (i + 5) % 97 + i) % 97
    return [4 * a["x"], c * 10 + (c & 1) * 2]


def objects(a: Arrays) -> list[Array]:
    sums = a["x"].sum(1)
    means = (0.5 + sums) / a["x"].shape[1]
    return [np.stack([means, 2 + 3 * sums, np.full(16, 1010.0), np.full(16, 4.0)], axis=1)]


def early(a: Arrays) -> list[Array]:
    x, t = a["x"], np.arange(32)
    found = []
    for lane in t:
        hits = [2 * i + k for i in range(lane, 100, 32) for k in (0, 1) if x[i] + k > 90]
        found.append(hits[0] if hits else -1)
    which = (x[:32] + t) % 4
    named = np.select([which == 0, which == 1], [10, np.where(x[:32] > 50, 20, 40)], 30)
    triangle = {8 * i + k: i for i in range(8) for k in range(i, 8)}
    last = [triangle.get(int(v), 100) for v in x[:32]]
    return [np.concatenate([np.array(found)[t ^ 1], named, last])]


def far_pointers(a: Arrays) -> list[Array]:
    return [a["x"].sum(1) + a["x"][:, 1] * a["x"][:, 2]]


def enums(a: Arrays) -> list[Array]:
    values = {1: 11, 8: 10, 9: 99}
    return [[values.get(int(v), -1) * 100 + 1 for v in a["x"]]]


I32 = {"dtype": "int32"}
X = {"x": uniform(1000)}
WARPS = {"x": uniform(64)}

CASES = [
    Case("saxpy", [("saxpy", 8, 128, (2.5, "x", "y", 1000))], X, {"y": zeros(1000)}, saxpy),
    Case(
        "grid_stride", [("square", 3, 64, ("x", "y", 1000))], X, {"y": zeros(1000)},
        lambda a: [a["x"] ** 2],
    ),
    Case(
        "block_2d", [("transpose", (3, 2), (16, 16), ("x", "y", 20, 37))],
        {"x": uniform(20, 37)}, {"y": zeros(37, 20)}, lambda a: [a["x"].T],
    ),
    Case(
        "block_3d", [("where", (2, 2, 2), (4, 3, 5), ("y",))], {}, {"y": zeros(480, dtype="int32")},
        lambda _: [(np.arange(8)[:, None] * 1000 + np.arange(60)).reshape(-1)],
    ),
    Case(
        "static_shared", [("block_sum", 5, 128, ("x", "y"))], {"x": uniform(640)},
        {"y": zeros(5)}, lambda a: [a["x"].reshape(5, 128).sum(axis=1)], 1e-6,
    ),
    Case(
        "dynamic_shared", [("reverse<float>", 4, 96, ("x", "y"), 384)], {"x": uniform(384)},
        {"y": zeros(384)}, lambda a: [a["x"].reshape(4, 96)[:, ::-1].reshape(-1)],
    ),
    Case(
        "dynamic_two_names",
        [("first", 1, 64, ("x", "y"), 256), ("second", 1, 64, ("x", "y"), 512)],
        WARPS, {"y": zeros(64)},
        lambda a: [a["x"][np.arange(64) ^ 1] + a["x"][np.arange(64) ^ 2]],
    ),
    Case(
        "votes", [("votes", 1, 100, ("x", "y"))], {"x": np.arange(100, dtype=np.int32)},
        {"y": zeros(100, 3, **I32)}, lambda _: [np.tile([99, 1, 1], (100, 1))],
    ),
    *[
        Case(
            "shuffles", [("shuffles", 1, 64, ("x", "y", width))], WARPS, {"y": zeros(64, 4)},
            lambda a, width=width: [shuffled(a["x"], width)],
        )
        for width in (8, 32)
    ],
    Case(
        "shuffle_types", [("shuffle_types", 1, 32, ("d", "l", "u", "h"))], {},
        {"d": zeros(32, dtype="float64"), "l": zeros(32, dtype="int64"),
         "u": zeros(32, dtype="uint32"), "h": zeros(32, dtype="float16")},
        lambda _: [
            np.append(np.arange(1, 32), 31) * 0.5, (np.arange(32) ^ 1) << 40,
            np.append([0], np.arange(31)), np.arange(31, -1, -1),
        ],
    ),
    Case(
        "warp_sum", [("row_sum", 6, 256, ("x", "y", 500))], {"x": uniform(6, 500)},
        {"y": zeros(6)}, lambda a: [a["x"].sum(axis=1)], 1e-6,
    ),
    Case(
        "ballots", [("ballots", 1, 64, ("x", "y"))], {"x": integers(0, 9, 64)},
        {"y": zeros(64, 4, dtype="uint32")}, ballots,
    ),
    Case(
        "match_all", [("match_all", 1, 64, ("x", "y"))], {"x": np.append([5] * 63, 6).astype("i4")},
        {"y": zeros(64, 2, **I32)}, lambda _: [[[1, 1]] * 32 + [[1, 0]] * 32],
    ),
    Case(
        "active_mask", [("active", 1, 48, ("y",))], {}, {"y": zeros(48, dtype="uint32")},
        lambda _: [
            [(0x49249249 if i < 32 else 0x2492) * (i % 3 == 0) for i in range(48)]
        ],
    ),
    Case(
        "partial_mask", [("halves", 1, 32, ("x", "y"))], {"x": np.arange(32, dtype=np.int32)},
        {"y": zeros(32, **I32)},
        lambda a: [a["x"] + np.where(a["x"] < 16, a["x"] ^ 1, a["x"] ^ 2)],
    ),
    Case(
        "reduces", [("reduces", 1, 32, ("x", "y"))], {"x": integers(0, 1000, 32)},
        {"y": zeros(32, 6, **I32)},
        lambda a: [np.tile([f.reduce(a["x"]) for f in (
            np.add, np.minimum, np.maximum, np.bitwise_and, np.bitwise_or, np.bitwise_xor,
        )], (32, 1))],
    ),
    Case(
        "histogram", [("histogram", 4, 64, ("x", "y", 5000))], {"x": integers(0, 16, 5000)},
        {"y": zeros(16, dtype="uint32")}, lambda a: [np.bincount(a["x"], minlength=16)],
    ),
    Case(
        "atomics", [("atomics", 3, 32, ("y", "u"))], {},
        {"y": np.array([0, 0, -5, 5, -1, 0, 0, 5], np.int32), "u": np.array([0, 3, 0, 0], np.uint32)},
        atomics,
    ),
    Case(
        "atomic_floats", [("add", 2, 64, ("f", "d", "h"))], {},
        {"f": zeros(1), "d": zeros(1, dtype="float64"), "h": zeros(1, dtype="float16")},
        lambda _: [[64], [32], [128]],
    ),
    Case(
        "float_max_by_cas", [("maximum", 8, 128, ("x", "y", 1000))], X,
        {"y": zeros(1)}, lambda a: [[a["x"].max()]],
    ),
    Case("spin_lock", [("count", 2, 33, ("y",))], {}, {"y": zeros(1, **I32)}, lambda _: [[66]]),
    Case(
        "last_block", [("sum", 7, 32, ("x", "part", "y"))], {"x": integers(0, 99, 224)},
        {"part": zeros(7, **I32), "y": zeros(1, **I32)},
        lambda a: [a["x"].reshape(7, 32).sum(axis=1), [a["x"].sum()]],
    ),
    Case(
        "vectors", [("vectors", 1, 10, ("x", "y", "a", "b"))],
        {"x": uniform(10, 4), "a": integers(0, 99, 10, 4)},
        {"y": zeros(10, 4), "b": zeros(10, 4, **I32)},
        lambda a: [
            np.stack([a["x"][:, 0] + a["x"][:, 1], a["x"][:, 2] + a["x"][:, 3], a["x"][:, 3],
                      a["x"][:, 0]], axis=1),
            a["a"][:, ::-1],
        ],
    ),
    Case(
        "bytes", [("bytes", 1, 16, ("x", "y", "d"))], {"x": integers(0, 256, 16, 4, dtype="uint8")},
        {"y": zeros(16, 4, dtype="uint8"), "d": zeros(16, dtype="float64")},
        lambda a: [a["x"][:, ::-1], a["x"][:, 0] / (a["x"][:, 1] + 1.0)],
    ),
    Case(
        "fast_math", [("fast_math", 1, 64, ("x", "y"))], WARPS, {"y": zeros(64, 12)}, fast_math, 1e-6,
    ),
    Case(
        "functions", [("functions", 1, 64, ("x", "y", "a", "b"))],
        {**WARPS, "a": uniform(64).astype("f8")},
        {"y": zeros(64, 8), "b": zeros(64, 2, dtype="float64")}, functions, 1e-6,
    ),
    Case(
        "rounding", [("rounding", 1, 64, ("x", "y", "k"))],
        {"x": RNG.uniform(1, 90, 64).astype("f4")}, {"y": zeros(64, 4), "k": zeros(64, 4, **I32)},
        rounding,
    ),
    Case(
        "bits", [("bits", 1, 64, ("x", "y"))],
        {"x": np.append(integers(0, 2**32, 62, dtype="uint32"), [0, 2**32 - 1]).astype("u4")},
        {"y": zeros(64, 9, dtype="uint32")}, bits,
    ),
    Case(
        "dot_bytes", [("dot", 1, 32, ("a", "b", "y"))],
        {"a": integers(-(2**31), 2**31, 32), "b": integers(-(2**31), 2**31, 32)},
        {"y": zeros(32, **I32)}, dot_bytes,
    ),
    Case(
        "halves", [("halves", 1, 64, ("x", "y", "z"))], {"x": uniform(64).astype("f2")},
        {"y": zeros(64, 4, dtype="float16"), "z": zeros(64)}, halves,
    ),
    Case(
        "bfloat", [("bfloat", 1, 64, ("x", "y"))], {"x": integers(0x3F00, 0x4100, 64, dtype="uint16")},
        {"y": zeros(64, dtype="uint16")}, bfloat,
    ),
    Case(
        "wmma_f16", [("multiply", 1, 32, ("a", "b", "c"))],
        {"a": uniform(16, 32).astype("f2"), "b": uniform(16, 32).astype("f2")},
        {"c": zeros(16, 16)}, lambda a: [2 * a["a"].astype("f8") @ a["b"].astype("f8").T], 1e-5,
    ),
    Case(
        "wmma_shared", [("multiply", 1, 64, ("a", "b", "c"))],
        {"a": uniform(16, 32).astype("f2"), "b": uniform(16, 8).astype("f2")},
        {"c": zeros(32, 8, dtype="float16")},
        lambda a: [a["a"].astype("f8").T @ a["b"].astype("f8") + 1], 1e-3,
    ),
    Case("groups", [("groups", 1, 64, ("x", "y"))], WARPS, {"y": zeros(64, 4)}, groups, 1e-6),
    Case(
        "coalesced", [("compact", 4, 64, ("x", "n", "y", 200))],
        {"x": (sparse := integers(-9, 9, 200))},
        {"n": zeros(1, **I32), "y": zeros(int((sparse > 0).sum()), **I32)}, compacted,
    ),
    Case(
        "scans", [("scans", 1, 32, ("x", "y"))], {"x": integers(0, 99, 32)},
        {"y": zeros(32, 2, **I32)},
        lambda a: [np.stack([np.cumsum(a["x"]), np.cumsum(a["x"]) - a["x"]], axis=1)],
    ),
    Case(
        "constants", [("filter", 8, 128, ("x", "y", 1000))], X, {"y": zeros(1000)},
        lambda a: [np.convolve(a["x"], [0.25, 0.5, 0.25], "same")], 1e-6,
    ),
    Case(
        "templates", [("scale<float, 4>", 1, 25, ("x", "y", 3.0))], {"x": uniform(100)},
        {"y": zeros(100)}, lambda a: [a["x"] * 3],
    ),
    Case(
        "copy_async", [("copy", 1, 32, ("x", "y"))], {"x": uniform(128)}, {"y": zeros(128)},
        lambda a: [a["x"][::-1] + a["x"]],
    ),
    Case(
        "lane_register", [("lanes", 1, 70, ("y",))], {}, {"y": zeros(70, dtype="uint32")},
        lambda _: [np.arange(70) % 32],
    ),
    Case(
        "printing", [("say", 1, 3, ("x",))], {"x": np.array([1, 2, 1], np.int32)}, {},
        lambda _: [], printed="thread 1 sees 2\n",
    ),
    Case(
        "two_kernels", [("twice", 2, 64, ("x", "t", 100)), ("plus_one", 2, 64, ("t", "y", 100))],
        {"x": uniform(100)}, {"t": zeros(100), "y": zeros(100)},
        lambda a: [a["x"] * 3, a["x"] * 3 + 1],
    ),
    Case(
        "std_headers", [("add", 1, 8, ("x", "y"))], {"x": uniform(8, 4)}, {"y": zeros(8, 4)},
        lambda a: [np.maximum(a["x"], a["x"][0]) + np.float32([0, 1, 2, 2]) + np.float32(1.5)],
    ),
    Case("lambdas", [("lambdas", 2, 32, ("x", "y", 40))], {"x": uniform(160)}, {"y": zeros(40, 4)}, lambdas, 1e-5),
    Case(
        "operators", [("operators", 1, 32, ("x", "y", "z"))], {"x": uniform(32, 2)},
        {"y": zeros(32, 2), "z": zeros(32, **I32)}, operators, 1e-6,
    ),
    Case(
        "objects", [("objects<int>", 1, 16, ("x", "y", 5))], {"x": uniform(16, 5)},
        {"y": zeros(16, 4)}, objects, 1e-5,
    ),
    Case(
        "early_returns", [("early", 1, 32, ("x", "y", 100))], {"x": integers(0, 100, 100)},
        {"y": zeros(96, **I32)}, early,
    ),
    Case(
        "far_pointers", [("far_pointers", 1, 4, ("x", "y"))], {"x": uniform(4, 8)}, {"y": zeros(4)},
        far_pointers, 1e-6,
    ),
    Case(
        "enums", [("enums", 1, 32, ("x", "y"))], {"x": integers(0, 12, 32)},
        {"y": zeros(32, **I32)}, enums,
    ),
    Case("clocks", [("clocks", 1, 8, ("y",))], {}, {"y": zeros(8, **I32)}, lambda _: [np.ones(8)]),
    Case(
        "while_barrier", [("scan", 1, 64, ("x", "y"))], {"x": integers(0, 99, 64)},
        {"y": zeros(64, **I32)}, lambda a: [np.cumsum(a["x"])],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_a_feature_means_what_numpy_says(case: Case, bench: Any) -> None:
    launches = [
        bench.launch(kernel, grid, block, *args, shared=rest[0] if rest else 0)
        for kernel, grid, block, args, *rest in case.launches
    ]
    wanted = case.expected(case.inputs)
    for how in ORDERS:
        got = bench.run(bench.source(case.file), launches, case.inputs, case.outputs, how)
        assert not got.findings, [str(f) for f in got.findings]
        assert got.printed == case.printed
        for (name, array), want in zip(got.outputs.items(), wanted, strict=True):
            array = np.sort(array) if case.file == "coalesced" else array
            np.testing.assert_allclose(
                array, want, rtol=case.tolerance, atol=case.tolerance, err_msg=f"{name}, {how}"
            )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_the_sanitizer_has_no_objections(case: Case, bench: Any) -> None:
    launches = [
        bench.launch(kernel, grid, block, *args, shared=rest[0] if rest else 0)
        for kernel, grid, block, args, *rest in case.launches
    ]
    how = Emulation(asan=True)
    got = bench.run(bench.source(case.file), launches, case.inputs, case.outputs, how)
    assert not got.findings, [str(f) for f in got.findings]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc")
@pytest.mark.parametrize("file", sorted({case.file for case in CASES}))
def test_nvcc_takes_the_kernel_too(file: str, bench: Any, tmp_path: Path) -> None:
    source = tmp_path / "kernel.cu"
    source.write_text(bench.source(file))
    command = [
        "nvcc",
        "-std=c++17",
        "-arch=sm_80",
        "-cubin",
        "-o",
        str(tmp_path / "out"),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_kernel_file_has_a_case(bench: Any) -> None:
    files = {p.stem for p in (Path(__file__).parent / "kernels").glob("*.cu")}
    assert files == {case.file for case in CASES}
