"""Bits: logical operators on whole numbers, shifts, counts, packed planes, binary products."""

from tvm import te, tirx

from hpctc.lower.relax.elementwise import elementwise
from hpctc.lower.relax.site import (
    EMITTERS,
    Expr,
    Site,
    Tensor,
    counted,
    emits,
    like,
    normal,
    replaced,
)

EMITTERS.update(
    {
        "bitwise_and": elementwise(lambda x, y: x & y),
        "bitwise_or": elementwise(lambda x, y: x | y),
        "bitwise_xor": elementwise(lambda x, y: x ^ y),
        "bitwise_not": elementwise(lambda x: like(x, -1) - x),
    }
)


@emits("left_shift")
def _left(site: Site) -> Tensor:
    # a product: C does not define a shift of what is negative
    return site.compute(lambda *i: site.x(*i) * tirx.const(1 << site.attrs["bits"], site.dtype))


@emits("right_shift")
def _right(site: Site) -> Tensor:
    return site.compute(lambda *i: site.x(*i) >> tirx.const(site.attrs["bits"], site.dtype))


def ones(x: Expr) -> Expr:
    """How many bits of an i32 are set, by adding up neighbours (Warren, Hacker's Delight, 2002)."""

    def number(value: int) -> Expr:
        return like(x, value)

    # the sign has no neighbour to add; it is counted apart, so that nothing overflows
    rest = x & number(0x7FFFFFFF)
    sign = tirx.Select(x < number(0), number(1), number(0))
    pairs = rest - ((rest >> 1) & number(0x55555555))
    fours = (pairs & number(0x33333333)) + ((pairs >> 2) & number(0x33333333))
    eights = (fours + (fours >> 4)) & number(0x0F0F0F0F)
    halves = eights + (eights >> 8)
    return ((halves + (halves >> 16)) & number(0x3F)) + sign


EMITTERS["popcount"] = elementwise(ones)


@emits("bitpack")
def _pack(site: Site) -> Tensor:
    word = site.attrs["word"]
    axis = normal(site.attrs["axis"], len(site.operands[0].shape))
    j = te.reduce_axis((0, word), name="j")
    planes, one = counted(site.attrs["planes"]), tirx.const(1, "int32")
    weight = te.compute((word,), lambda i: one << i.astype("int32"), name="weight")

    def element(plane: Expr, *index: Expr) -> Expr:
        value = site.x(*replaced(index, axis, index[axis] * word + j.var))
        return te.sum(((value >> planes(plane)) & one) * weight(j.var), axis=j)

    return site.compute(element)


@emits("binary_dense")
def _binary(site: Site) -> Tensor:
    x, w = site.args
    words = site.operands[1].shape[1]
    whole = tirx.const(site.attrs["bits"] * words, "int32")
    k = te.reduce_axis((0, words), name="k")

    def unlike(*index: Expr) -> Expr:
        # words of zeros, with which a GPU may fill its tiles up, count for nothing
        return te.sum(ones(x(*index[:-1], k.var) ^ w(index[-1], k.var)), axis=k)

    found = site.compute(unlike, "unlike")
    return site.compute(lambda *i: whole - found(*i) * 2)
