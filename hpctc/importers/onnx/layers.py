"""ONNX that is a layer: products, convolutions, normalisations, pools."""

import math
from typing import Any

from hpctc.importers.constants import FAR
from hpctc.importers.errors import NoSaying
from hpctc.importers.onnx.base import Emitter, Site, emits
from hpctc.importers.scribe import Value
from hpctc.importers.windows import transposed_convolution


@emits("Gemm")
def _gemm(site: Site) -> Value:
    """``alpha A' B' + beta C``, either factor transposed."""
    pen, a, b, c = site.scribe, site.value(0), site.value(1), site.optional(2)
    if site.attrs.get("transA", 0):
        a = pen.transpose(a, (1, 0))
    product: Value = pen.op("dense" if site.attrs.get("transB", 0) else "matmul", a, b)
    if (alpha := float(site.attrs.get("alpha", 1.0))) != 1:
        product = pen.op("mul", product, alpha)
    if c is None:
        return product
    if (beta := float(site.attrs.get("beta", 1.0))) != 1:
        c = pen.op("mul", c, beta)
    return pen.op("add", product, c)


def _pads(site: Site, x: Value, kernel: list[int], stride: list[int], spread: list[int]) -> Any:
    """``(before, after)`` an axis, from ``pads`` or ``auto_pad``."""
    rank, mode = len(kernel), site.attrs.get("auto_pad", b"NOTSET")
    if mode in (b"NOTSET", b"VALID"):
        given = (
            list(site.attrs.get("pads", [0] * (2 * rank))) if mode == b"NOTSET" else [0] * 2 * rank
        )
        return list(zip(given[:rank], given[rank:], strict=True))
    found = []
    for n, k, s, d in zip(site.scribe.shape(x)[2:], kernel, stride, spread, strict=True):
        lack = max(0, (math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n)
        small, large = lack // 2, lack - lack // 2
        found.append((small, large) if mode == b"SAME_UPPER" else (large, small))
    return found


def _bordered(
    site: Site, x: Value, pads: list[tuple[int, int]], value: float
) -> tuple[Value, tuple[int, ...]]:
    """The operand and its symmetric padding; an uneven border is made beforehand."""
    if all(before == after for before, after in pads):
        return x, tuple(before for before, _ in pads)
    befores, afters = ((0, 0, *(pair[side] for pair in pads)) for side in (0, 1))
    return site.scribe.op("pad", x, before=befores, after=afters, value=value), (0,) * len(pads)


def _with_bias(site: Site, made: str, rank: int) -> Value:
    bias = site.optional(2)
    if bias is None:
        return made
    channels = site.scribe.shape(bias)[0]
    return site.scribe.op("add", made, site.scribe.reshape(bias, (channels, *(1,) * rank)))


def _steps(site: Site, rank: int) -> tuple[list[int], list[int]]:
    ones = [1] * rank
    return list(site.attrs.get("strides", ones)), list(site.attrs.get("dilations", ones))


@emits("Conv")
def _conv(site: Site) -> Value:
    pen, x, w = site.scribe, site.value(0), site.value(1)
    kernel = list(pen.shape(w)[2:])
    stride, spread = _steps(site, len(kernel))
    x, padding = _bordered(site, x, _pads(site, x, kernel, stride, spread), 0.0)
    made = pen.op(
        f"conv{len(kernel)}d", x, w, stride=tuple(stride), padding=padding,
        dilation=tuple(spread), groups=site.attrs.get("group", 1),
    )  # fmt: skip
    return _with_bias(site, made, len(kernel))


@emits("ConvTranspose")
def _conv_transpose(site: Site) -> Value:
    pen, x, w = site.scribe, site.value(0), site.value(1)
    rank = len(pen.shape(w)) - 2
    stride, spread = _steps(site, rank)
    pads = _pads(site, x, list(pen.shape(w)[2:]), stride, spread)
    if any(before != after for before, after in pads) or "output_shape" in site.attrs:
        raise NoSaying(
            "ConvTranspose with uneven pads or an output shape has no operator here",
            "use even pads and output_padding",
        )
    made = transposed_convolution(
        pen, x, w, stride, [before for before, _ in pads],
        site.attrs.get("output_padding", (0,) * rank), spread, site.attrs.get("group", 1),
    )  # fmt: skip
    return _with_bias(site, made, rank)


def _pool(name: str, border: float) -> Emitter:
    def emit(site: Site) -> Value:
        pen, x, kernel = site.scribe, site.value(0), list(site.attrs["kernel_shape"])
        rank = len(kernel)
        stride, spread = _steps(site, rank)
        if site.attrs.get("ceil_mode", 0) or any(d != 1 for d in spread) or site.results > 1:
            raise NoSaying(
                "pooling with ceil_mode, dilation or indices has no operator here",
                "pad the input instead",
            )
        x, padding = _bordered(site, x, _pads(site, x, kernel, stride, spread), border)
        rest: dict[str, Any] = {}
        if name == "avg_pool":
            rest["count_include_pad"] = bool(site.attrs.get("count_include_pad", 0))
            if x != site.value(0) and not rest["count_include_pad"]:
                raise NoSaying("AveragePool with uneven pads has no operator here", "use even pads")
        return pen.op(
            f"{name}{rank}d", x, kernel=tuple(kernel), stride=tuple(stride), padding=padding, **rest
        )

    return emit


emits("MaxPool")(_pool("max_pool", -FAR))
emits("AveragePool")(_pool("avg_pool", 0.0))


@emits("GlobalMaxPool")
def _global_max_pool(site: Site) -> Value:
    rank = len(site.scribe.shape(site.value(0)))
    return site.scribe.op("max", site.value(0), axes=tuple(range(2, rank)), keepdims=True)


def _eps(site: Site) -> float:
    return float(site.attrs.get("epsilon", 1e-5))


@emits("BatchNormalization")
def _batch_norm(site: Site) -> Value:
    if site.attrs.get("training_mode", 0):
        raise NoSaying("BatchNormalization in training has no operator here", "export in eval mode")
    return site.scribe.op("batch_norm", *(site.value(i) for i in range(5)), eps=_eps(site))


@emits("InstanceNormalization")
def _instance_norm(site: Site) -> Value:
    return site.scribe.op("instance_norm", *(site.value(i) for i in range(3)), eps=_eps(site))


@emits("GroupNormalization")
def _group_norm(site: Site) -> Value:
    pen, groups = site.scribe, site.attrs["num_groups"]
    channels = pen.shape(site.value(0))[1]
    scales = [
        each if pen.shape(each)[0] == channels  # before opset 21 there is one a group
        else pen.op("repeat", each, repeats=channels // groups, axis=0)
        for each in (site.value(1), site.value(2))
    ]  # fmt: skip
    return pen.op("group_norm", site.value(0), *scales, groups=groups, eps=_eps(site))


@emits("LayerNormalization")
def _layer_norm(site: Site) -> Value:
    pen, x, gamma, beta = site.scribe, site.value(0), site.value(1), site.optional(2)
    rank = len(pen.shape(x))
    count = rank - site.attrs.get("axis", -1) % rank
    if site.results > 1:
        raise NoSaying("LayerNormalization that returns its moments has no operator here",
                       "compute them by ReduceMean")  # fmt: skip
    zeros = pen.op("mul", gamma, 0.0) if beta is None else beta
    return pen.op("layer_norm", x, gamma, zeros, axes_count=count, eps=_eps(site))


@emits("RMSNormalization")
def _rms_norm(site: Site) -> Value:
    pen, x = site.scribe, site.value(0)
    if site.attrs.get("axis", -1) % len(pen.shape(x)) != len(pen.shape(x)) - 1:
        raise NoSaying("RMSNormalization over several axes has no operator here", "flatten first")
    return pen.op("rms_norm", x, site.value(1), eps=_eps(site))
