"""Window operators in the generality of the frameworks, said in the operators that graphs have.

Shapes are [batch, channels, space...]; one number a spatial axis.
"""

import itertools
from collections.abc import Sequence

from hpctc.importers.constants import FAR
from hpctc.importers.scribe import Scribe, Value

Sizes = Sequence[int]


def transposed_convolution(  # noqa: PLR0913  what a transposed convolution has
    pen: Scribe, x: Value, weight: Value, stride: Sizes, padding: Sizes, output_padding: Sizes,
    dilation: Sizes, groups: int,
) -> str:  # fmt: skip
    """The adjoint of a convolution; weight is [in, out / groups, kernel...].

    With dilation, or in three axes, it is said as the convolution that it is: zeros between the
    elements of x, a border of ``dilation (kernel - 1) - padding``, the kernel turned around
    (Dumoulin and Visin, 2016).
    """
    rank = len(stride)
    if rank < 3 and all(d == 1 for d in dilation):
        return pen.op(
            f"conv{rank}d_transpose", x, weight, stride=tuple(stride), padding=tuple(padding),
            output_padding=tuple(output_padding), groups=groups,
        )  # fmt: skip
    kernel = pen.shape(weight)[2:]
    spread = pen.op("dilate", x, strides=(1, 1, *stride)) if any(s > 1 for s in stride) else x
    borders = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    after = [b + extra for b, extra in zip(borders, output_padding, strict=True)]
    bordered = _bordered(pen, spread, borders, after)
    return pen.op(
        f"conv{rank}d", bordered, _turned(pen, weight, groups), dilation=tuple(dilation),
        groups=groups,
    )  # fmt: skip


def max_pool(
    pen: Scribe, x: Value, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> str:
    """The largest element of every window; with dilation, the maximum over shifted pictures."""
    if all(d == 1 for d in dilation):
        return pen.op(
            f"max_pool{len(kernel)}d", x, kernel=tuple(kernel), stride=tuple(stride),
            padding=tuple(padding),
        )  # fmt: skip
    bordered = _bordered(pen, x, padding, padding, value=-FAR)
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(pen.shape(bordered)[2:], kernel, stride, dilation, strict=True)
    ]
    best: Value | None = None
    for offset in itertools.product(*(range(k) for k in kernel)):
        seen = bordered
        for axis, (o, d, s, n) in enumerate(zip(offset, dilation, stride, counts, strict=True), 2):
            seen = pen.slice(seen, axis, o * d, o * d + s * (n - 1) + 1, s)
        best = seen if best is None else pen.op("maximum", best, seen)
    return pen.name(best) if best is not None else pen.name(x)


def _turned(pen: Scribe, weight: Value, groups: int) -> Value:
    """[in, out / groups, kernel...] as [out, in / groups, kernel...] with the kernel backwards."""
    rows, columns, *kernel = pen.shape(weight)
    parts = pen.reshape(weight, (groups, rows // groups, columns, *kernel))
    swapped = pen.transpose(parts, (0, 2, 1, *range(3, 3 + len(kernel))))
    flat = pen.reshape(swapped, (groups * columns, rows // groups, *kernel))
    return pen.op("flip", flat, axes=tuple(range(2, 2 + len(kernel))))


def _bordered(pen: Scribe, x: Value, before: Sizes, after: Sizes, value: float = 0.0) -> Value:
    """A border around the spatial axes; where it is negative, that much is cut off."""
    for axis, (low, high) in enumerate(zip(before, after, strict=True), 2):
        if low < 0 or high < 0:
            x = pen.slice(x, axis, max(0, -low), pen.shape(x)[axis] + min(0, high))
    befores, afters = ((0, 0, *(max(0, n) for n in side)) for side in (before, after))
    if not any(befores) and not any(afters):
        return x
    return pen.op("pad", x, before=befores, after=afters, value=value)
