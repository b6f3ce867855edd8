"""Convolutions, pools, resampling and stencils."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.transpile.corpus.case import Array, Arrays, Case, integers, normal, zeros


def double(x: Array) -> Array:
    return x.astype(np.float64)


def windows(x: Array, k: int, stride: int, pad: int) -> Array:
    """[..., H, W] -> [..., oH, oW, k, k]."""
    around = [(0, 0)] * (x.ndim - 2) + [(pad, pad)] * 2
    view = sliding_window_view(np.pad(double(x), around), (k, k), axis=(-2, -1))
    return view[..., ::stride, ::stride, :, :]


def conv2d(a: Arrays) -> list[Array]:
    y = np.einsum("nchwij,ocij->nohw", windows(a["x"], 3, 2, 1), double(a["w"]))
    return [y + a["b"][:, None, None]]


def blur(a: Arrays) -> list[Array]:
    x = np.pad(double(a["x"]), [(0, 0), (1, 1), (1, 1)], "edge")
    taps = np.outer([1, 2, 1], [1, 2, 1]) / 16
    y = (sliding_window_view(x, (3, 3), axis=(1, 2)) * taps).sum((-2, -1))
    return [np.floor(y + 0.5)]


def conv_transpose1d(a: Arrays) -> list[Array]:
    x, w = double(a["x"]), double(a["w"])
    n, _, length = x.shape
    _, out, k = w.shape
    full = np.zeros((n, out, (length - 1) * 2 + (k - 1) * 2 + 1))
    for i in range(length):
        for j in range(k):
            full[:, :, 2 * i + 2 * j] += x[:, :, i] @ w[:, :, j]
    return [full[:, :, 1:-1]]


def max_pool(a: Arrays) -> list[Array]:
    width = a["x"].shape[-1]
    x = np.pad(double(a["x"]), [(0, 0), (1, 1), (1, 1)], constant_values=-np.inf)
    view = sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2]
    flat = view.reshape(*view.shape[:3], 9)
    best = flat.argmax(-1)
    rows = 2 * np.arange(view.shape[1])[None, :, None] - 1 + best // 3
    columns = 2 * np.arange(view.shape[2])[None, None, :] - 1 + best % 3
    return [flat.max(-1), rows * width + columns]


def avg_pool3d(a: Arrays) -> list[Array]:
    around = [(0, 0), (1, 1), (1, 1), (1, 1)]
    views = [
        sliding_window_view(np.pad(x, around), (3, 3, 3), axis=(1, 2, 3))[:, ::2, ::2, ::2]
        for x in (double(a["x"]), np.ones(a["x"].shape))
    ]
    total, count = (v.sum((-3, -2, -1)) for v in views)
    return [total / count]


def im2col(a: Arrays) -> list[Array]:
    columns = np.moveaxis(windows(a["x"], 3, 2, 1), (-2, -1), (1, 2))
    columns = columns.reshape(-1, columns.shape[-2] * columns.shape[-1])
    return [columns, double(a["w"]).reshape(4, -1) @ columns]


def bilinear(a: Arrays) -> list[Array]:
    x = double(a["x"])
    _, h, w = x.shape

    def places(size: int, out: int) -> tuple[Array, Array, Array]:
        at = np.maximum((np.arange(out) + 0.5) * (size / out) - 0.5, 0)
        low = at.astype(int)
        return low, np.minimum(low + 1, size - 1), at - low

    y0, y1, fy = places(h, 13)
    x0, x1, fx = places(w, 20)
    top = x[:, y0][:, :, x0] * (1 - fx) + x[:, y0][:, :, x1] * fx
    bottom = x[:, y1][:, :, x0] * (1 - fx) + x[:, y1][:, :, x1] * fx
    return [top * (1 - fy[:, None]) + bottom * fy[:, None]]


def heat(a: Arrays) -> list[Array]:
    u = np.pad(double(a["u"]), 1, "edge")
    c = u[1:-1, 1:-1]
    near = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    return [c + 0.1 * (near - 4 * c)]


def pixel_shuffle(a: Arrays) -> list[Array]:
    x = a["x"].reshape(3, 2, 2, 7, 9)
    return [x.transpose(0, 3, 1, 4, 2)]


CASES = [
    Case(
        "conv2d_direct",
        [("conv2d_kernel", (1, 1, 10), (8, 8),
          ("x", "w", "b", "y", 2, 3, 5, 13, 15, 3, 2, 1, 7, 8))],
        {"x": normal(2, 3, 13, 15), "w": normal(5, 3, 3, 3), "b": normal(5)},
        {"y": zeros(2, 5, 7, 8)}, conv2d, command=True,
    ),
    Case(
        "depthwise_constant_filter", [("blur", (2, 3, 2), (16, 8), ("x", "y", 30, 20))],
        {"x": integers(0, 256, 2, 20, 30, dtype="uint8")}, {"y": zeros(2, 20, 30, dtype="uint8")},
        blur,
    ),
    Case(
        "conv1d_halo", [("conv1d<4, 64>", 4, 64, ("x", "t", "y", 200))],
        {"x": normal(200), "t": normal(9)}, {"y": zeros(200)},
        lambda a: [np.convolve(double(a["x"]), double(a["t"])[::-1], "same")], command=True,
    ),
    Case(
        "conv_transpose1d",
        [("conv_transpose1d_kernel", 1, 256, ("x", "w", "y", 3, 4, 10, 3, 2, 1, 2, 21, 168))],
        {"x": normal(2, 3, 10), "w": normal(3, 4, 3)}, {"y": zeros(2, 4, 21)}, conv_transpose1d,
        command=True,
    ),
    Case(
        "max_pool2d_indices",
        [("max_pool2d_with_indices<float>", 2, 128, ("x", "y", "i", 3, 13, 15, 7, 8, 3, 2, 1))],
        {"x": normal(3, 13, 15)}, {"y": zeros(3, 7, 8), "i": zeros(3, 7, 8, dtype="int64")},
        max_pool, command=True,
    ),
    Case(
        "avg_pool3d", [("avgPool3d", (1, 1, 2), (8, 8, 4), ("x", "y", 7, 9, 11, 4, 5, 6, 3, 2, 1))],
        {"x": normal(2, 7, 9, 11)}, {"y": zeros(2, 4, 5, 6)}, avg_pool3d,
    ),
    Case(
        "global_avg_pool_cub_style", [("global_avg_pool", 5, 96, ("x", "y", 169))],
        {"x": normal(5, 169)}, {"y": zeros(5)}, lambda a: [double(a["x"]).mean(1)],
    ),
    Case(
        "im2col_gemm",
        [("im2col", 1, 128, (84, "x", 7, 13, 3, 1, 2, 4, 7, "col")),
         ("gemm_nn", 1, 128, ("w", "col", "y", 4, 28, 27))],
        {"x": normal(3, 7, 13), "w": normal(4, 3, 3, 3)}, {"col": zeros(27, 28), "y": zeros(4, 28)},
        im2col,
    ),
    Case(
        "upsample_bilinear",
        [("upsample_bilinear2d", 3, 256, ("x", "y", 2, 6, 9, 13, 20, 0))],
        {"x": normal(2, 6, 9)}, {"y": zeros(2, 13, 20)}, bilinear, command=True,
    ),
    Case(
        "stencil_heat", [("heat_step", (3, 4), (16, 8), ("u", "v", 37, 29, 0.1), 18 * 10 * 4)],
        {"u": normal(29, 37)}, {"v": zeros(29, 37)}, heat,
    ),
    Case(
        "pixel_shuffle", [("pixel_shuffle<short, 2>", (1, 14, 3), 32, ("x", "y", 3, 7, 9))],
        {"x": integers(-99, 99, 12, 7, 9, dtype="int16")}, {"y": zeros(3, 14, 18, dtype="int16")},
        pixel_shuffle, command=True,
    ),
]  # fmt: skip
