"""What threads compute together, as a loop in which they write and a loop in which they read."""

from typing import TYPE_CHECKING, Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.scope import Collective

if TYPE_CHECKING:
    from hpctc.transpile.fission import Fission

WHOLE = "@"
"""After a variable's name: the array of all threads' values, not this thread's."""

_JOINED = {"and": "&", "or": "|", "exor": "^", "add": "+"}


def exchange(fission: "Fission", node: Collective) -> list[Any]:
    """Thread loops that do what a collective does, under the current mask."""
    kind = node.kind
    if kind in ("shfl", "up", "down", "xor"):
        return _shuffle(fission, node)
    if kind.startswith("block_"):
        return _block(fission, node)
    if kind == "match":
        return _match(fission, node)
    return _gather(fission, node)


def thread(fission: "Fission") -> tree.Expr:
    """The thread's number in its block."""
    x, y, z = fission.geometry.block
    fold = fission.kernel.folder
    names = [tree.Name(f"t{a}") if e > 1 else number(0) for a, e in zip("xyz", (x, y, z),
                                                                       strict=True)]  # fmt: skip
    plane = fold.binary("+", fold.binary("*", names[2], number(y)), names[1])
    return fold.binary("+", fold.binary("*", plane, number(x)), names[0])


def _array(fission: "Fission", name: str, kind: tree.Type, count: int) -> tree.Name:
    unique = fission.fresh(name)
    fission.arrays[unique] = tree.Array(kind, number(count))
    return tree.Name(unique)


def _threads(fission: "Fission", *body: Any, everybody: bool = False, ordered: bool = False) -> Any:
    from hpctc.transpile.fission import Threads

    return Threads(tuple(body), None if everybody else fission.mask, ordered)


def _shuffle(fission: "Fission", node: Collective) -> list[Any]:
    from hpctc.transpile.fission import assign

    value, which, *rest = node.args
    width = constant(rest[0]) if rest else 32
    fold, me = fission.kernel.folder, thread(fission)
    threads = fission.geometry.threads
    own = isinstance(value, tree.Name) and _is_kept(fission, value, node)
    if own:
        assert isinstance(value, tree.Name)
        held = tree.Name(value.name + WHOLE)
    else:
        held = _lanes(fission, node.type)
    size = number(width) if width is not None else rest[0]
    lane = fold.binary("&", me, number(width - 1)) if width is not None else (
        tree.Binary("&", me, tree.Binary("-", size, number(1)))
    )  # fmt: skip
    first = fold.binary("-", me, lane)
    match node.kind:
        case "shfl":
            inside = fold.binary("&", which, number(width - 1)) if width is not None else (
                tree.Binary("&", which, tree.Binary("-", size, number(1)))
            )  # fmt: skip
            source = fold.binary("+", first, inside)
            there: tree.Expr = number(1)
        case "up":
            source = fold.binary("-", me, which)
            there = fold.binary(">=", lane, which)
        case "down":
            source = fold.binary("+", me, which)
            there = fold.binary("<", fold.binary("+", lane, which), size)
        case _:
            source = tree.Binary("^", me, which)
            there = fold.binary("<", tree.Binary("^", lane, which), size)
    if threads % (width or 32) and node.kind != "up":
        there = fold.binary("&&", there, fold.binary("<", source, number(threads)))
    mine = tree.Index(held, me)
    other = tree.Index(held, source)
    known = constant(there)
    picked = other if known else mine if known == 0 else tree.Select(
        there, other, mine
    )  # fmt: skip
    given = [] if own else [_threads(fission, assign(mine, value))]
    return [*given, _threads(fission, assign(node.target, picked))]


def _is_kept(fission: "Fission", value: tree.Name, node: Collective) -> bool:
    """Whether every thread keeps the value in a variable that others may look into."""
    local = fission.locals.get(value.name)
    plain = local is not None and local.memory == "thread" and value.name not in fission.block
    same = local is not None and types.name(local.type) == types.name(node.type)
    constant_ = value.name in fission.kernel.constants
    return plain and same and not constant_ and value.name != node.target.name


def _lanes(fission: "Fission", kind: tree.Type) -> tree.Name:
    """The array through which values of a type are exchanged: one a kernel and type."""
    name = f"{types.name(kind)} lanes"
    if name not in fission.exchanged:
        threads = fission.geometry.threads
        fission.exchanged[name] = _array(fission, "lanes", kind, threads)
    return fission.exchanged[name]


def _warp(fission: "Fission") -> tree.Expr:
    return fission.kernel.folder.binary(">>", thread(fission), number(5))


def _gather(fission: "Fission", node: Collective) -> list[Any]:
    """Votes and reductions: an accumulator a warp."""
    from hpctc.transpile.fission import assign

    fold, warps = fission.kernel.folder, -(-fission.geometry.threads // 32)
    vote = node.kind in ("ballot", "active", "any", "all")
    kind = types.UNSIGNED if vote else node.type
    held = tree.Index(_array(fission, "votes" if vote else "gathered", kind, warps), _warp(fission))
    lane = fold.binary("&", thread(fission), number(31))
    start = _threads(fission, assign(held, _identity(node)), everybody=True, ordered=True)
    if vote:
        yes = number(1) if node.kind == "active" else _truth(node.args[0], node.kind == "all")
        bit = tree.Binary("<<", tree.Cast(types.UNSIGNED, yes), lane)
        add = assign(held, bit, "|=")
    elif node.kind in ("min", "max"):
        op = "<" if node.kind == "min" else ">"
        value = node.args[0]
        better = tree.Select(tree.Binary(op, value, held), value, held)
        add = assign(held, better)
    else:
        add = assign(held, node.args[0], f"{_JOINED[node.kind]}=")
    result: tree.Expr = held
    if node.kind == "any":
        result = tree.Binary("!=", held, number(0))
    elif node.kind == "all":
        result = tree.Binary("==", held, number(0))
    return [
        start,
        _threads(fission, add, ordered=True),
        _threads(fission, assign(node.target, result)),
    ]


def _truth(node: tree.Expr, inverted: bool) -> tree.Expr:
    return tree.Binary("==" if inverted else "!=", node, number(0))


def _identity(node: Collective) -> tree.Expr:
    signed = types.name(node.type) == "int"
    match node.kind:
        case "and":
            return tree.Unary("~", tree.Number("0"))
        case "min":
            return tree.Name("INT_MAX" if signed else "UINT_MAX")
        case "max":
            return tree.Name("INT_MIN") if signed else number(0)
        case _:
            return number(0)


def _block(fission: "Fission", node: Collective) -> list[Any]:
    """``__syncthreads_count`` and its kin: one accumulator for the block."""
    from hpctc.transpile.fission import assign

    word = node.kind.removeprefix("block_")
    total = tree.Name(fission.fresh(word if word == "count" else f"{word}_of_all"))
    first = number(1 if word == "and" else 0)
    start = tree.Declaration((tree.Variable(total.name, types.INT, value=first),))
    op = {"count": "+=", "and": "&=", "or": "|="}[word]
    add = assign(total, _truth(node.args[0], False), op)
    if node.target.name in fission.block:
        give: Any = assign(node.target, total)
    else:
        give = _threads(fission, assign(node.target, total))
    return [start, _threads(fission, add, ordered=True), give]


def _match(fission: "Fission", node: Collective) -> list[Any]:
    """``__match_any_sync``: every thread looks at its warp's values."""
    from hpctc.transpile.fission import assign

    fold, threads = fission.kernel.folder, fission.geometry.threads
    kind = tree.Named("int64_t")
    me = thread(fission)
    values, there = (_array(fission, n, k, threads) for n, k in
                     (("values", kind), ("present", types.BOOL)))  # fmt: skip
    lane = tree.Name(fission.fresh("lane"))
    other = fold.binary("+", tree.Binary("-", me, fold.binary("&", me, number(31))), lane)
    equal = tree.Binary("==", tree.Index(values, other), tree.Index(values, me))
    same = tree.Binary("&&", tree.Index(there, other), equal)
    bit = tree.Binary("<<", tree.Cast(types.UNSIGNED, same), lane)
    bound: tree.Expr = tree.Binary("<", lane, number(32))
    if threads % 32:
        bound = tree.Binary("&&", bound, tree.Binary("<", other, number(threads)))
    loop = tree.For(
        tree.Declaration((tree.Variable(lane.name, types.INT, value=number(0)),)),
        bound, tree.Unary("++", lane), tree.Block((assign(node.target, bit, "|="),)),
    )  # fmt: skip
    return [
        _threads(fission, assign(tree.Index(there, me), number(0)), everybody=True),
        _threads(fission, assign(tree.Index(there, me), number(1)),
                 assign(tree.Index(values, me), node.args[0])),
        _threads(fission, assign(node.target, number(0)), loop),
    ]  # fmt: skip
