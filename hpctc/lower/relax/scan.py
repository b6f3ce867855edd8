"""Running sums and products: each element needs the one before, which tensor expressions lack."""

from collections.abc import Callable

from tvm import tirx
from tvm.script import from_source

from hpctc.lower.relax.site import FUNCTIONS, Site, normal, wide

TEMPLATE = """
@T.prim_func(private=True, s_tir=True)
def {name}(x: T.Buffer({shape}, "{dtype}"), y: T.Buffer({shape}, "{dtype}")):
    T.func_attr({{"tirx.noalias": True}})
    for {loops} in T.grid({extents}):
        with T.sblock("{name}"):
            {axes} = T.axis.remap("{kinds}", [{loops}])
            T.reads(x[{line}])
            T.writes(y[{line}])
            total = T.sblock_alloc_buffer((1,), "{acc}", scope="local")
            total[0] = T.Cast("{acc}", {start})
            for k in range({extent}):
                total[0] = total[0] {symbol} T.Cast("{acc}", x[{place}])
                y[{place}] = T.Cast("{dtype}", total[0])
"""
"""One block a line along the axis: spatial from outside, serial inside."""


def running(name: str, symbol: str, start: int) -> Callable[[Site], tirx.PrimFunc]:
    """The emitter of ``start symbol x[0] symbol ...`` along ``axis``, in the accumulator's type."""

    def emit(site: Site) -> tirx.PrimFunc:
        shape, dtype = site.operands[0].shape, site.dtype
        axis = normal(site.attrs["axis"], len(shape))
        outer = [a for a in range(len(shape)) if a != axis]
        # a vector has one line: a loop of extent 1 around it
        names = [f"i{a}" for a in outer] or ["i"]
        extents = [shape[a] for a in outer] or [1]
        variables = {a: f"v{a}" for a in outer}
        text = TEMPLATE.format(
            name=name,
            symbol=symbol,
            start=start,
            shape=f"({', '.join(map(str, shape))},)",
            dtype=dtype,
            acc=wide(dtype),
            loops=", ".join(names),
            extents=", ".join(map(str, extents)),
            axes=", ".join(variables.values() or ["v"]),
            kinds="S" * len(names),
            line=", ".join(variables.get(a, f"0:{shape[axis]}") for a in range(len(shape))),
            place=", ".join(variables.get(a, "k") for a in range(len(shape))),
            extent=shape[axis],
        )
        return from_source(text)

    return emit


FUNCTIONS["cumsum"] = running("cumsum", "+", 0)
FUNCTIONS["cumprod"] = running("cumprod", "*", 1)
