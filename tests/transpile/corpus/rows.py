"""Reductions and what is made of them: softmax, normalisations, losses, scans, selection."""

import numpy as np
from scipy import special

from tests.transpile.corpus.case import Array, Arrays, Case, integers, normal, zeros


def double(x: Array) -> Array:
    return x.astype(np.float64)


def softmax(a: Arrays) -> list[Array]:
    return [special.softmax(double(a["x"]), axis=1)]


def standard(x: Array, axis: int | tuple[int, ...], eps: float = 1e-5) -> Array:
    x = double(x)
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


def group_norm(a: Arrays) -> list[Array]:
    n, c, hw = a["x"].shape
    flat = standard(a["x"].reshape(n, 3, c // 3 * hw), 2).reshape(n, c, hw)
    return [flat * a["w"][:, None] + a["b"][:, None]]


def batch_norm(a: Arrays) -> list[Array]:
    x = double(a["x"])
    y = standard(x, (0, 2)) * a["w"][:, None] + a["b"][:, None]
    return [x.mean((0, 2)), x.var((0, 2)), y]


def rms_norm(a: Arrays) -> list[Array]:
    x = double(a["x"])
    return [x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-6) * a["w"]]


def cross_entropy(a: Arrays) -> list[Array]:
    x, t = double(a["x"]), a["t"]
    losses = special.logsumexp(x, axis=1) - x[np.arange(len(t)), np.maximum(t, 0)]
    losses = np.where(t < 0, 0, losses)
    return [losses, [losses.mean()]]


def top4(a: Arrays) -> list[Array]:
    order = np.argsort(-a["x"], axis=1, kind="stable")[:, :4]
    return [np.take_along_axis(a["x"], order, 1), order]


def three_kernels(a: Arrays) -> list[Array]:
    parts = [a["x"][i : i + 128].sum() for i in range(0, 900, 128)]
    return [np.cumsum(a["x"]), np.cumsum(parts) - parts]


WIDE = {"x": normal(7, 200)}

CASES = [
    Case(
        "softmax_warp", [("softmax_warp_kernel<4>", 2, (32, 4), ("x", "y", 7, 200))], WIDE,
        {"y": zeros(7, 200)}, softmax, command=True,
    ),
    Case(
        "softmax_block", [("softmax_block", 7, 128, ("x", "y", 200), 512)], WIDE,
        {"y": zeros(7, 200)}, softmax, command=True, sizes=(7,),
    ),
    Case(
        "softmax_online", [("online_softmax<64>", 7, 64, ("x", "y", 200))], WIDE,
        {"y": zeros(7, 200)}, softmax, command=True, sizes=(7,),
    ),
    Case(
        "log_softmax_block_reduce", [("log_softmax_kernel<float>", 7, 128, ("x", "y", 200))], WIDE,
        {"y": zeros(7, 200)}, lambda a: [special.log_softmax(double(a["x"]), axis=1)],
        command=True, sizes=(7,),
    ),
    Case(
        "layernorm_welford", [("layer_norm_welford", 7, 32, ("x", "g", "b", "y", 200, 1e-5))],
        {**WIDE, "g": normal(200), "b": normal(200)}, {"y": zeros(7, 200)},
        lambda a: [standard(a["x"], 1) * a["g"] + a["b"]],
    ),
    Case(
        "rmsnorm_half", [("rms_norm_half", 5, 128, ("x", "w", "y", 1e-6, 320))],
        {"x": normal(5, 320, dtype="float16"), "w": normal(320, dtype="float16")},
        {"y": zeros(5, 320, dtype="float16")}, rms_norm, 2e-3, command=True, sizes=(5,),
    ),
    Case(
        "group_norm", [("groupNorm", 6, 128, ("x", "w", "b", "y", 6, 35, 3, 1e-5))],
        {"x": normal(2, 6, 35), "w": normal(6), "b": normal(6)}, {"y": zeros(2, 6, 35)}, group_norm,
    ),
    Case(
        "batch_norm_pipeline",
        [("bn_stats", 5, 64, ("x", "mean", "var", 4, 5, 49)),
         ("bn_apply", 4, 256, ("x", "mean", "var", "w", "b", "y", 5, 49, 980, 1e-5))],
        {"x": normal(4, 5, 49), "w": normal(5), "b": normal(5)},
        {"mean": zeros(5), "var": zeros(5), "y": zeros(4, 5, 49)}, batch_norm, 1e-4,
    ),
    Case(
        "l2_normalize_groups", [("l2_normalize", 7, 256, ("x", "y", 200))], WIDE,
        {"y": zeros(7, 200)},
        lambda a: [a["x"] / np.linalg.norm(double(a["x"]), axis=1, keepdims=True)],
    ),
    Case(
        "cross_entropy",
        [("cross_entropy_kernel", 2, 64, ("x", "t", "losses", "mean", 100, 10, -100))],
        {"x": normal(100, 10),
         "t": np.where(np.arange(100) % 9 == 0, -100, integers(0, 10, 100)).astype("i8")},
        {"losses": zeros(100), "mean": zeros(1)}, cross_entropy, command=True,
    ),
    Case(
        "argmax_rows", [("argmax_rows<float, 96>", 7, 96, ("x", "i", "v", 200))],
        {"x": np.round(normal(7, 200), 1)}, {"i": zeros(7, dtype="int32"), "v": zeros(7)},
        lambda a: [a["x"].argmax(1), a["x"].max(1)], command=True, sizes=(7,),
    ),
    Case(
        "topk_registers", [("topk", 1, 64, ("x", "v", "i", 50, 30))], {"x": normal(50, 30)},
        {"v": zeros(50, 4), "i": zeros(50, 4, dtype="int32")}, top4,
    ),
    Case(
        "scan_blelloch", [("prescan", 3, 64, ("y", "x", 128), 4 * (128 + 4))],
        {"x": normal(3, 128)}, {"y": zeros(3, 128)},
        lambda a: [np.cumsum(double(a["x"]), 1) - a["x"]],
    ),
    Case(
        "scan_three_kernels",
        [("scan_blocks", 8, 128, ("x", "y", "sums", 900)), ("scan_sums", 1, 128, ("sums", 8)),
         ("add_sums", 8, 128, ("y", "sums", 900))],
        {"x": integers(0, 9, 900)},
        {"y": zeros(900, dtype="int32"), "sums": zeros(8, dtype="int32")}, three_kernels,
    ),
    Case(
        "mean_dim_strided", [("mean_middle<float, 16, 8>", (3, 4), (16, 8), ("x", "y", 21, 40))],
        {"x": normal(4, 21, 40)}, {"y": zeros(4, 40)}, lambda a: [double(a["x"]).mean(1)],
        command=True, sizes=(4,),
    ),
    Case(
        "sum_template_blocks", [("reduce6<128>", 3, 128, ("x", "y", 2000), 512)],
        {"x": normal(2000)}, {"y": zeros(3)},
        lambda a: [np.pad(double(a["x"]), (0, 304)).reshape(-1, 3, 256).sum((0, 2))],
    ),
]  # fmt: skip
