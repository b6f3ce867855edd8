"""Thread loops and block loops as a person would write them."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fission import Threads
from hpctc.transpile.fold import constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.bounds import bounded
from hpctc.transpile.shape.broadcast import broadcast
from hpctc.transpile.shape.digitwise import digitwise
from hpctc.transpile.shape.guards import unswitched
from hpctc.transpile.shape.nest import nested
from hpctc.transpile.shape.tables import looked_up
from hpctc.transpile.simd import SIMD, worth_simd
from hpctc.transpile.work import cost, parallel, worth_threads


def tidy(body: Sequence[Any], geometry: Geometry, kernel: Translated) -> tuple[Any, ...]:
    """The statements of a kernel's C: loops over threads, in loops over blocks."""
    match tuple(body):
        case (Threads(statements, None, False),):
            made = broadcast(nested(statements, geometry, kernel), kernel)
            return looked_up(made, kernel)
        case _:
            pass
    inner = tuple(s for part in body for s in _opened(part, geometry, kernel))
    return digitwise(_blocks(inner, geometry), kernel)


def _opened(node: Any, geometry: Geometry, kernel: Translated) -> list[Any]:
    if isinstance(node, Threads):
        return _threads(node, geometry)
    if isinstance(node, tree.Block):
        return [tree.Block(tuple(s for p in node.body for s in _opened(p, geometry, kernel)))]
    if isinstance(node, tree.For | tree.While | tree.Do | tree.If):
        return [edit.rebuild(node, lambda n: _only(_opened(n, geometry, kernel)))]
    return [node]


def _only(nodes: list[Any]) -> Any:
    return nodes[0] if len(nodes) == 1 else tree.Block(tuple(nodes))


def _threads(node: Threads, geometry: Geometry) -> list[Any]:
    from hpctc.transpile.blocks import counted

    body = unswitched(node.body)
    if not body:
        return []
    first = True
    bounds: dict[str, tree.Expr] = {}
    for axis, extent in zip("xyz", geometry.block, strict=True):
        if extent == 1:
            continue
        bounds[axis] = number(extent)
        if not node.ordered:
            inside = {f"t{inner}" for inner in bounds}
            bounds[axis], body = bounded(f"t{axis}", bounds[axis], body, inside)
    for axis, bound in bounds.items():
        if constant(bound) == 1:
            body = tuple(edit.substitute(s, {f"t{axis}": number(0)}) for s in body)
            first = False
            continue
        loop = counted(f"t{axis}", bound, body)
        rounds = constant(bound) or geometry.block["xyz".index(axis)]
        vector = first and not node.ordered and vectorisable(body) and worth_simd(rounds, body)
        body = (_simd(node), loop) if vector else (loop,)
        first = False
    if first and any(isinstance(s, tree.Declaration) for s in body):
        return [tree.Block(body)]
    return list(body)


def _simd(node: Threads) -> tree.Directive:
    clauses = "".join(f" reduction({op}:{name})" for op, name in node.joins)
    return tree.Directive(SIMD.text + clauses)


def vectorisable(body: Sequence[Any]) -> bool:
    """Whether the rounds of a loop may run in step."""
    for statement in body:
        for node in tree.walk(statement):
            match node:
                case tree.For(_, condition, _, _) if condition is None or _differs(condition):
                    return False
                case tree.While() | tree.Do() | tree.Switch() | tree.Return() | tree.Jump():
                    return False
                case tree.Call(tree.Name(name), _) if name.startswith(
                    ("atomic", "__atomic", "print", "mem")
                ):
                    return False
                case _:
                    pass
    return True


def _differs(condition: tree.Expr) -> bool:
    """Whether a loop's test may differ between threads: then they do not run in step."""
    return any(
        isinstance(n, tree.Index | tree.Call) or n == tree.Name("tx") for n in tree.walk(condition)
    )


def _blocks(body: tuple[Any, ...], geometry: Geometry) -> tuple[Any, ...]:
    from hpctc.transpile.blocks import counted

    work, depth = cost(body), 0
    for axis, extent in zip("xyz", geometry.grid, strict=True):
        if constant(extent) == 1:
            continue
        body = (counted(f"b{axis}", extent, body),)
        work *= constant(extent) or float("inf")
        depth += 1
    return (parallel(depth), *body) if depth and worth_threads(work) else body
