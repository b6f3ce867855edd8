"""Elementwise kernels: activations, masks, quantisation, hashes, optimisers."""

import numpy as np

from tests.transpile.corpus.case import (
    Array,
    Arrays,
    Case,
    integers,
    narrowed,
    normal,
    widened,
    zeros,
)

LONG = 1000


def gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def double(x: Array) -> Array:
    return x.astype(np.float64)


def hardtanh(a: Arrays) -> list[Array]:
    return [np.clip(a["x"], np.float16(-0.5), np.float16(0.5))]


def activations(a: Arrays) -> list[Array]:
    x = double(a["x"])
    return [
        np.maximum(x, 0), np.where(x > 0, x, 0.5 * np.expm1(x)), np.log1p(np.exp(x)), sigmoid(x), x,
    ]  # fmt: skip


def horner(a: Arrays) -> list[Array]:
    squared = double(a["x"]) ** 2
    return [sum((-0.5) ** k * squared**k for k in range(6))]


def adam(a: Arrays) -> list[Array]:
    p, m, v, g = (double(a[n]) for n in "pmvg")
    g = g + 0.01 * p
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    p = p - 0.001 * (m / (1 - 0.9**3)) / (np.sqrt(v / (1 - 0.999**3)) + 1e-8)
    return [p, m, v]


def quantized(a: Arrays) -> list[Array]:
    x = a["x"]
    largest = np.abs(x).max(axis=1)
    inverse = (np.float32(127) / largest).astype(np.float32)
    return [np.rint(x * inverse[:, None]), largest / 127]


def dequantized(a: Arrays) -> list[Array]:
    nibbles = a["packed"][:, None] >> (4 * np.arange(8, dtype=np.uint32)) & 15
    groups = np.arange(len(nibbles)) // 4
    zero = a["zero"][groups].astype(np.int32)[:, None]
    return [a["scale"][groups][:, None] * (nibbles.astype(np.int32) - zero)]


def masked(a: Arrays) -> list[Array]:
    _, queries, keys = a["scores"].shape
    k, q = np.arange(keys), np.arange(queries)[:, None]
    return [np.where((k <= q + keys - queries) & a["keep"], a["scores"], np.float32(-1e9))]


def axpy(a: Arrays) -> list[Array]:
    return [narrowed(np.float32(0.75) * widened(a["x"]) + widened(a["y"]))]


def hashes(a: Arrays) -> list[Array]:
    h = a["keys"].copy()
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    state = a["keys"].astype(np.uint64)
    for _ in range(3):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        z = (state ^ state >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return [h ^ h >> np.uint32(16), z ^ z >> np.uint64(31)]


def julia(a: Arrays) -> list[Array]:
    z = (double(a["z"][:, 0]) + 1j * a["z"][:, 1]) ** 2 + (0.3 - 0.5j)
    return [np.stack([z.real, z.imag], axis=1), np.abs(z) ** 2]


def clipped(a: Arrays) -> list[Array]:
    return [np.clip(a["x"], -1, 1), [np.count_nonzero(np.abs(a["x"]) > 1)]]


CASES = [
    Case(
        "relu_extension", [("relu_kernel<float>", 4, 256, ("x", "y", LONG))],
        {"x": normal(LONG)}, {"y": zeros(LONG)}, lambda a: [np.maximum(a["x"], 0)], command=True,
    ),
    Case(
        "gelu_bias_float4", [("bias_gelu_kernel", (2, 8), 64, ("x", "bias", "y", 11, 96))],
        {"x": normal(11, 384), "bias": normal(384)}, {"y": zeros(11, 384)},
        lambda a: [gelu(double(a["x"]) + a["bias"])], command=True,
    ),
    Case(
        "swish_grid_stride", [("swish", 4, 128, ("out", "x", 1.5, LONG))],
        {"x": normal(LONG)}, {"out": zeros(LONG)},
        lambda a: [double(a["x"]) * sigmoid(1.5 * double(a["x"]))], command=True,
    ),
    Case(
        "hardtanh_half2", [("hardtanh_half2", 3, 128, ("x", "y", -0.5, 0.5, 501))],
        {"x": normal(501, dtype="float16")}, {"y": zeros(501, dtype="float16")}, hardtanh,
        command=True,
    ),
    Case(
        "functor_map",
        [("map_kernel<Mish, 4>", 2, 128, ("x", "y", LONG)),
         ("map_kernel<HardSwish, 2>", 4, 128, ("x", "z", LONG))],
        {"x": normal(LONG)}, {"y": zeros(LONG), "z": zeros(LONG)},
        lambda a: [
            double(a["x"]) * np.tanh(np.log1p(np.exp(double(a["x"])))),
            a["x"] * np.clip(a["x"] + 3, 0, 6) / 6,
        ],
    ),
    Case(
        "enum_activation",
        [("apply", 8, 128, ("x", f"y{mode}", mode, 0.5, LONG)) for mode in (1, 2, 3, 7, 4)],
        {"x": normal(LONG)}, {f"y{mode}": zeros(LONG) for mode in (1, 2, 3, 7, 4)}, activations,
    ),
    Case(
        "horner_constexpr", [("evaluate<5, true>", 8, 128, ("x", "y", LONG))],
        {"x": normal(LONG)}, {"y": zeros(LONG)}, horner, command=True,
    ),
    Case(
        "adam_step",
        [("adam_kernel", 4, 256, ("p", "m", "v", "g", 0.001, 0.9, 0.999, 1e-8, 0.01, 3, LONG))],
        {"g": normal(LONG)}, {"p": normal(LONG), "m": normal(LONG), "v": np.abs(normal(LONG))},
        adam, command=True,
    ),
    Case(
        "quantize_rows_int8", [("quantize_rows", 4, 128, ("x", "q", "scales", 13, 200))],
        {"x": normal(13, 200)}, {"q": zeros(13, 200, dtype="int8"), "scales": zeros(13)},
        quantized, command=True,
    ),
    Case(
        "dequantize_int4", [("dequantize_int4", 2, 64, ("packed", "scale", "zero", "out", 96))],
        {"packed": integers(0, 2**32, 96, dtype="uint32"), "scale": normal(24),
         "zero": integers(0, 16, 24, dtype="uint8")},
        {"out": zeros(96, 8)}, dequantized,
    ),
    Case(
        "masked_fill",
        [("causal_mask_fill", (2, 5, 3), (32, 8), ("scores", "keep", 3, 37, 50, -1e9))],
        {"keep": integers(0, 2, 50, dtype="bool")}, {"scores": normal(3, 37, 50)}, masked,
        command=True,
    ),
    Case(
        "leaky_double2", [("LeakyReLU", 4, 128, ("x", "y", 0.01, 777))],
        {"x": normal(777, dtype="float64")}, {"y": zeros(777, dtype="float64")},
        lambda a: [np.where(a["x"] < 0, 0.01 * a["x"], a["x"])],
    ),
    Case(
        "axpy_bfloat16", [("axpy_bf16", 2, 64, ("x", "y", 0.75, 300))],
        {"x": narrowed(normal(300))}, {"y": narrowed(normal(300))}, axpy,
    ),
    Case(
        "integer_hash", [("hash_all", 2, 128, ("keys", "h", "g", 200, 3))],
        {"keys": integers(0, 2**32, 200, dtype="uint32")},
        {"h": zeros(200, dtype="uint32"), "g": zeros(200, dtype="uint64")}, hashes,
    ),
    Case(
        "complex_operators",
        [("julia_step", 2, 64, ("z", "out", "mag", 0.3, -0.5, 100))],
        {"z": normal(100, 2)}, {"out": zeros(100, 2), "mag": zeros(100)}, julia,
    ),
    Case(
        "lambda_clip", [("clip_and_count", 3, 64, ("x", "y", "n", 1.0, LONG))],
        {"x": normal(LONG)}, {"y": zeros(LONG), "n": zeros(1, dtype="int32")}, clipped,
    ),
]  # fmt: skip
