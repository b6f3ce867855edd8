"""Pooling: windows with a border that never wins and, by default, never counts."""

import math
from collections.abc import Sequence

from tvm import te, tirx

from hpctc.lower.relax.compute import padded
from hpctc.lower.relax.reductions import extreme, mean
from hpctc.lower.relax.site import Expr, Site, Tensor, emits, wide


def _windows(site: Site) -> tuple[list[Expr], list[Expr]]:
    """The reduction axes of a window, and per spatial axis its stride."""
    taps = [te.reduce_axis((0, k), name=f"k{a}") for a, k in enumerate(site.attrs["kernel"])]
    return taps, list(site.attrs["stride"])


def _at(place: Sequence[Expr], strides: Sequence[int], taps: Sequence[Expr]) -> list[Expr]:
    return [p * s + k.var for p, s, k in zip(place, strides, taps, strict=True)]


@emits("max_pool1d", "max_pool2d", "max_pool3d")
def _max_pool(site: Site) -> Tensor:
    taps, strides = _windows(site)
    lowest = tirx.min_value(site.dtype)
    data = padded(site.x, site.operands[0].shape, site.attrs["padding"], lowest)
    return site.compute(
        lambda n, c, *place: te.max(data(n, c, *_at(place, strides, taps)), axis=taps)
    )


@emits("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _avg_pool(site: Site) -> Tensor:
    taps, strides = _windows(site)
    kernel, padding, acc = site.attrs["kernel"], site.attrs["padding"], wide(site.dtype)
    space = site.operands[0].shape[2:]
    data = padded(site.x, site.operands[0].shape, padding, tirx.const(0, site.dtype))
    total = site.compute(
        lambda n, c, *place: te.sum(data(n, c, *_at(place, strides, taps)).astype(acc), axis=taps),
        "window_sum",
    )

    def count(place: Sequence[Expr]) -> Expr:
        if site.attrs["count_include_pad"] or not any(padding):
            return tirx.const(math.prod(kernel), acc)
        inside: Expr = 1
        for i, s, k, p, n in zip(place, strides, kernel, padding, space, strict=True):
            inside = inside * (tirx.min(i * s - p + k, n) - tirx.max(i * s - p, 0))
        return inside.astype(acc)

    return site.compute(
        lambda n, c, *place: (total(n, c, *place) / count(place)).astype(site.dtype)
    )


@emits("adaptive_avg_pool2d", "adaptive_max_pool2d")
def _adaptive(site: Site) -> Tensor:
    """Bin i of m is floor(i n / m) to ceil((i + 1) n / m): a window of the largest bin, masked."""
    old, new, acc = site.operands[0].shape[2:], site.shape[2:], wide(site.dtype)
    mean_wanted = site.op == "adaptive_avg_pool2d"
    neutral = tirx.const(0, acc) if mean_wanted else tirx.min_value(acc)
    fold = te.sum if mean_wanted else te.max
    largest = [
        max(-(-(i + 1) * n // m) - i * n // m for i in range(m))
        for n, m in zip(old, new, strict=True)
    ]
    taps = [te.reduce_axis((0, k), name=f"k{a}") for a, k in enumerate(largest)]

    def begin(place: Sequence[Expr]) -> list[Expr]:
        return [i * n // m for i, n, m in zip(place, old, new, strict=True)]

    def sizes(place: Sequence[Expr]) -> list[Expr]:
        ends = [((i + 1) * n + m - 1) // m for i, n, m in zip(place, old, new, strict=True)]
        return [e - b for e, b in zip(ends, begin(place), strict=True)]

    def term(n: Expr, c: Expr, *place: Expr) -> Expr:
        source = [b + k.var for b, k in zip(begin(place), taps, strict=True)]
        value = site.x(n, c, *source).astype(acc)
        masks = [
            k.var < size
            for k, size, whole, m in zip(taps, sizes(place), old, new, strict=True)
            if whole % m
        ]
        if masks:
            value = tirx.if_then_else(tirx.all(*masks), value, neutral)
        return fold(value, axis=taps)

    if not mean_wanted and acc == site.dtype:
        return site.compute(term)
    total = site.compute(term, "bin_sum" if mean_wanted else "bin_max")
    if not mean_wanted:
        return site.compute(lambda *i: total(*i).astype(site.dtype))

    def share(n: Expr, c: Expr, *place: Expr) -> Expr:
        high, across = sizes(place)
        return (total(n, c, *place) / (high * across).astype(acc)).astype(site.dtype)

    return site.compute(share)


@emits("global_avg_pool")
def _global_mean(site: Site) -> Tensor:
    return mean(site, tuple(range(2, len(site.shape))))


@emits("global_max_pool")
def _global_max(site: Site) -> Tensor:
    return extreme(site, tuple(range(2, len(site.shape))))
