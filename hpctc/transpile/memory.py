"""Loads, stores, copies and atomics."""

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.scope import NO_VALUE, Typed
from hpctc.transpile.together import Together

_ATOMICS = {
    "atomicAdd": "add", "atomicSub": "sub", "atomicMax": "max", "atomicMin": "min",
    "atomicAnd": "and", "atomicOr": "or", "atomicXor": "xor", "atomicExch": "exchange",
    "atomicCAS": "cas", "atomicInc": "increment", "atomicDec": "decrement",
}  # fmt: skip


class Memory(Together):
    """Functions of CUDA's that take an address."""

    def _memory(self, node: tree.Call, name: str) -> Typed | None:
        if name in intrinsics.LOADS:
            return self.dereferenced(self.expr(node.args[0]))
        if name in intrinsics.STORES:
            place, value = self.dereferenced(self.expr(node.args[0])), self.expr(node.args[1])
            return Typed(
                tree.Assign("=", place.expr, self.converted(value, place.type)), place.type
            )
        if name in intrinsics.NOTHING:
            return NO_VALUE
        if name == "printf":
            args = tuple(self.value(a).expr for a in node.args)
            return Typed(tree.Call(tree.Name("printf"), args), types.INT)
        if name in ("memcpy", "memset"):
            return Typed(
                tree.Call(tree.Name(name), tuple(self.expr(a).expr for a in node.args)), types.VOID
            )
        if name == "__pipeline_memcpy_async":
            to, what = (self.expr(a) for a in node.args[:2])
            size = self.expr(node.args[2]).expr
            copy = tree.Call(tree.Name("memcpy"), (to.expr, what.expr, size))
            return Typed(copy, types.VOID)
        kind = _ATOMICS.get(name.removesuffix("_block").removesuffix("_system"))
        return None if kind is None else self._atomic(kind, [self.expr(a) for a in node.args])

    def _atomic(self, kind: str, args: list[Typed]) -> Typed:
        held = self.pointee(args[0], args[0].expr)
        name = types.name(held)
        address, *values = (a.expr for a in args)
        if kind == "cas" and name in types.INTEGERS:
            return Typed(tree.Call(tree.Name(f"atomic_swap_if_{name}"), (address, *values)), held)
        if kind in ("max", "min") and name in types.INTEGERS:
            return Typed(tree.Call(tree.Name(f"atomic_{kind}_{name}"), (address, *values)), held)
        if kind in ("increment", "decrement"):
            return Typed(tree.Call(tree.Name(f"atomic_{kind}"), (address, *values)), held)
        if name in types.INTEGERS:
            builtin = "__atomic_exchange_n" if kind == "exchange" else f"__atomic_fetch_{kind}"
            order = tree.Name("__ATOMIC_SEQ_CST")
            return Typed(tree.Call(tree.Name(builtin), (address, *values, order)), held)
        if kind == "add" and name in ("float", "double", "_Float16"):
            return Typed(tree.Call(tree.Name(f"atomic_add_{name}"), (address, *values)), held)
        if kind == "exchange" and name == "float":
            return Typed(tree.Call(tree.Name("atomic_exchange_float"), (address, *values)), held)
        raise self.refused("HPC0006", f"atomic {kind} of {name or 'a pointer'}", args[0].expr)
