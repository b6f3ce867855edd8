"""Cooperative groups, methods of structs, and matrix fragments."""

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.objects import Objects
from hpctc.transpile.scope import NO_VALUE, Barrier, Typed, Warped

_GROUPS = frozenset({"thread_block", "thread_block_tile", "thread_group", "coalesced_group"})

_MAKERS = {"this_thread_block": "thread_block", "tiled_partition": "thread_block_tile"}

_REDUCTIONS = {"plus": "add", "greater": "max", "less": "min", "bit_and": "and", "bit_or": "or",
               "bit_xor": "exor"}  # fmt: skip


class Groups(Objects):
    """Methods and group functions."""

    def method(self, node: tree.Call, function: tree.Member) -> Typed:
        """A call of a method: of a group, or of a struct of the source."""
        given = self.expr(function.base)
        kind = types.name(self.pointee(given, node) if function.arrow else given.type)
        if kind in _GROUPS:
            return self._group_method(node, given.type, kind, function.name)
        return super().method(node, function)

    def _rank(self) -> tree.Expr:
        """The thread's number in its block."""
        assert self.geometry is not None
        x, y, _ = self.geometry.block
        parts = [self.expr(tree.Member(tree.Name("threadIdx"), a)).expr for a in "xyz"]
        plane = self.fold.binary("+", self.fold.binary("*", parts[2], number(y)), parts[1])
        return self.fold.binary("+", self.fold.binary("*", plane, number(x)), parts[0])

    def _width(self, kind: tree.Type, node: tree.Node) -> int:
        assert isinstance(kind, tree.Named)
        size = kind.args[0] if kind.args else None
        value = constant(size) if size is not None else None
        if value is None and isinstance(size, tree.Expr):
            value = constant(self.expr(size).expr)
        if value is None or value > 32:
            raise self.refused("HPC0022", "a tile of unknown or more than 32 threads", node)
        return value

    def _group_method(self, node: tree.Call, kind: tree.Type, name: str, method: str) -> Typed:
        assert self.geometry is not None
        if method in ("sync", "barrier_arrive", "barrier_wait"):
            self.out.append(Barrier(at=node.at))
            return NO_VALUE
        if name == "thread_block":
            return self._block_method(node, method)
        if name != "thread_block_tile":
            raise self.refused("HPC0022", f"{name}::{method}", node)
        width = self._width(kind, node)
        rank = self._rank()
        if method in ("thread_rank", "num_threads", "size", "meta_group_rank", "meta_group_size"):
            values = {
                "thread_rank": self.fold.binary("%", rank, number(width)),
                "meta_group_rank": self.fold.binary("/", rank, number(width)),
                "meta_group_size": number(-(-self.geometry.threads // width)),
            }
            return Typed(values.get(method, number(width)), types.UNSIGNED)
        given = [self.expr(a) for a in node.args]
        shuffles = {"shfl": "shfl", "shfl_up": "up", "shfl_down": "down", "shfl_xor": "xor"}
        if method in shuffles:
            return self.collective(shuffles[method], [*given, Typed(number(width), types.INT)])
        if method in ("any", "all", "ballot"):
            return self._tile_vote(method, given, width)
        raise self.refused("HPC0022", f"{name}::{method}", node)

    def _tile_vote(self, method: str, given: list[Typed], width: int) -> Typed:
        """A vote of a tile: the warp's ballot, cut to the tile's lanes."""
        first = self.fold.binary("&", self._rank(), number(32 - width))
        ballot = self.collective("ballot", given)
        mask = tree.Number(f"0x{(1 << width) - 1:x}u")
        mine = tree.Binary("&", tree.Binary(">>", ballot.expr, first), mask)
        if method == "ballot":
            return Typed(mine, types.UNSIGNED)
        if method == "any":
            return Typed(tree.Binary("!=", mine, number(0)), types.INT)
        active = self.collective("active", [])
        there = tree.Binary("&", tree.Binary(">>", active.expr, first), mask)
        return Typed(tree.Binary("==", mine, there), types.INT)

    def _block_method(self, node: tree.Call, method: str) -> Typed:
        assert self.geometry is not None
        if method == "thread_rank":
            return Typed(self._rank(), types.INDEX)
        if method in ("size", "num_threads"):
            return Typed(number(self.geometry.threads), types.UNSIGNED)
        places = {"group_index": "blockIdx", "thread_index": "threadIdx", "group_dim": "blockDim",
                  "dim_threads": "blockDim"}  # fmt: skip
        if method in places:
            parts = [self.expr(tree.Member(tree.Name(places[method]), a)) for a in "xyz"]
            return Typed(self.construct(tree.Named("dim3"), (), parts), tree.Named("dim3"))
        raise self.refused("HPC0022", f"thread_block::{method}", node)

    def group_call(self, node: tree.Call, name: str) -> Typed | None:
        """A function of cooperative groups or wmma, None where it is neither."""
        if name in _MAKERS:
            return Typed(tree.Name("group"), tree.Named(_MAKERS[name], node.templates))
        if name == "reduce" and len(node.args) == 3:
            return self._reduce(node)
        if name == "sync" and len(node.args) == 1:
            self.out.append(Barrier(at=node.at))
            return NO_VALUE
        if name in (
            "memcpy_async",
            "wait",
            "inclusive_scan",
            "exclusive_scan",
            "coalesced_threads",
        ):
            raise self.refused("HPC0022", name, node)
        if name in ("load_matrix_sync", "store_matrix_sync", "mma_sync", "fill_fragment"):
            return self._fragments(node, name)
        if name in ("mem_row_major", "mem_col_major"):
            return None
        return None

    def _reduce(self, node: tree.Call) -> Typed:
        group, value = self.expr(node.args[0]), self.expr(node.args[1])
        width = self._width(group.type, node)
        operator = node.args[2]
        word = ""
        if isinstance(operator, tree.Construct) and isinstance(operator.type, tree.Named):
            word = operator.type.name.rpartition("::")[2]
        elif isinstance(operator, tree.Call) and isinstance(operator.function, tree.Name):
            word = operator.function.name.rpartition("::")[2]
        if word not in _REDUCTIONS:
            raise self.refused("HPC0022", "reduce with this operator", node)
        kind = _REDUCTIONS[word]
        result = self.temporary("reduced", types.promoted(value.type), value.expr)
        held = Typed(result, types.promoted(value.type))
        step = width // 2
        while step:
            other = self.collective("xor", [held, Typed(number(step), types.INT)])
            joined = self._joined(kind, held, other)
            self.out.append(tree.Evaluate(tree.Assign("=", result, joined.expr)))
            step //= 2
        return held

    def _joined(self, kind: str, left: Typed, right: Typed) -> Typed:
        if kind in ("max", "min"):
            return self.extreme(kind, left, right)
        op = {"add": "+", "and": "&", "or": "|", "exor": "^"}[kind]
        return self.operation(op, left, right)

    # --- fragments ---

    def _fragments(self, node: tree.Call, name: str) -> Typed:
        """A warp's operation on fragments, as a call of a helper for the whole matrix."""
        fragment = self.expr(node.args[1 if name == "store_matrix_sync" else 0])
        shape = _shape(fragment.type)
        if shape is None:
            raise self.refused("HPC0021", "", node)
        rest = [
            a for i, a in enumerate(node.args) if i != (1 if name == "store_matrix_sync" else 0)
        ]
        self.out.append(self._operation(node, name, fragment, rest))
        return NO_VALUE

    def _operation(
        self, node: tree.Call, name: str, fragment: Typed, rest: list[tree.Expr]
    ) -> Warped:
        use, rows, columns, kind, column_major = _shape(fragment.type) or ("", 0, 0, "", False)
        size = [number(rows), number(columns)]
        if name == "fill_fragment":
            value = self.expr(rest[0])
            call = [fragment.expr, self.converted(value, tree.Named(kind)), number(rows * columns)]
            return _warped(f"fill_{kind}", call)
        if name == "mma_sync":
            a, b, c = (self.expr(r) for r in rest)
            left, right = _shape(a.type), _shape(b.type)
            if left is None or right is None or (left[3], right[3]) != ("_Float16", "_Float16"):
                raise self.refused("HPC0021", "", node)
            sizes = [number(rows), number(columns), number(left[2])]
            return _warped(f"multiply_{kind}", [fragment.expr, a.expr, b.expr, c.expr, *sizes])
        place, stride, *layout = rest
        if layout:
            column_major = "col" in getattr(layout[0], "name", "")
        given = [self.expr(place).expr, self.expr(stride).expr]
        steps = [number(1), given[1]] if column_major else [given[1], number(1)]
        word = "load" if name == "load_matrix_sync" else "store"
        held = types.name(self.pointee(self.expr(place), place))
        if held != kind or not use:
            raise self.refused("HPC0021", f"{word} of {held}", node)
        return _warped(f"{word}_{kind}", [fragment.expr, given[0], *size, *steps])

    def fragment_member(self, given: Typed, kind: tree.Type, member: str) -> Typed:
        """``fragment.x`` and ``fragment.num_elements``: a thread holds every 32nd element."""
        shape = _shape(kind)
        if shape is None:
            raise self.refused("HPC0021", "", given.expr)
        _, rows, columns, element, _ = shape
        count = rows * columns // 32
        if member == "num_elements":
            return Typed(number(count), types.INT)
        lane = self.fold.binary("&", self._rank(), number(31))
        first = self.fold.binary("*", lane, number(count))
        return Typed(tree.Unary("&", tree.Index(given.expr, first)),
                     tree.Pointer(tree.Named(element)))  # fmt: skip


def _warped(name: str, args: list[tree.Expr]) -> Warped:
    return Warped(tree.Evaluate(tree.Call(tree.Name(f"matrix_{name}"), tuple(args))))


def _shape(kind: tree.Type) -> tuple[str, int, int, str, bool] | None:
    """Use, rows, columns, element type and whether columns lie together, of a fragment."""
    kind = types.bare(kind)
    if not isinstance(kind, tree.Named) or kind.name != "fragment" or not kind.args:
        return None
    use, m, n, k, element, *layout = kind.args
    sizes = [constant(s) if isinstance(s, tree.Expr) else None for s in (m, n, k)]
    if any(s is None for s in sizes) or types.name(element) not in ("_Float16", "float"):  # type: ignore[arg-type]
        return None
    word = types.name(use)  # type: ignore[arg-type]
    a, b, c = (s or 0 for s in sizes)
    rows, columns = {"matrix_a": (a, c), "matrix_b": (c, b)}.get(word, (a, b))
    column_major = bool(layout) and types.name(layout[0]) == "col_major"  # type: ignore[arg-type]
    return word, rows, columns, types.name(element), column_major  # type: ignore[arg-type]


def fragment_type(kind: tree.Type) -> tree.Type:
    """The C array of a fragment."""
    shape = _shape(kind)
    assert shape is not None
    _, rows, columns, element, _ = shape
    return tree.Array(tree.Named(element), number(rows * columns))
