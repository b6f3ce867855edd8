"""Operators that only move elements: each says where its result reads."""

from collections.abc import Callable, Sequence

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Index, Site, Tensor, emits, normal, replaced

Source = Callable[[Site, Index], Sequence[Expr]]
"""Index into the result -> index into the operand."""


def moves(name: str, source: Source) -> None:
    """Enter an operator of which every element of the result is one of the operand."""
    emits(name)(lambda site: site.compute(lambda *i: site.x(*source(site, i))))


def _transposed(site: Site, index: Index) -> Sequence[Expr]:
    perm: Sequence[int] = site.attrs["perm"]
    return [index[perm.index(axis)] for axis in range(len(index))]


def _reshaped(site: Site, index: Index) -> Sequence[Expr]:
    return unravel(ravel(index, site.shape), site.operands[0].shape)


def ravel(index: Index, shape: Sequence[int]) -> Expr:
    """The row-major position of an index."""
    position: Expr = 0
    for i, n in zip(index, shape, strict=True):
        position = position * n + i
    return position


def unravel(position: Expr, shape: Sequence[int]) -> list[Expr]:
    """The index of a row-major position that lies inside ``shape``."""
    index: list[Expr] = []
    for n in reversed(shape[1:]):
        index.append(position % n)
        position = position // n
    return [*([position] if shape else []), *index[::-1]]


def _squeezed(site: Site, index: Index) -> Sequence[Expr]:
    shape = site.operands[0].shape
    axes = {normal(a, len(shape)) for a in site.attrs["axes"]} or {
        a for a, n in enumerate(shape) if n == 1
    }
    rest = iter(index)
    return [0 if axis in axes else next(rest) for axis in range(len(shape))]


def _expanded(site: Site, index: Index) -> Sequence[Expr]:
    axes = {normal(a, len(index)) for a in site.attrs["axes"]}
    return [i for axis, i in enumerate(index) if axis not in axes]


def _flipped(site: Site, index: Index) -> Sequence[Expr]:
    rank = len(index)
    axes = {normal(a, rank) for a in site.attrs["axes"]} or set(range(rank))
    return [
        n - 1 - i if axis in axes else i
        for axis, (i, n) in enumerate(zip(index, site.shape, strict=True))
    ]


def _tiled(site: Site, index: Index) -> Sequence[Expr]:
    return [i % n for i, n in zip(index, site.operands[0].shape, strict=True)]


def _repeated(site: Site, index: Index) -> Sequence[Expr]:
    axis = normal(site.attrs["axis"], len(index))
    return replaced(index, axis, index[axis] // site.attrs["repeats"])


def _rolled(site: Site, index: Index) -> Sequence[Expr]:
    axis = normal(site.attrs["axis"], len(index))
    extent = site.shape[axis]
    shift = site.attrs["shift"] % extent
    if shift == 0:
        return index
    # Not (i + extent - shift) % extent: where loops are fused, TVM 0.27 merges that remainder with
    # the quotient of the fused index as if nothing had been added, and reads another element.
    i = index[axis]
    return replaced(index, axis, tirx.Select(i >= shift, i - shift, i + (extent - shift)))


def _sliced(site: Site, index: Index) -> Sequence[Expr]:
    steps = site.attrs["step"] or (1,) * len(index)
    return [b + i * s for b, i, s in zip(site.attrs["begin"], index, steps, strict=True)]


def _from_depth(site: Site, index: Index) -> Sequence[Expr]:
    n, c, h, w = index
    b = site.attrs["block"]
    return [n, (h % b * b + w % b) * site.shape[1] + c, h // b, w // b]


def _from_space(site: Site, index: Index) -> Sequence[Expr]:
    n, c, h, w = index
    b, channels = site.attrs["block"], site.operands[0].shape[1]
    place = c // channels
    return [n, c % channels, h * b + place // b, w * b + place % b]


def _broadcast(site: Site, index: Index) -> Sequence[Expr]:
    shape = site.operands[0].shape
    tail = index[len(index) - len(shape) :]
    return [0 if n == 1 else i for n, i in zip(shape, tail, strict=True)]


moves("transpose", _transposed)
moves("reshape", _reshaped)
moves("squeeze", _squeezed)
moves("expand_dims", _expanded)
moves("flip", _flipped)
moves("tile", _tiled)
moves("repeat", _repeated)
moves("roll", _rolled)
moves("slice", _sliced)
moves("depth_to_space", _from_depth)
moves("space_to_depth", _from_space)
moves("broadcast_to", _broadcast)


@emits("tril", "triu")
def _triangle(site: Site) -> Tensor:
    k = site.attrs["k"]

    def element(*index: Expr) -> Expr:
        row, column = index[-2:]
        inside = column - row <= k if site.op == "tril" else column - row >= k
        return tirx.if_then_else(inside, site.x(*index), tirx.const(0, site.dtype))

    return site.compute(element)


@emits("pad")
def _pad(site: Site) -> Tensor:
    fill = tirx.const(site.attrs["value"], site.dtype)
    sides = list(
        zip(site.attrs["before"], site.attrs["after"], site.operands[0].shape, strict=True)
    )

    def element(*index: Expr) -> Expr:
        inside = [
            bound
            for i, (before, after, n) in zip(index, sides, strict=True)
            for bound in ([i >= before] if before else []) + ([i < before + n] if after else [])
        ]
        source = [i - before for i, (before, _, _) in zip(index, sides, strict=True)]
        if not inside:
            return site.x(*source)
        return tirx.if_then_else(tirx.all(*inside), site.x(*source), fill)

    return site.compute(element)


def _pick(pieces: Sequence[tuple[int, Callable[[], Expr]]], position: Expr) -> Expr:
    """The first piece whose bound lies behind ``position``; the last takes the rest."""
    (bound, value), *rest = pieces
    if not rest:
        return value()
    return tirx.if_then_else(position < bound, value(), _pick(rest, position))


@emits("concat")
def _concat(site: Site) -> Tensor:
    axis = normal(site.attrs["axis"], len(site.shape))

    def element(*index: Expr) -> Expr:
        pieces: list[tuple[int, Callable[[], Expr]]] = []
        start = 0
        for tensor, kind in zip(site.args, site.operands, strict=True):
            place = replaced(index, axis, index[axis] - start)
            start += kind.shape[axis]
            pieces.append((start, lambda t=tensor, p=place: t(*p)))  # type: ignore[misc]
        return _pick(pieces, index[axis])

    return site.compute(element)


@emits("stack")
def _stack(site: Site) -> Tensor:
    axis = normal(site.attrs["axis"], len(site.shape))

    def element(*index: Expr) -> Expr:
        place = (*index[:axis], *index[axis + 1 :])
        pieces: list[tuple[int, Callable[[], Expr]]] = [
            (n, lambda t=tensor: t(*place))  # type: ignore[misc]
            for n, tensor in enumerate(site.args, 1)
        ]
        return _pick(pieces, index[axis])

    return site.compute(element)


@emits("split")
def _split(site: Site) -> list[Tensor]:
    axis = normal(site.attrs["axis"], len(site.operands[0].shape))

    def part(n: int, kind_shape: tuple[int, ...]) -> Tensor:
        start = n * kind_shape[axis]
        return te.compute(
            kind_shape,
            lambda *i: site.x(*replaced(i, axis, i[axis] + start)),
            name=f"part{n}",
        )

    return [part(n, kind.shape) for n, kind in enumerate(site.results)]
