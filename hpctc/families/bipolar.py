"""Products of bipolar integers of any width (arXiv 2409.17870, 2024; APT-LLM, 2025).

A code of ``n`` bits means ``sum of (2 b_i - 1) 2^i``: the odd numbers from ``1 - 2^n`` to
``2^n - 1``. It has no sign bit, so a product of two such numbers splits into products of bits that
are -1 or 1, which are an exclusive or and a count:
``sum over i, j of 2^(i+j) (K - 2 popcount(x_i ^ w_j))``.
x is [rows, K] of codes, w is [columns, K]; the result is exact in int32.
"""

from typing import Any

from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import Pen, Tensor

WORD = 16
"""Bits in a word of a bit plane."""

SOURCE = "Bipolar-INT, arXiv 2409.17870, 2024"


def _sizes(weight: int, activation: int) -> dict[str, tuple[int, ...]]:
    return {
        "rows": (4, 16, 64, 256, 512), "columns": (8, 32, 128, 512, 1024),
        "words": (2, 8, 16, 32, 64, 128),
        "weight_bits": (weight,), "activation_bits": (activation,),
    }  # fmt: skip


def _codes(
    pen: Pen, rows: int, columns: int, words: int, bits: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    depth = words * WORD
    x = pen.index("x", rows, depth, below=2 ** bits[1])
    return x, pen.index("w", columns, depth, below=2 ** bits[0])


def _torch(t: Any, x: Any, sizes: Sizes) -> Any:
    left, right = (
        2 * x[name] - ((1 << sizes[f"{bits}_bits"]) - 1)
        for name, bits in (("x", "activation"), ("w", "weight"))
    )
    return (left @ right.T).to(t.int32)


def _direct(
    pen: Pen, rows: int, columns: int, words: int, weight_bits: int, activation_bits: int
) -> Tensor:
    """Decode both sides and multiply."""
    x, w = _codes(pen, rows, columns, words, (weight_bits, activation_bits))
    left = x * 2 - ((1 << activation_bits) - 1)
    right = w * 2 - ((1 << weight_bits) - 1)
    return left.dense(right)


def _planes(
    pen: Pen, rows: int, columns: int, words: int, weight_bits: int, activation_bits: int
) -> Tensor:
    """Split both sides into bit planes, multiply those by counting, shift and add."""
    x, w = _codes(pen, rows, columns, words, (weight_bits, activation_bits))
    total: Tensor | None = None
    for i, left in enumerate(_unpacked(x, activation_bits, words)):
        for j, right in enumerate(_unpacked(w, weight_bits, words)):
            term = left.binary_dense(right, bits=WORD)
            term = term.left_shift(bits=i + j) if i + j else term
            total = term if total is None else total + term
    assert total is not None
    return total


def _unpacked(codes: Tensor, bits: int, words: int) -> list[Tensor]:
    packed = codes.bitpack(planes=bits, word=WORD)  # [bits, rows, words]
    return [part.view(codes.shape[0], words) for part in packed.parts(bits, 0)]


for _weight, _activation in ((1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8), (8, 8)):
    _name = f"w{_weight}a{_activation}"
    declare(
        name=f"bipolar.{_name}", doc=f"{_weight}-bit weights, {_activation}-bit inputs, decoded",
        sizes=_sizes(_weight, _activation), source=SOURCE, torch=_torch,
    )(_direct)  # fmt: skip
    declare(
        name=f"bipolar.{_name}_planes", source=SOURCE, torch=_torch,
        doc=f"{_weight}-bit weights, {_activation}-bit inputs, by bit planes, xor and popcount",
        sizes=_sizes(_weight, _activation), like=f"bipolar.{_name}",
    )(_planes)  # fmt: skip
