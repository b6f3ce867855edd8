"""Expressions of GCC vector types: one vector where the scalar program has a loop of lanes."""

from collections.abc import Mapping
from typing import Any

from tvm import ir, tirx

from hpctc.lower.c.expr import ATOM, UNARY, Environment, Expressions, Piece
from hpctc.lower.c.tree import substitute, uses
from hpctc.lower.c.types import C_TYPES, ITEMSIZE, SHORT, dtype_of


class Vectors(Expressions):
    """Prints the expressions of one loop over lanes; what does not vary by lane stays scalar."""

    def __init__(self, env: Environment, loop: Any, lanes: int, registers: Mapping[Any, int]):
        super().__init__(env)
        self.lane = loop.loop_var
        self.lanes = lanes
        self.registers = registers
        self.scalars = Expressions(env)
        self.by_type[ir.TensorLoad] = lambda e: self.element(e.source, e.indices, "const ")

    def piece(self, expr: Any) -> Piece:
        """C for ``expr``: a vector if it depends on the lane, else a scalar."""
        if not uses(expr, self.lane):
            return self.scalars.piece(expr)
        return super().piece(expr)

    def vector(self, expr: Any) -> str:
        """C for ``expr`` as a vector in any case."""
        if uses(expr, self.lane):
            return self.text(expr)
        kind = self.type(dtype_of(expr))
        if isinstance(expr, tirx.FloatImm | tirx.IntImm) and expr.value == 0:
            return f"({kind}){{0}}"
        return f"{self.env.helper('splat', kind)}({self.text(expr)})"

    def element(self, buffer: Any, indices: Any, const: str = "") -> Piece:
        """``acc[i][0]`` of a register tile, ``*(f32x16 *)&x[i]`` of memory."""
        start = [substitute(i, {self.lane: tirx.IntImm("int32", 0)}) for i in indices]
        if buffer in self.registers:
            return self.env.element(buffer, [*start[:-1], start[-1] // self.lanes])
        place, _ = self.env.element(buffer, start)
        address = place.removesuffix("[0]") if place.endswith("[0]") else f"&{place}"
        return f"*({const}{self.type(dtype_of(buffer))} *){address}", UNARY

    def type(self, dtype: str) -> str:
        """Ask for a vector type in the unit; its name."""
        return self.env.vector_type(dtype, self.lanes)

    def cast(self, expr: Any) -> Piece:
        """A conversion of all lanes."""
        text, kind = self.text(expr.value), self.type(dtype_of(expr))
        return f"__builtin_convertvector({text}, {kind})", ATOM

    def fold(self, expr: Any) -> str:
        """A reduction's minimum or maximum: one comparison, at the price of forgetting NaN."""
        which = "fold_max" if isinstance(expr, tirx.Max) else "fold_min"
        name = self.env.helper(which, self.type(dtype_of(expr)))
        return f"{name}({self.vector(expr.a)}, {self.vector(expr.b)})"

    def extreme(self, which: str, expr: Any) -> Piece:
        """Minimum or maximum of every lane, through a helper."""
        name = self.env.helper(which, self.type(dtype_of(expr)))
        return f"{name}({self.vector(expr.a)}, {self.vector(expr.b)})", ATOM


def typedef(dtype: str, lanes: int) -> str:
    """The declaration of a vector type that may lie anywhere an element may."""
    size = ITEMSIZE[dtype]
    attributes = f"vector_size({lanes * size}), aligned({size}), may_alias"
    return f"typedef {C_TYPES[dtype]} {type_name(dtype, lanes)} __attribute__(({attributes}));"


def type_name(dtype: str, lanes: int) -> str:
    """``f32x16``."""
    return f"{SHORT[dtype]}x{lanes}"
