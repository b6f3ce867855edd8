"""Calls: CUDA's functions by the table, the source's own emitted or inlined."""

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.deduce import deduce, select, specialised
from hpctc.transpile.program import last
from hpctc.transpile.scope import Typed
from hpctc.transpile.vectors import Vectors


class Calls(Vectors):
    """Finds out what a call means, and has it translated."""

    def _call(self, node: tree.Call) -> Typed:
        if isinstance(node.function, tree.Member):
            return self.method(node, node.function)
        if (static := self._static_call(node)) is not None:
            return static
        name = last(node.function.name) if isinstance(node.function, tree.Name) else ""
        if (value := self.lookup(name) if name else self.expr(node.function)) is not None:
            return self.called_value(node, value)
        if self._is_own(node, name):
            return self.own_call(node, name, [self.argument_of(a) for a in node.args])
        if name.endswith("_cast") and node.templates:
            return self._named_cast(node, name)
        if (found := self._intrinsic(node, name)) is not None:
            return found
        if name in intrinsics.UNSUPPORTED:
            raise self.refused(intrinsics.UNSUPPORTED[name], name, node)
        if intrinsics.ROUNDED.fullmatch(name):
            raise self.refused("HPC0019", name, node)
        raise self.refused("HPC0006", name, node)

    def _intrinsic(self, node: tree.Call, name: str) -> Typed | None:
        """A function of CUDA's or C's, None where it is unknown."""
        for attempt in (
            self._together,
            self._memory,
            self._vector_call,
            self._arithmetic_call,
            self.group_call,
        ):
            try:
                found = attempt(node, name)
            except (IndexError, ValueError):  # too few arguments to take apart
                detail = f"{name} is called with {len(node.args)} arguments"
                raise self.refused("HPC0028", detail, node) from None
            if found is not None:
                return found
        return None

    def _static_call(self, node: tree.Call) -> Typed | None:
        """``Struct<T>::function()`` or ``Struct::function()``, None where it is another call."""
        match node.function:
            case tree.Scoped(holder, name):
                return self.static_call(node, holder, name)
            case tree.Name(name) if "::" in name:
                space, _, member = name.rpartition("::")
                if self.holder(last(space)) is not None:
                    return self.static_call(node, tree.Named(last(space)), member)
            case _:
                pass
        return None

    def _is_own(self, node: tree.Call, name: str) -> bool:
        """Whether a call means a function of the source and no overload of CUDA's."""
        if name not in self.program.functions:
            return False
        if name not in ("max", "min", "abs"):
            return True
        return any(
            len(f.item.parameters) == len(node.args)
            and (f.parameters or self._matches(node, f.item))
            for f in self.program.functions[name]
        )

    def _matches(self, node: tree.Call, function: tree.Function) -> bool:
        kept, self.out = self.out, []
        given = [types.name(self.expr(a).type) for a in node.args]
        self.out = kept
        return given == [types.name(self.resolve(p.type)) for p in function.parameters]

    def _named_cast(self, node: tree.Call, name: str) -> Typed:
        assert node.templates is not None
        kind = self.argument(node.templates[0])
        if not isinstance(kind, tree.Type):
            raise self.refused("HPC0024", name, node)
        given = self.expr(node.args[0])
        if isinstance(node.templates[0], tree.Reference):
            kind = tree.Reference(types.bare(kind))
        return self.cast(kind, given)

    def own_call(self, node: tree.Call, name: str, args: list[Typed]) -> Typed:
        """A call of one of the source's functions."""
        given = [a.type for a in args]
        found = self.program.functions[name]
        defined = select(self, found, given, node)
        bound = deduce(self, defined, given, node)
        defined = specialised(self, found, defined, bound)
        with_lambda = any(types.name(k) in self.closures for k in given)
        if with_lambda or (self.geometry is not None and self.program.uses_threads(name)):
            return self.inline(defined, args, bound, node)
        return self.emitted(defined, args, bound, node)

    def argument_of(self, node: tree.Expr) -> Typed:
        """An argument; an initializer list waits for its parameter's type."""
        return self.expr(node)
