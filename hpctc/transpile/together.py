"""What the threads of a warp or block make together: barriers, votes, shuffles."""

from collections.abc import Sequence

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.expressions import Expressions
from hpctc.transpile.scope import NO_VALUE, Barrier, Collective, Typed


class Together(Expressions):
    """A collective stays a statement; fission gives it its loops."""

    def _together(self, node: tree.Call, name: str) -> Typed | None:
        if name in intrinsics.BARRIERS:
            self.out.append(Barrier(at=node.at))
            return NO_VALUE
        if name in intrinsics.FENCES:
            if not self.shared.parallel:
                return NO_VALUE
            return Typed(
                tree.Call(tree.Name("__atomic_thread_fence"), (tree.Name("__ATOMIC_SEQ_CST"),)),
                types.VOID,
            )
        if name == "__match_all_sync":
            return self._match_all(node)
        if (kind := intrinsics.COLLECTIVES.get(name)) is None:
            return None
        given = [self.expr(a) for a in node.args]
        if name.endswith("_sync") and not name.startswith("__syncthreads"):
            given = given[1:]  # the mask: who takes part is known from the control flow
        return self.collective(kind, given)

    def collective(self, kind: str, given: Sequence[Typed]) -> Typed:
        """A value that the threads of a warp or block make together."""
        if self.geometry is None:
            raise AssertionError("functions that use threads are inlined")
        made: tree.Type = types.INT
        if kind in ("shfl", "up", "down", "xor"):
            made = types.promoted(given[0].type) if given else types.INT
            made = given[0].type if types.is_float(given[0].type) else made
        elif kind in ("ballot", "active", "match"):
            made = types.UNSIGNED
        elif kind in ("add", "min", "max", "and", "or", "exor"):
            made = types.bare(given[0].type)
        if types.name(made) == "index":
            made = types.UNSIGNED
        target = self.temporary(kind.removeprefix("block_"), made)
        args = tuple(g.expr for g in given)
        self.out.append(Collective(kind, target, args, made))
        return Typed(target, made)

    def _match_all(self, node: tree.Call) -> Typed:
        _, value, flag = (self.expr(a) for a in node.args)
        match = self.collective("match", [value])
        active = self.collective("active", [])
        same = tree.Binary("==", match.expr, active.expr)
        place = self.dereferenced(flag).expr
        self.out.append(tree.Evaluate(tree.Assign("=", place, same)))
        return Typed(tree.Select(place, match.expr, tree.Number("0")), types.UNSIGNED)
