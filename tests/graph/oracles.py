"""PyTorch's word for the operators that address, sort, pack and transform: part of test_oracle."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812  its usual name

Oracle = Callable[..., Any]
T = torch.Tensor


def reorg(x: T, stride: int) -> T:
    """Darknet's loop over a flat array, element by element."""
    batch, c, h, w = x.shape
    flat, out = x.reshape(-1), torch.empty_like(x).reshape(-1)
    small = c // stride**2
    for b, k, j, i in itertools.product(range(batch), range(c), range(h), range(w)):
        part, channel = divmod(k, small)
        column, row = i * stride + part % stride, j * stride + part // stride
        source = column + w * stride * (row + h * stride * (channel + small * b))
        out[i + w * (j + h * (k + c * b))] = flat[source]
    return out.reshape(batch, c * stride**2, h // stride, w // stride)


def batch_to_space(x: T, block: Any, before: Any, after: Any) -> T:
    count = math.prod(block)
    batch, space = x.shape[0] // count, x.shape[1 : len(block) + 1]
    full = [n * b for n, b in zip(space, block, strict=True)]
    out = x.new_empty(batch, *full, *x.shape[len(block) + 1 :])
    for part, place in enumerate(itertools.product(*(range(b) for b in block))):
        picks = tuple(slice(p, None, b) for p, b in zip(place, block, strict=True))
        out[(slice(None), *picks)] = x[part * batch : (part + 1) * batch]
    cut = tuple(slice(p, n - q) for p, q, n in zip(before, after, full, strict=True))
    return out[(slice(None), *cut)]


def space_to_batch(x: T, block: Any, before: Any, after: Any) -> T:
    rest = x.ndim - 1 - len(block)
    pairs = [(0, 0)] * rest + list(zip(before, after, strict=True))[::-1]
    wide = F.pad(x, [n for pair in pairs for n in pair])
    parts = itertools.product(*(range(b) for b in block))
    return torch.cat(
        [
            wide[(slice(None), *(slice(p, None, b) for p, b in zip(place, block, strict=True)))]
            for place in parts
        ]
    )


def dilate(x: T, strides: Any, value: float) -> T:
    out = x.new_full([(n - 1) * s + 1 for n, s in zip(x.shape, strides, strict=True)], value)
    out[tuple(slice(None, None, s) for s in strides)] = x
    return out


def mirror(x: T, before: Any, after: Any, mode: str) -> T:
    for axis, (b, a, n) in enumerate(zip(before, after, x.shape, strict=True)):
        if mode == "symmetric":
            once = [*reversed(range(b)), *range(n), *reversed(range(n - a, n))]
        else:
            once = [*reversed(range(1, b + 1)), *range(n), *reversed(range(n - 1 - a, n - 1))]
        x = x.index_select(axis, torch.tensor(once))
    return x


def order(x: T, axis: int, descending: bool) -> Any:
    return torch.sort(x, dim=axis, descending=descending, stable=True)


def scatter(x: T, indices: T, updates: T, mode: str) -> T:
    out, count = x.clone(), indices.shape[0]
    rows = indices.reshape(count, -1).T.tolist()
    for row, value in zip(rows, updates.reshape(-1, *x.shape[count:]), strict=True):
        out[tuple(row)] = value + (out[tuple(row)] if mode == "add" else 0)
    return out


def sequence_mask(x: T, lengths: T, axis: int, value: float) -> T:
    out = x.clone()
    for n, length in enumerate(lengths.tolist()):
        rest = out[n].movedim(axis % x.ndim - 1, 0)
        rest[length:] = value
    return out


def set_diagonal(x: T, diagonal: T, k: int) -> T:
    out = x.clone()
    out.diagonal(k, -2, -1).copy_(diagonal)
    return out


def fifo(x: T, buffer: T, axis: int) -> T:
    length, fresh = buffer.shape[axis], x.shape[axis]
    return torch.cat([buffer, x], axis).narrow(axis, fresh, length)


def resize3d(x: T, size: Any, method: str) -> T:
    mode = {"nearest": "nearest-exact", "linear": "trilinear"}[method]
    return F.interpolate(x, size=size, mode=mode)


def grid_sample(x: T, grid: T, align_corners: bool, padding: str) -> T:
    places = grid.permute(0, 2, 3, 1)
    return F.grid_sample(x, places, padding_mode=padding, align_corners=align_corners)


def correlation(a: T, b: T, reach: int, step: int) -> T:
    far, (h, w) = F.pad(b, [reach] * 4), a.shape[2:]
    shifts = range(0, 2 * reach + 1, step)
    return torch.stack(
        [(a * far[:, :, p : p + h, q : q + w]).mean(1) for p in shifts for q in shifts], 1
    )


def dft(re: T, im: T, inverse: bool) -> tuple[T, T]:
    found = (torch.fft.ifft if inverse else torch.fft.fft)(torch.complex(re, im))
    return found.real, found.imag


def batch_matmul(a: T, b: T, transpose_a: bool, transpose_b: bool) -> T:
    return torch.bmm(a.mT if transpose_a else a, b.mT if transpose_b else b)


def sparse_dense(x: T, values: T, columns: T) -> T:
    rows = torch.arange(values.shape[0]).reshape(-1, 1).expand_as(columns)
    w = values.new_zeros(values.shape[0], x.shape[-1])
    return F.linear(x, w.index_put((rows, columns), values, accumulate=True))


def bits_of(x: T, count: int) -> T:
    """The bits of whole numbers along a new last axis, the lowest first."""
    return (x[..., None] >> torch.arange(count)) & 1


def binary_dense(x: T, w: T, bits: int) -> T:
    a, b = (2 * bits_of(t, bits).flatten(-2) - 1 for t in (x, w))
    return a @ b.T


def bitpack(x: T, planes: int, word: int, axis: int) -> T:
    words = x.unflatten(axis, (-1, word)).movedim(axis % x.ndim + 1, -1)
    weight = 2 ** torch.arange(word)
    return torch.stack([(((words >> p) & 1) * weight).sum(-1) for p in range(planes)])


def prelu(x: T, alpha: T, axis: int) -> T:
    return F.prelu(x.movedim(axis, 1), alpha).movedim(1, axis)


def nll_loss(x: T, targets: T, weights: T, reduction: str) -> T:
    return F.nll_loss(x, targets, weights, reduction=reduction)


MORE: dict[str, Oracle] = {
    "flatten": lambda x, axis: x.reshape(math.prod(x.shape[:axis]), -1),
    "reorg": reorg,
    "batch_to_space_nd": batch_to_space, "space_to_batch_nd": space_to_batch,
    "pack_nchwc": lambda x, block: x.unflatten(1, (-1, block)).movedim(2, -1),
    "unpack_nchwc": lambda x: x.movedim(-1, 2).flatten(1, 2),
    "dilate": dilate, "mirror_pad": mirror,
    "sort": lambda x, axis, descending: order(x, axis, descending)[0],
    "argsort": lambda x, axis, descending: order(x, axis, descending)[1],
    "topk": lambda x, k, axis, largest: torch.topk(x, k, dim=axis, largest=largest)[0],
    "argtopk": lambda x, k, axis, largest: order(x, axis, largest)[1].narrow(axis, 0, k),
    "gather_nd": lambda x, indices: x[tuple(indices)],
    "scatter_nd": scatter,
    "unravel_index": lambda i, shape: torch.stack(torch.unravel_index(i, shape)),
    "sequence_mask": sequence_mask, "matrix_set_diag": set_diagonal,
    "fifo_buffer": fifo, "shape": lambda x: torch.tensor(x.shape),
    "resize3d": resize3d, "grid_sample": grid_sample, "correlation": correlation, "dft": dft,
    "scale_shift_nchw": lambda x, a, b: x * a[:, None, None] + b[:, None, None],
    "scale_shift_nchwc": lambda x, a, b: torch.einsum("nchwk,ck->nchwk", x, a)
    + b[:, None, None, :],
    "fast_exp": torch.exp, "fast_tanh": torch.tanh, "fast_erf": torch.erf,
    "fast_softmax": lambda x, axis: torch.softmax(x, axis),
    "prelu": prelu,
    "lrn": lambda x, size, alpha, beta, bias: F.local_response_norm(x, size, alpha, beta, bias),
    "batch_matmul": batch_matmul, "sparse_dense": sparse_dense, "binary_dense": binary_dense,
    "bitwise_and": torch.bitwise_and, "bitwise_or": torch.bitwise_or,
    "bitwise_xor": torch.bitwise_xor, "bitwise_not": torch.bitwise_not,
    "left_shift": lambda x, bits: torch.bitwise_left_shift(x, bits),
    "right_shift": lambda x, bits: torch.bitwise_right_shift(x, bits),
    "popcount": lambda x: bits_of(x, 32).sum(-1), "bitpack": bitpack,
    "nll_loss": nll_loss,
    "global_max_pool": lambda x: x.amax(dim=list(range(2, x.ndim)), keepdim=True),
    "adaptive_max_pool2d": lambda x, size: F.adaptive_max_pool2d(x, size),
}  # fmt: skip
"""Operator -> the same in PyTorch, from tensors and attributes."""
