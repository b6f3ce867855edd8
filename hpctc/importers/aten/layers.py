"""ATen that is a layer: products, convolutions, normalisations, pools, attention."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hpctc.importers.aten.base import Emitter, Site, emits
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Value
from hpctc.importers.windows import max_pool, transposed_convolution

Sizes = Sequence[int]


@emits("linear.default")
def _linear(site: Site, x: Value, weight: Value, bias: Value | None = None) -> Value:
    made = site.scribe.op("dense", x, weight)
    return made if bias is None else site.scribe.op("add", made, bias)


@emits("matmul.default", "mm.default", "bmm.default")
def _matmul(site: Site, a: Value, b: Value) -> Value:
    pen = site.scribe
    rows, columns = len(pen.shape(a)) == 1, len(pen.shape(b)) == 1
    left = pen.reshape(a, (1, *pen.shape(a))) if rows else a
    right = pen.reshape(b, (*pen.shape(b), 1)) if columns else b
    return pen.reshape(pen.op("matmul", left, right), site.shape)


emits("mv.default", "dot.default")(_matmul)


@emits("addmm.default", "baddbmm.default")
def _addmm(site: Site, bias: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1) -> Value:
    pen = site.scribe
    product: Value = pen.op("matmul", a, b)
    if alpha != 1:
        product = pen.op("mul", product, alpha)
    return pen.op("add", product, bias if beta == 1 else pen.op("mul", bias, beta))


def _every(values: Sizes | int, rank: int) -> tuple[int, ...]:
    """One number an axis; torch writes a single one for all."""
    found = (values,) if isinstance(values, int) else tuple(values)
    return found * rank if len(found) == 1 else found


def _with_bias(site: Site, made: str, bias: Value | None, channels: int) -> Value:
    if bias is None:
        return made
    column = site.scribe.reshape(bias, (channels, *(1,) * (len(site.shape) - 2)))
    return site.scribe.op("add", made, column)


@emits("convolution.default")
def _convolution(  # noqa: PLR0913  ATen's own signature
    site: Site, x: Value, weight: Value, bias: Value | None, stride: Sizes, padding: Sizes,
    dilation: Sizes, transposed: bool, output_padding: Sizes, groups: int,
) -> Value:  # fmt: skip
    pen, rank = site.scribe, len(site.scribe.shape(weight)) - 2
    steps: dict[str, Any] = {"stride": _every(stride, rank), "padding": _every(padding, rank)}
    if not transposed:
        steps["dilation"] = _every(dilation, rank)
        made = pen.op(f"conv{rank}d", x, weight, groups=groups, **steps)
        return _with_bias(site, made, bias, pen.shape(weight)[0])
    made = transposed_convolution(
        pen, x, weight, steps["stride"], steps["padding"], _every(output_padding, rank),
        _every(dilation, rank), groups,
    )  # fmt: skip
    return _with_bias(site, made, bias, pen.shape(weight)[1] * groups)


def _scale(site: Site, weight: Value | None, shape: Sizes, value: float) -> str:
    """A scale or shift; one that is left out is an array of ones or zeros."""
    array = np.full(shape, value, dtype=site.dtype)
    return site.scribe.name(array if weight is None else weight, "ones" if value else "zeros")


@emits("layer_norm.default")
def _layer_norm(
    site: Site, x: Value, shape: Sizes, weight: Value | None = None, bias: Value | None = None,
    eps: float = 1e-5, _: bool = False,
) -> Value:  # fmt: skip
    if weight is None and bias is None:
        return _standardised(site, x, tuple(range(-len(shape), 0)), eps)
    gamma, beta = _scale(site, weight, shape, 1), _scale(site, bias, shape, 0)
    return site.scribe.op("layer_norm", x, gamma, beta, axes_count=len(shape), eps=eps)


def _standardised(site: Site, x: Value, axes: tuple[int, ...], eps: float) -> str:
    """``(x - mean) / sqrt(variance + eps)``: a normalisation without scale and shift."""
    pen = site.scribe
    centred = pen.op("sub", x, pen.op("mean", x, axes=axes, keepdims=True))
    spread = pen.op("variance", x, axes=axes, keepdims=True)
    return pen.op("mul", centred, pen.op("rsqrt", pen.op("add", spread, eps)))


@emits("rms_norm.default")
def _rms_norm(
    site: Site, x: Value, shape: Sizes, weight: Value | None = None, eps: float | None = None
) -> Value:
    if len(shape) != 1:
        raise NoSaying("rms_norm over several axes has no operator here", "flatten them first")
    small = float(np.finfo(site.dtype).eps) if eps is None else eps
    return site.scribe.op("rms_norm", x, _scale(site, weight, shape, 1), eps=small)


@emits("group_norm.default")
def _group_norm(
    site: Site, x: Value, groups: int, weight: Value | None = None, bias: Value | None = None,
    eps: float = 1e-5, _: bool = True,
) -> Value:  # fmt: skip
    pen, shape = site.scribe, site.shape
    if weight is None and bias is None:
        parts = pen.reshape(x, (shape[0], groups, math.prod(shape[1:]) // groups))
        return pen.reshape(_standardised(site, parts, (-1,), eps), shape)
    gamma, beta = _scale(site, weight, shape[1:2], 1), _scale(site, bias, shape[1:2], 0)
    spaced = x if len(shape) > 2 else pen.reshape(x, (*shape, 1))
    made = pen.op("group_norm", spaced, gamma, beta, groups=groups, eps=eps)
    return pen.reshape(made, shape)


@emits("instance_norm.default")
def _instance_norm(  # noqa: PLR0913  ATen's own signature
    site: Site, x: Value, weight: Value | None, bias: Value | None, mean: Value | None,
    var: Value | None, use_input_stats: bool, _: float, eps: float, *__: Any,
) -> Value:  # fmt: skip
    if not use_input_stats:
        return _batch_norm(site, x, weight, bias, mean, var, False, 0.0, eps)
    if weight is None and bias is None:
        return _standardised(site, x, tuple(range(2, len(site.shape))), eps)
    channels = site.shape[1:2]
    gamma, beta = _scale(site, weight, channels, 1), _scale(site, bias, channels, 0)
    return site.scribe.op("instance_norm", x, gamma, beta, eps=eps)


@emits("batch_norm.default")
def _batch_norm(  # noqa: PLR0913  ATen's own signature
    site: Site, x: Value, weight: Value | None, bias: Value | None, mean: Value | None,
    var: Value | None, training: bool, _: float, eps: float, *__: Any,
) -> Value:  # fmt: skip
    if training or mean is None or var is None:
        raise NoSaying(
            "batch_norm that computes its own statistics has no operator here",
            "use BatchNorm with track_running_stats=True; it is imported in eval mode",
        )
    channels = site.shape[1:2]
    gamma, beta = _scale(site, weight, channels, 1), _scale(site, bias, channels, 0)
    return site.scribe.op("batch_norm", x, gamma, beta, mean, var, eps=eps)


@emits("_native_batch_norm_legit_no_training.default")
def _batch_norm_in_eval(  # noqa: PLR0913  ATen's own signature
    site: Site, x: Value, weight: Value | None, bias: Value | None, mean: Value, var: Value,
    momentum: float, eps: float,
) -> tuple[Value, ...]:  # fmt: skip
    return (_batch_norm(site, x, weight, bias, mean, var, False, momentum, eps),)


def _pool_padding(ceil_mode: bool) -> None:
    if ceil_mode:
        raise NoSaying("pooling with ceil_mode has no operator here", "pad the input instead")


def _batched(site: Site, x: Value, rank: int) -> Value:
    """Pools of ours have a batch axis; torch's may leave it out."""
    shape = site.scribe.shape(x)
    return x if len(shape) == rank + 2 else site.scribe.reshape(x, (1, *shape))


def _max_pool(rank: int) -> Emitter:
    def emit(  # noqa: PLR0913  ATen's own signature
        site: Site, x: Value, kernel: Sizes, stride: Sizes = (), padding: Sizes = (0,),
        dilation: Sizes = (1,), ceil_mode: bool = False,
    ) -> Value:  # fmt: skip
        _pool_padding(ceil_mode)
        size = _every(kernel, rank)
        made = max_pool(
            site.scribe, _batched(site, x, rank), size, _every(stride, rank) if stride else size,
            _every(padding, rank), _every(dilation, rank),
        )  # fmt: skip
        return site.scribe.reshape(made, site.shape)

    return emit


def _avg_pool(rank: int) -> Emitter:
    def emit(  # noqa: PLR0913  ATen's own signature
        site: Site, x: Value, kernel: Sizes, stride: Sizes = (), padding: Sizes = (0,),
        ceil_mode: bool = False, count_include_pad: bool = True, divisor: int | None = None,
    ) -> Value:  # fmt: skip
        _pool_padding(ceil_mode)
        if divisor is not None:
            raise NoSaying("divisor_override has no operator here", "scale the pooled values")
        size = _every(kernel, rank)
        made = site.scribe.op(
            f"avg_pool{rank}d", _batched(site, x, rank), kernel=size,
            stride=_every(stride, rank) if stride else size, padding=_every(padding, rank),
            count_include_pad=count_include_pad,
        )  # fmt: skip
        return site.scribe.reshape(made, site.shape)

    return emit


for _rank in (1, 2, 3):
    emits(f"max_pool{_rank}d.default")(_max_pool(_rank))
    emits(f"avg_pool{_rank}d.default")(_avg_pool(_rank))


@emits("adaptive_avg_pool2d.default", "adaptive_avg_pool1d.default")
def _adaptive_avg_pool(site: Site, x: Value, size: Sizes) -> Value:
    pen, shape = site.scribe, site.scribe.shape(x)
    rank = len(size)
    if all(n == 1 for n in size):
        return pen.op("mean", x, axes=tuple(range(-rank, 0)), keepdims=True)
    count = math.prod(shape[:-rank])
    image = pen.reshape(x, (1, count, *(1,) * (2 - rank), *shape[-rank:]))
    sizes = (*(1,) * (2 - rank), *size)
    return pen.reshape(pen.op("adaptive_avg_pool2d", image, size=sizes), site.shape)


@emits("adaptive_max_pool2d.default")
def _adaptive_max_pool(site: Site, x: Value, size: Sizes) -> tuple[Value, ...]:
    # Where the largest ones were is said by no operator of ours; a model that asks for it fails.
    return (site.scribe.op("adaptive_max_pool2d", x, size=_every(size, 2)),)


@emits("upsample_nearest2d.vec", "upsample_nearest2d.default")
def _nearest(site: Site, x: Value, *_: Any) -> Value:
    pen, before, after = site.scribe, site.scribe.shape(x)[-2:], site.shape[-2:]
    if all(m % n == 0 for n, m in zip(before, after, strict=True)):
        scale = tuple(m // n for n, m in zip(before, after, strict=True))
        return pen.op("upsample2d", x, scale=scale)
    for axis, (n, m) in enumerate(zip(before, after, strict=True), 2):
        # Torch takes the pixel at floor(i n / m); resize2d takes the one under the centre.
        x = pen.op("take", x, pen.name(np.arange(m, dtype=np.int32) * n // m, "indices"), axis=axis)
    return x


@emits("upsample_bilinear2d.vec", "upsample_bilinear2d.default")
def _bilinear(site: Site, x: Value, _: Any, align_corners: bool, *__: Any) -> Value:
    if align_corners:
        raise NoSaying("bilinear resizing with align_corners has no operator here",
                       "use align_corners=False")  # fmt: skip
    return site.scribe.op("resize2d", x, size=site.shape[-2:], method="linear")


@emits("scaled_dot_product_attention.default")
def _attention(  # noqa: PLR0913  ATen's own signature
    site: Site, q: Value, k: Value, v: Value, mask: Value | None = None, _: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Value:  # fmt: skip
    pen = site.scribe
    if enable_gqa:
        times = pen.shape(q)[-3] // pen.shape(k)[-3]
        k, v = (pen.op("repeat", each, repeats=times, axis=-3) for each in (k, v))
    rank = len(pen.shape(k))
    turned = pen.transpose(k, (*range(rank - 2), rank - 1, rank - 2))
    factor = 1 / math.sqrt(pen.shape(q)[-1]) if scale is None else scale
    scores: Value = pen.op("mul", pen.op("matmul", q, turned), factor)
    low = np.asarray(-np.inf, dtype=np.float32)
    if is_causal:
        scores = pen.choose(np.tri(*pen.shape(scores)[-2:], dtype=bool), scores, low)
    elif mask is not None and pen.type(mask).dtype == "bool":
        scores = pen.choose(mask, scores, low)
    elif mask is not None:
        scores = pen.op("add", scores, mask)
    return pen.op("matmul", pen.op("softmax", scores), v)
