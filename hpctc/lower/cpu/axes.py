"""The axes of a contraction in the form a tile wants: groups split off, straight neighbours merged.

A grouped convolution has ``channel // members`` in its input's address: the channel becomes a group
axis, on which both factors depend, and a member axis, on which only the weight does. The pixels of
a 1x1 convolution, or the batch and rows of a dense layer, are one axis in all but name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tvm_ffi
from tvm import ir, sym, tirx

from hpctc.lower.cpu.blocks import Access, collect, uses
from hpctc.lower.cpu.build import substitute

Expr = Any


@dataclass(frozen=True)
class Axis:
    """A loop axis of the contraction."""

    var: Any
    extent: int

    @property
    def name(self) -> str:
        """The variable's name."""
        return str(self.var.name).removeprefix("v_")


@dataclass(frozen=True)
class Factor:
    """One of the two multiplied expressions."""

    value: Expr
    access: Access
    """Its only load."""

    def on(self, axis: Axis) -> bool:
        """Whether its value depends on ``axis``."""
        return uses(self.value, axis.var)

    def contiguous(self, axis: Axis) -> bool:
        """Whether neighbours along ``axis`` are neighbours in memory."""
        return self.access.stride(axis.var) == 1


@dataclass
class Form:
    """Axes, factors and result indices while they are brought into form."""

    spatial: list[Axis]
    reduced: list[Axis]
    values: list[Expr]
    indices: list[Expr]

    def factor(self, position: int) -> Factor:
        """One of the two factors."""
        value = self.values[position]
        load = collect(value, ir.TensorLoad)[0]
        return Factor(value, Access(load.source, tuple(load.indices), self._bounds()))

    def split_groups(self) -> None:
        """Split every axis that appears as ``axis // c`` into group and member."""
        made: list[Axis] = []
        renamed: list[tuple[Any, Expr]] = []
        for axis in self.spatial:
            size = _group_size(axis, self.values)
            if size is None or axis.extent % size or axis.extent == size:
                made.append(axis)
                continue
            group, member = tirx.Var("v_group", "int32"), tirx.Var(axis.var.name, "int32")
            made += [Axis(group, axis.extent // size), Axis(member, size)]
            renamed.append((axis.var, group * size + member))
        self._rename(made, renamed)

    def merge_neighbours(self, result: Any) -> None:
        """Merge adjacent axes along which both factors and the result go on in a straight line."""
        position = 0
        while position + 1 < len(self.spatial):
            outer, inner = self.spatial[position : position + 2]
            accesses = [self.factor(0).access, self.factor(1).access]
            accesses.append(Access(result, tuple(self.indices), self._bounds()))
            if not all(_straight(a, outer, inner) for a in accesses):
                position += 1
                continue
            both = tirx.Var(f"{outer.var.name}_{inner.name}", "int32")
            made = list(self.spatial)
            made[position : position + 2] = [Axis(both, outer.extent * inner.extent)]
            pairs = [(outer.var, both // inner.extent), (inner.var, both % inner.extent)]
            self._rename(made, pairs)

    def _rename(self, spatial: list[Axis], renamed: Sequence[tuple[Any, Expr]]) -> None:
        """Go over to new axes; divisions that cancel are simplified away."""
        self.spatial = spatial
        if not renamed:
            return
        analyzer = sym.Analyzer()
        for variable, extent in self._bounds():
            analyzer.bind(variable, ir.Range(0, extent))

        def simplify(load: Any) -> Any:
            return tirx.BufferLoad(load.source, [analyzer.simplify(i) for i in load.indices])

        self.values = [
            tvm_ffi.structural_map(substitute(v, renamed), (ir.TensorLoad, simplify))
            for v in self.values
        ]
        self.indices = [analyzer.simplify(substitute(i, renamed)) for i in self.indices]

    def _bounds(self) -> tuple[tuple[Any, int], ...]:
        return tuple((a.var, a.extent) for a in (*self.spatial, *self.reduced))


def _straight(access: Access, outer: Axis, inner: Axis) -> bool:
    """Whether a step of ``outer`` is ``inner.extent`` steps of ``inner``."""
    far, near = access.stride(outer.var), access.stride(inner.var)
    return far is not None and near is not None and far == near * inner.extent


def _group_size(axis: Axis, values: Sequence[Expr]) -> int | None:
    for value in values:
        for division in collect(value, tirx.FloorDiv):
            if division.a.same_as(axis.var) and isinstance(division.b, tirx.IntImm):
                return int(division.b)
    return None
