"""Products of matrices and vectors, transposes."""

import numpy as np

from tests.transpile.corpus.case import Array, Arrays, Case, integers, normal, zeros


def double(x: Array) -> Array:
    return x.astype(np.float64)


def product(a: Arrays) -> list[Array]:
    return [double(a["a"]) @ double(a["b"])]


def linear(a: Arrays) -> list[Array]:
    return [np.maximum(double(a["x"]) @ double(a["w"]).T + a["bias"], 0)]


def triangular(a: Arrays) -> list[Array]:
    return [np.tril(double(a["a"])) @ np.tril(double(a["b"]))]


ODD = {"a": normal(37, 41), "b": normal(41, 29)}

CASES = [
    Case(
        "gemm_tiled", [("matmul_tiled", (2, 3), (16, 16), ("a", "b", "c", 37, 29, 41))], ODD,
        {"c": zeros(37, 29)}, product, command=True,
    ),
    Case(
        "gemm_register_tiles",
        [("sgemm_2d<32, 32, 8, 4, 4>", (3, 2), 64, (64, 96, 40, 0.5, "a", "b", 2.0, "c"))],
        {"a": normal(64, 40), "b": normal(40, 96)}, {"c": normal(64, 96)},
        lambda a: [0.5 * double(a["a"]) @ double(a["b"]) + 2 * a["c"]], command=True,
    ),
    Case(
        "linear_relu_extension",
        [("linear_relu", (3, 2), (16, 8), ("x", "w", "bias", "y", 11, 50, 33))],
        {"x": normal(11, 50), "w": normal(33, 50), "bias": normal(33)}, {"y": zeros(11, 33)},
        linear, command=True,
    ),
    *[
        Case(
            file, [("gemv", 3, (32, 4), ("a", "x", "y", 10, cols))],
            {"a": normal(10, cols), "x": normal(cols)}, {"y": zeros(10)},
            lambda a: [double(a["a"]) @ a["x"]], command=True,
        )
        for file, cols in (("gemv_warp_rows", 148),)
    ],
    Case(
        "bmm_strided", [("bmm<double>", (2, 3, 3), (8, 8), ("a", "b", "c", 19, 13, 17))],
        {"a": normal(3, 19, 17, dtype="float64"), "b": normal(3, 17, 13, dtype="float64")},
        {"c": zeros(3, 19, 13, dtype="float64")}, product, command=True, sizes=(3,),
    ),
    Case(
        "gemm_wmma_half", [("wmma_gemm", (1, 2), 128, ("a", "b", "c", 32, 64, 48, 0.5))],
        {"a": normal(32, 48, dtype="float16"), "b": normal(48, 64, dtype="float16")},
        {"c": zeros(32, 64)}, lambda a: [0.5 * double(a["a"]) @ double(a["b"])], 1e-4, command=True,
    ),
    Case(
        "gemm_double_buffer", [("gemm_db", (2, 3), (16, 16), ("a", "b", "c", 37, 29, 41))], ODD,
        {"c": zeros(37, 29)}, product,
    ),
    Case(
        "tril_matmul", [("tril_matmul_kernel", (3, 3), (16, 16), ("a", "b", "c", 40))],
        {"a": normal(40, 40), "b": normal(40, 40)}, {"c": zeros(40, 40)}, triangular, command=True,
    ),
    Case(
        "transpose_padded_tile", [("transpose<int>", (2, 3), (32, 8), ("x", "y", 50, 70))],
        {"x": integers(-99, 99, 70, 50)}, {"y": zeros(50, 70, dtype="int32")},
        lambda a: [a["x"].T],
    ),
    Case(
        "gemm_int8_dp4a", [("gemm_s8", (2, 5), 32, ("a", "b", "scale", "c", 5, 40, 64))],
        {"a": integers(-128, 128, 5, 64, dtype="int8"),
         "b": integers(-128, 128, 40, 64, dtype="int8"), "scale": normal(40)},
        {"c": zeros(5, 40)},
        lambda a: [a["a"].astype("i4") @ a["b"].astype("i4").T * double(a["scale"])],
    ),
]  # fmt: skip
