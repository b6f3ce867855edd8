"""A costly value of every element that two rows compute, kept from the first for the second.

A softmax takes the exponential of each element twice: for the sum and for the result.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import intrinsics
from hpctc.transpile.fold import constant
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.rows import Row

ELEMENTS = 8192
"""Elements up to which a row lies in the first-level cache beside what else is touched."""


def kept(body: Sequence[Any], const: frozenset[str], kernel: Translated) -> list[Any]:
    """The statements with what a row joins into its total kept for later rows."""
    made = list(body)
    place = 0
    while place < len(made):
        node = made[place]
        value = _costly(node) if isinstance(node, Row) else None
        if value is not None and _steady(value, node.name, const, kernel):
            later = [
                i for i in range(place + 1, len(made))
                if isinstance(made[i], Row) and made[i].extent == node.extent
                and _at(value, node.name, made[i]) in set(_below(made[i]))
            ]  # fmt: skip
            if later:
                place += _keep(made, place, later, value, kernel)
        place += 1
    return made


def _keep(
    made: list[Any], place: int, later: Sequence[int], value: tree.Expr, kernel: Translated
) -> int:
    """Change the rows; how many statements came before the first of them."""
    node = made[place]
    name = next(n for n in ("kept", *(f"kept_{i}" for i in range(1, 1000))) if n not in kernel.used)
    kernel.used.add(name)
    held = tree.Index(tree.Name(name), tree.Name(node.name))
    for i in later:
        mine = tree.Index(tree.Name(name), tree.Name(made[i].name))
        made[i] = _replaced(made[i], _at(value, node.name, made[i]), mine)
    first = tree.Evaluate(tree.Assign("=", held, value))
    made[place] = replace(node, body=(first, *_replaced(node, value, held).body))
    total = node.joins[0][1]
    kind = tree.Array(kernel.locals[total].type, node.extent)
    made.insert(place, tree.Declaration((tree.Variable(name, kind, storage=("_Alignas(64)",)),)))
    return 1


def _costly(node: Row) -> tree.Expr | None:
    """What a row adds up, if computing it once more is worth avoiding."""
    size = constant(node.extent)
    if size is None or size > ELEMENTS or len(node.body) != 1:
        return None
    match node.body[0]:
        case tree.Evaluate(tree.Assign("=", total, tree.Binary("+", held, value))) if held == total:
            calls = [n for n in tree.walk(value) if isinstance(n, tree.Call)]
            names = [c.function.name for c in calls if isinstance(c.function, tree.Name)]
            ends = isinstance(value, tree.Call) and names[0].endswith("f")
            return value if ends and set(names) <= _MATHS else None
        case _:
            return None


_MATHS = {f"{n}f" for n in intrinsics.FLOAT_MATH}


def _steady(value: tree.Expr, name: str, const: frozenset[str], kernel: Translated) -> bool:
    """Whether an expression of the row's index never changes its value."""
    for node in tree.walk(value):
        match node:
            case tree.Index(tree.Name(base), _) if base not in const:
                return False
            case tree.Index(base, _) if not isinstance(base, tree.Name):
                return False
            case tree.Name(used) if used in kernel.locals and used != name:
                if used not in kernel.constants:
                    return False
            case _:
                pass
    return True


def _at(value: tree.Expr, name: str, row: Row) -> tree.Expr:
    return edit.substitute(value, {name: tree.Name(row.name)})


def _below(row: Row) -> list[tree.Node]:
    return [n for s in row.body for n in tree.walk(s) if isinstance(n, tree.Call)]


def _replaced(row: Row, value: tree.Expr, by: tree.Expr) -> Row:
    def change(node: tree.Node) -> tree.Node:
        return by if node == value else node

    return replace(row, body=tuple(edit.transform(s, change) for s in row.body))


__all__ = ["kept"]
