"""Gathers, attention, sorting, counting, sparse products, simulations."""

from itertools import pairwise

import numpy as np
from scipy import special

from tests.transpile.corpus.case import Array, Arrays, Case, integers, normal, zeros


def double(x: Array) -> Array:
    return x.astype(np.float64)


def embedding_bag(a: Arrays) -> list[Array]:
    offsets = a["offsets"]
    bags = [a["indices"][i:j] for i, j in pairwise(offsets)]
    return [np.stack([double(a["table"])[b].mean(0) if len(b) else np.zeros(40) for b in bags])]


def rope(a: Arrays) -> list[Array]:
    q = double(a["q"])
    frequency = 10000.0 ** (-2 * np.arange(20) / 40)
    angle = (a["p"][:, None] * frequency)[:, None, :]
    sine, cosine = np.sin(angle), np.cos(angle)
    low, high = q[..., :20], q[..., 20:]
    return [np.concatenate([low * cosine - high * sine, low * sine + high * cosine], axis=-1)]


def attention(a: Arrays) -> list[Array]:
    scores = 0.2 * np.einsum("bid,bjd->bij", double(a["q"]), double(a["k"]))
    scores = np.where(np.tri(scores.shape[1], dtype=bool), scores, -np.inf)
    return [special.softmax(scores, axis=-1) @ double(a["v"])]


def sorted_blocks(a: Arrays) -> list[Array]:
    rows = np.sort(a["x"].reshape(-1, 64), axis=1)
    rows[1::2] = rows[1::2, ::-1]
    return [rows]


def compacted(a: Arrays) -> list[Array]:
    kept = zeros(4, 64, dtype="int32")
    counts = []
    for i, row in enumerate(np.pad(a["x"], (0, 6)).reshape(4, 64)):
        positive = row[row > 0]
        kept[i, : len(positive)] = positive
        counts.append(len(positive))
    return [kept, counts]


def index_add(a: Arrays) -> list[Array]:
    out = double(a["out"])
    np.add.at(out, a["i"], 0.5 * double(a["src"]))
    return [out]


ROWS = np.append([0], np.cumsum(integers(0, 12, 50))).astype(np.int32)


def sparse(a: Arrays) -> list[Array]:
    terms = double(a["v"]) * a["x"][a["c"]]
    total = np.append([0], np.cumsum(terms))
    return [total[a["r"][1:]] - total[a["r"][:-1]]]


def encoded(value: np.float32) -> int:
    bits = int(value.view(np.uint32))
    return bits ^ 0xFFFFFFFF if bits >> 31 else bits | 0x80000000


def extremes(a: Arrays) -> list[Array]:
    low, high = a["x"].min(), a["x"].max()
    return [[encoded(high), encoded(low)], [low]]


def mandelbrot(_: Arrays) -> list[Array]:
    c = (-2 + 3 * np.arange(30) / 30) + 1j * (-1 + 2 * np.arange(20) / 20)[:, None]
    z, k = np.zeros_like(c), np.zeros(c.shape, np.int32)
    going = np.ones(c.shape, bool)
    while going.any():
        z = np.where(going, z * z + c, z)
        going &= z.real * z.real + z.imag * z.imag <= 4
        k += going
        going &= k < 40
    return [k]


def forces(a: Arrays) -> list[Array]:
    x = double(a["x"])
    r = x[None, :, :3] - x[:, None, :3]
    inverse = ((r**2).sum(-1) + 0.01) ** -1.5
    acceleration = (r * (x[None, :, 3] * inverse)[..., None]).sum(1)
    return [np.pad(acceleration, ((0, 0), (0, 1)))]


def lltm(a: Arrays) -> list[Array]:
    g = double(a["g"]).reshape(5, 3, 90)
    sigmoid = special.expit(g[:, :2])
    z = g[:, 2]
    cell = a["c"] + (np.maximum(z, 0) + np.minimum(0, np.expm1(z))) * sigmoid[:, 0]
    return [np.tanh(cell) * sigmoid[:, 1], cell]


def losses(a: Arrays) -> list[Array]:
    p, t = double(a["p"]), double(a["t"])
    d = np.abs(p - t)
    smooth = np.where(d < 1, 0.5 * d * d, d - 0.5)
    return [[smooth.mean()], [(t * (np.log(t) - p)).mean()]]


def relaxed(a: Arrays) -> list[Array]:
    x, steps = a["x"].copy(), 0
    while True:
        left, right = np.roll(x, 1), np.roll(x, -1)
        new = np.float32(0.25) * left + np.float32(0.5) * x + np.float32(0.25) * right
        moved = np.abs(new - x) > np.float32(0.05)
        x, steps = new, steps + 1
        if not moved.any() or steps == 100:
            return [x, [steps]]


def hamming(a: Arrays) -> list[Array]:
    bits = [np.unpackbits(a[n].view(np.uint8), axis=1) for n in ("q", "c")]
    return [(bits[0][:, None] != bits[1][None]).sum(-1)]


def counted(a: Arrays) -> list[Array]:
    counts = np.bincount(a["k"], minlength=8)
    slots = (np.arange(64) < counts[:, None]).astype(np.int32)
    return [np.append(counts, a["k"].max()), slots]


def triplet(a: Arrays) -> list[Array]:
    anchor = double(a["a"])
    near, far = (np.linalg.norm(anchor - double(a[n]) + 1e-6, axis=1) for n in "pn")
    return [np.maximum(near - far + 0.5, 0)]


CASES = [
    Case(
        "embedding_bag",
        [("embedding_bag_kernel<PoolingMode::kMean, int64_t>", 6, 64,
          ("table", "indices", "offsets", "out", 6, 40))],
        {"table": normal(30, 40), "indices": integers(0, 30, 25, dtype="int64"),
         "offsets": np.array([0, 4, 4, 9, 17, 20, 25], np.int64)},
        {"out": zeros(6, 40)}, embedding_bag, command=True,
    ),
    Case(
        "rotary_embedding", [("rope_inplace", (7, 3), 32, ("q", "p", 3, 40, 10000.0))],
        {"p": integers(0, 50, 7)}, {"q": normal(7, 3, 40)}, rope, 1e-4, command=True, sizes=(7,),
    ),
    Case(
        "flash_attention_tiles",
        [("flash_forward<32, 16, 24>", (2, 3), 32, ("q", "k", "v", "o", 50, 0.2, 1), 3072)],
        {"q": normal(3, 50, 24), "k": normal(3, 50, 24), "v": normal(3, 50, 24)},
        {"o": zeros(3, 50, 24)}, attention, 1e-4, command=True, sizes=(3,),
    ),
    Case(
        "histogram_privatized", [("histogram_kernel", 3, 64, ("x", "bins", 5000))],
        {"x": integers(0, 200, 5000, dtype="uint32")}, {"bins": zeros(64, dtype="uint32")},
        lambda a: [np.bincount(a["x"] & 63, minlength=64)],
    ),
    Case(
        "bitonic_sort_shared", [("bitonic<64>", 3, 32, ("x",))], {},
        {"x": integers(-500, 500, 192)}, sorted_blocks,
    ),
    Case(
        "stream_compaction_ballot", [("compact", 4, 64, ("x", "y", "n", 250))],
        {"x": integers(-9, 9, 250)},
        {"y": zeros(4, 64, dtype="int32"), "n": zeros(4, dtype="int32")}, compacted,
    ),
    Case(
        "index_add_atomics",
        [("index_add_kernel<double>", (2, 30), 32, ("out", "i", "src", 30, 50, 0.5))],
        {"i": integers(0, 8, 30, dtype="int64"), "src": normal(30, 50, dtype="float64")},
        {"out": normal(8, 50, dtype="float64")}, index_add,
    ),
    Case(
        "spmv_csr_vector", [("spmv_csr<8>", 2, 64, (50, "r", "c", "v", "x", "y"))],
        {"r": ROWS, "c": integers(0, 60, int(ROWS[-1])), "v": normal(int(ROWS[-1])),
         "x": normal(60)},
        {"y": zeros(50)}, sparse,
    ),
    Case(
        "float_extremes_atomics", [("extremes", 2, 64, ("x", "codes", "low", 500))],
        {"x": normal(500)},
        {"codes": np.array([0, 2**32 - 1], np.uint32), "low": np.full(1, np.inf, np.float32)},
        extremes,
    ),
    Case(
        "mandelbrot_do_while", [("mandelbrot", (4, 3), (8, 8), ("k", 30, 20, 40))], {},
        {"k": zeros(20, 30, dtype="int32")}, mandelbrot,
    ),
    Case(
        "nbody_float4", [("calculate_forces", 3, 32, ("x", "a", 96))], {"x": normal(96, 4)},
        {"a": zeros(96, 4)}, forces, 1e-3,
    ),
    Case(
        "lstm_cell",
        [("lltm_cuda_forward_kernel<float>", (1, 5), 128, ("g", "c", "h", "d", 90))],
        {"g": normal(5, 270), "c": normal(5, 90)}, {"h": zeros(5, 90), "d": zeros(5, 90)}, lltm,
        command=True, sizes=(5,),
    ),
    Case(
        "losses_reduction",
        [("loss_sum<SmoothL1>", 3, 64, ("p", "t", "a", 500)),
         ("loss_sum<KlDiv>", 3, 64, ("p", "t", "b", 500))],
        {"p": normal(500), "t": np.abs(normal(500)) + np.float32(0.1)},
        {"a": zeros(1), "b": zeros(1)}, losses,
    ),
    Case(
        "jacobi_until_converged", [("relax", 1, 128, ("x", "steps", 0.05, 100))], {},
        {"x": normal(128), "steps": zeros(1, dtype="int32")}, relaxed,
    ),
    Case(
        "hamming_distances", [("hamming", (2, 5), 64, ("q", "c", "d", 100))],
        {"q": integers(0, 2**32, 5, 4, dtype="uint32"),
         "c": integers(0, 2**32, 100, 4, dtype="uint32")},
        {"d": zeros(5, 100, dtype="uint16")}, hamming,
    ),
    Case(
        "warp_aggregated_counter", [("count_keys", 4, 64, ("k", "n", "s", 250))],
        {"k": integers(0, 8, 250)},
        {"n": zeros(9, dtype="int32"), "s": zeros(8, 64, dtype="int32")}, counted,
    ),
    Case(
        "triplet_margin", [("triplet_margin", 9, (16, 2), ("a", "p", "n", "loss", 70, 0.5))],
        {"a": normal(9, 70), "p": normal(9, 70), "n": normal(9, 70)}, {"loss": zeros(9)}, triplet,
        command=True, sizes=(9,),
    ),
]  # fmt: skip
