"""Elements, members and what pointers point to."""

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.leaves import Leaves
from hpctc.transpile.scope import Typed


class Places(Leaves):
    """Where a value lies: indices are folded, and thread coordinates become loop counters."""

    def _index(self, node: tree.Index) -> Typed:
        base, index = self.expr(node.base), self.expr(node.index)
        if (found := self.overloaded("[]", [base, index], node)) is not None:
            return found
        kind = self.pointee(base, node)
        match base.expr:
            case tree.Unary("&", tree.Index(inner, offset)):
                moved = self.fold.binary("+", offset, index.expr)
                return Typed(tree.Index(inner, moved), kind)
            case tree.Binary("+", inner, offset) if not isinstance(inner, tree.Cast):
                moved = self.fold.binary("+", offset, index.expr)
                return Typed(tree.Index(inner, moved), kind)
            case _:
                return Typed(tree.Index(base.expr, index.expr), kind)

    def _member(self, node: tree.Member) -> Typed:
        base = node.base
        plain = isinstance(base, tree.Name) and self.lookup(base.name) is None
        if plain and (found := self._geometry(base.name, node.name, node)) is not None:  # type: ignore[union-attr]
            return found
        given = self.expr(base)
        holder = self.pointee(given, node) if node.arrow else types.bare(given.type)
        name = types.name(holder)
        if name == "fragment":
            return self.fragment_member(given, holder, node.name)
        kind = self._field(name, node)
        if isinstance(kind, tree.Reference):
            pointer = tree.Member(given.expr, node.name, node.arrow)
            return Typed(tree.Unary("*", pointer), types.bare(kind))
        if node.arrow and isinstance(given.expr, tree.Unary) and given.expr.op == "&":
            return Typed(tree.Member(given.expr.operand, node.name), kind)
        if not node.arrow and isinstance(given.expr, tree.Unary) and given.expr.op == "*":
            return Typed(tree.Member(given.expr.operand, node.name, arrow=True), kind)
        return Typed(tree.Member(given.expr, node.name, node.arrow), kind)

    def _field(self, name: str, node: tree.Member) -> tree.Type:
        if name in types.VECTORS:
            return tree.Named(types.VECTORS[name][0])
        layout = self.shared.layouts.get(name)
        if layout is None or node.name not in layout.fields:
            raise self.refused("HPC0007", f"{name or 'this value'} has no member {node.name}", node)
        return layout.fields[node.name]

    def _geometry(self, name: str, axis: str, node: tree.Node) -> Typed | None:
        if name not in ("threadIdx", "blockIdx", "blockDim", "gridDim"):
            return None
        if self.geometry is None or axis not in "xyz":
            raise self.refused("HPC0024", f"{name}.{axis}", node)
        where = "xyz".index(axis)
        if name == "blockDim":
            return Typed(number(self.geometry.block[where]), types.INDEX)
        blocks = self.geometry.grid[where]
        if name == "gridDim":
            return Typed(blocks, types.INDEX)
        extent = self.geometry.block[where] if name == "threadIdx" else constant(blocks)
        if extent == 1:
            return Typed(number(0), types.INDEX)
        return Typed(tree.Name(f"{'t' if name == 'threadIdx' else 'b'}{axis}"), types.INDEX)

    def dereferenced(self, pointer: Typed) -> Typed:
        """``*pointer``, written as an index where the pointer is a sum."""
        kind = self.pointee(pointer, pointer.expr)
        match pointer.expr:
            case tree.Unary("&", operand):
                return Typed(operand, kind)
            case tree.Binary("+", left, right) if not isinstance(left, tree.Cast):
                return Typed(tree.Index(left, right), kind)
            case _:
                return Typed(tree.Unary("*", pointer.expr), kind)
