"""ATen that folds axes away: sums, extremes, statistics, norms, softmax."""

import math
from collections.abc import Sequence
from typing import Any

from hpctc.importers.aten.base import Emitter, Site, emits
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Value

Dims = Sequence[int] | int | None


def _axes(dims: Dims) -> tuple[int, ...]:
    if dims is None:
        return ()
    return (dims,) if isinstance(dims, int) else tuple(dims)


def _reduced(name: str) -> Emitter:
    def emit(site: Site, x: Value, dims: Dims = None, keepdim: bool = False, **_: Any) -> Value:
        return site.scribe.op(
            name, site.scribe.cast(x, site.dtype), axes=_axes(dims), keepdims=keepdim
        )

    return emit


for _name in ("sum", "mean"):
    emits(f"{_name}.default", f"{_name}.dim_IntList", f"{_name}.dim")(_reduced(_name))
for _theirs, _ours in (("amax", "max"), ("amin", "min")):
    emits(f"{_theirs}.default", f"{_ours}.default")(_reduced(_ours))
for _name in ("any", "all"):
    emits(f"{_name}.default", f"{_name}.dim", f"{_name}.dims")(_reduced(_name))
emits("prod.default", "prod.dim_int")(_reduced("prod"))
emits("logsumexp.default")(_reduced("logsumexp"))


def _extreme(name: str) -> Emitter:
    def emit(site: Site, x: Value, dim: int, keepdim: bool = False) -> tuple[Value, ...]:
        values = site.scribe.op(name, x, axes=(dim,), keepdims=keepdim)
        return values, site.scribe.op(f"arg{name}", x, axis=dim, keepdims=keepdim)

    return emit


emits("max.dim")(_extreme("max"))
emits("min.dim")(_extreme("min"))


def _argument(name: str) -> Emitter:
    def emit(site: Site, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
        if dim is None:
            return site.scribe.op(name, site.scribe.reshape(x, (-1,)), axis=0)
        return site.scribe.op(name, x, axis=dim, keepdims=keepdim)

    return emit


emits("argmax.default")(_argument("argmax"))
emits("argmin.default")(_argument("argmin"))


def _running(name: str) -> Emitter:
    def emit(site: Site, x: Value, dim: int, **_: Any) -> Value:
        return site.scribe.op(name, site.scribe.cast(x, site.dtype), axis=dim)

    return emit


emits("cumsum.default")(_running("cumsum"))
emits("cumprod.default")(_running("cumprod"))


@emits("softmax.int", "_softmax.default")
def _softmax(site: Site, x: Value, dim: int, _: Any = None) -> Value:
    return site.scribe.op("softmax", x, axis=dim)


@emits("log_softmax.int", "_log_softmax.default")
def _log_softmax(site: Site, x: Value, dim: int, _: Any = None) -> Value:
    return site.scribe.op("log_softmax", x, axis=dim)


@emits("var.correction")
def _variance(
    site: Site, x: Value, dims: Dims = None, correction: float | None = None, keepdim: bool = False
) -> Value:
    shape = site.scribe.shape(x)
    axes = _axes(dims)
    count = math.prod(shape[a] for a in axes) if axes else math.prod(shape)
    freed = 1 if correction is None else correction
    if count <= freed:
        raise NoSaying(f"the variance of {count} elements is not defined", "use correction=0")
    made = site.scribe.op("variance", x, axes=axes, keepdims=keepdim)
    # Ours divides by the count; Bessel's correction divides by fewer.
    return site.scribe.op("mul", made, count / (count - freed)) if freed else made


@emits("std.correction")
def _deviation(site: Site, x: Value, dims: Dims = None, **rest: Any) -> Value:
    return site.scribe.op("sqrt", _variance(site, x, dims, **rest))


@emits("var_mean.correction")
def _var_mean(site: Site, x: Value, dims: Dims = None, **rest: Any) -> tuple[Value, ...]:
    mean = site.scribe.op("mean", x, axes=_axes(dims), keepdims=rest.get("keepdim", False))
    return _variance(site, x, dims, **rest), mean


@emits("linalg_vector_norm.default")
def _vector_norm(
    site: Site, x: Value, order: float = 2, dims: Dims = None, keepdim: bool = False, **_: Any
) -> Value:
    pen = site.scribe

    def folded(name: str, value: Value) -> str:
        return pen.op(name, value, axes=_axes(dims), keepdims=keepdim)

    if order == 2:
        return pen.op("sqrt", folded("sum", pen.op("square", x)))
    size = pen.op("abs", x)
    if order == 1:
        return folded("sum", size)
    if order == math.inf:
        return folded("max", size)
    raise NoSaying(f"the norm of order {order} has no operator here", "use order 1, 2 or inf")


@emits("topk.default")
def _topk(
    site: Site, x: Value, k: int, dim: int = -1, largest: bool = True, _: bool = True
) -> tuple[Value, ...]:
    how = {"k": k, "axis": dim, "largest": largest}
    return site.scribe.op("topk", x, **how), site.scribe.op("argtopk", x, **how)


@emits("sort.default", "sort.stable")
def _sort(
    site: Site, x: Value, dim: int = -1, descending: bool = False, **_: Any
) -> tuple[Value, ...]:
    how = {"axis": dim, "descending": descending}
    return site.scribe.op("sort", x, **how), site.scribe.op("argsort", x, **how)


@emits("argsort.default")
def _argsort(site: Site, x: Value, dim: int = -1, descending: bool = False) -> Value:
    return site.scribe.op("argsort", x, axis=dim, descending=descending)
