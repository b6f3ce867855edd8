"""Layouts that trade axes for one another, and borders made of what is inside."""

from collections.abc import Sequence

from tvm import tirx

from hpctc.lower.relax.layout import moves, ravel, unravel
from hpctc.lower.relax.site import Expr, Index, Site, Tensor, emits


def _reorganised(site: Site, index: Index) -> Sequence[Expr]:
    n, k, i, j = index
    s = site.attrs["stride"]
    _, c, h, w = site.operands[0].shape
    small = c // (s * s)
    # the result as [N, C, H, W], then where Darknet finds it in x read as [N, C / s^2, H s, W s]
    channel, row, column = unravel(ravel((k, i, j), site.shape[1:]), (c, h, w))
    part = channel // small
    wide = (channel % small, row * s + part // s, column * s + part % s)
    return [n, *unravel(ravel(wide, (small, h * s, w * s)), (c, h, w))]


def _from_batch(site: Site, index: Index) -> Sequence[Expr]:
    block = site.attrs["block"]
    space = [i + p for i, p in zip(index[1:], site.attrs["before"], strict=False)]
    part = ravel([i % b for i, b in zip(space, block, strict=True)], block)
    small = [i // b for i, b in zip(space, block, strict=True)]
    return [part * site.shape[0] + index[0], *small, *index[len(block) + 1 :]]


def _packed(site: Site, index: Index) -> Sequence[Expr]:
    n, outer, h, w, c = index
    return [n, outer * site.attrs["block"] + c, h, w]


def _unpacked(site: Site, index: Index) -> Sequence[Expr]:
    n, c, h, w = index
    block = site.operands[0].shape[-1]
    return [n, c // block, h, w, c % block]


def _mirrored(site: Site, index: Index) -> Sequence[Expr]:
    twice = int(site.attrs["mode"] == "symmetric")
    places = []
    for i, before, after, n in zip(
        index, site.attrs["before"], site.attrs["after"], site.operands[0].shape, strict=True
    ):
        place = i - before
        if after:
            place = tirx.Select(i >= before + n, before + 2 * (n - 1) + twice - i, place)
        if before:
            place = tirx.Select(i < before, before - twice - i, place)
        places.append(place)
    return places


moves("reorg", _reorganised)
moves("batch_to_space_nd", _from_batch)
moves("pack_nchwc", _packed)
moves("unpack_nchwc", _unpacked)
moves("mirror_pad", _mirrored)


@emits("space_to_batch_nd")
def _to_batch(site: Site) -> Tensor:
    block, batch = site.attrs["block"], site.operands[0].shape[0]
    zero = tirx.const(0, site.dtype)

    def element(*index: Expr) -> Expr:
        parts = unravel(index[0] // batch, block)
        source, inside = [], []
        for axis, (i, b, p) in enumerate(zip(index[1:], block, parts, strict=False)):
            before, after = site.attrs["before"][axis], site.attrs["after"][axis]
            place = i * b + p
            inside += [place >= before] if before else []
            inside += [place < before + site.operands[0].shape[axis + 1]] if after else []
            source.append(place - before)
        value = site.x(index[0] % batch, *source, *index[len(block) + 1 :])
        return tirx.if_then_else(tirx.all(*inside), value, zero) if inside else value

    return site.compute(element)


@emits("dilate")
def _dilate(site: Site) -> Tensor:
    fill = tirx.const(site.attrs["value"], site.dtype)
    strides = site.attrs["strides"]

    def element(*index: Expr) -> Expr:
        hit = [tirx.EQ(i % s, 0) for i, s in zip(index, strides, strict=True) if s > 1]
        source = [i // s if s > 1 else i for i, s in zip(index, strides, strict=True)]
        value = site.x(*source)
        return tirx.if_then_else(tirx.all(*hit), value, fill) if hit else value

    return site.compute(element)
