"""Functions and operators on CUDA's vectors, place by place."""

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.library import Library
from hpctc.transpile.scope import Typed

_HALF2 = {
    "__hadd2": "+", "__hsub2": "-", "__hmul2": "*", "__h2div": "/", "__hneg2": "neg",
    "__hmax2": "max", "__hmin2": "min", "__hfma2": "fma",
}  # fmt: skip


class Vectors(Library):
    """``float4``, ``half2`` and their like are structs in C."""

    def _vector_call(self, node: tree.Call, name: str) -> Typed | None:
        if name.startswith("make_") and (made := types.scalar(name[5:])) in types.VECTORS:
            assert made is not None
            return Typed(self.construct(tree.Named(made), node.args), tree.Named(made))
        if name in _HALF2:
            return self.elementwise(_HALF2[name], [self.expr(a) for a in node.args])
        shapes = {
            "__halves2half2": ("half2", None), "__floats2half2_rn": ("half2", None),
            "__float2half2_rn": ("half2", 2), "__half2half2": ("half2", 2),
            "__half22float2": ("float2", 0), "__float22half2_rn": ("half2", 0),
        }  # fmt: skip
        if name in ("__low2float", "__high2float", "__low2half", "__high2half"):
            part = tree.Member(self.expr(node.args[0]).expr, "x" if "low" in name else "y")
            half = Typed(part, types.HALF)
            return half if name.endswith("half") else self.cast(types.FLOAT, half)
        if name not in shapes:
            return None
        made, repeat = shapes[name]
        given = [self.expr(a) for a in node.args]
        element = tree.Named(types.VECTORS[made][0])
        if repeat == 0:
            held = types.VECTORS[types.name(given[0].type)][0]
            kept = self.held(given[0])
            given = [Typed(tree.Member(kept, axis), tree.Named(held)) for axis in "xy"]
        elif repeat:
            given = given * repeat
        parts = [self.cast(element, g) for g in given]
        return Typed(self.construct(tree.Named(made), (), parts), tree.Named(made))

    def held(self, given: Typed) -> tree.Expr:
        """A value that may be mentioned twice."""
        if isinstance(given.expr, tree.Name):
            return given.expr
        return self.temporary("pair", given.type, given.expr)

    def elementwise(self, op: str, args: list[Typed]) -> Typed:
        """An operation on vectors, place by place; a scalar goes with every place."""
        shape = next(types.name(a.type) for a in args if types.name(a.type) in types.VECTORS)
        element, width = types.VECTORS[shape]
        kept = [Typed(self.held(a), a.type) for a in args]
        values = []
        for axis in "xyzw"[:width]:
            parts = [
                Typed(tree.Member(k.expr, axis), tree.Named(element))
                if types.name(k.type) in types.VECTORS
                else k
                for k in kept
            ]
            values.append(self._place(op, parts, tree.Named(element)))
        return Typed(self.construct(tree.Named(shape), (), values), tree.Named(shape))

    def _place(self, op: str, parts: list[Typed], element: tree.Type) -> Typed:
        if op == "neg":
            made = Typed(tree.Unary("-", parts[0].expr), element)
        elif op == "fma":
            made = Typed(tree.Call(tree.Name("fmaf"), tuple(p.expr for p in parts)), types.FLOAT)
        elif op in ("max", "min"):
            made = self.extreme(op, parts[0], parts[1])
        else:
            made = self.operation(op, *parts)
        return self.cast(element, made)
