"""Whether old elements of a shared array are read before they are written anew."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.reduction.live import Readers, plain
from hpctc.transpile.reduction.machine import Mask, Stop, Values
from hpctc.transpile.scope import Collective

ROUNDS = 64
"""Iterations of a loop that are looked at one by one."""


def needed(readers: Readers, name: str, path: Sequence[Any]) -> bool:
    """Whether an element is read before it is written anew."""
    cells = _Cells(readers, name)
    try:
        for statement in path:
            cells.step(statement, readers.machine.everybody, sure=True)
            if len(cells.fresh) == cells.size:
                return False
    except _Needed:
        return True
    return False


class _Needed(Exception):
    """An old element is read."""


class _Cells:
    """Follows the writes and reads of one shared array."""

    def __init__(self, readers: Readers, name: str) -> None:
        self.readers = readers
        self.name = name
        self.machine = readers.machine
        self.size = len(self.machine.cells(name))
        self.fresh: set[int] = set()

    def step(self, node: Any, mask: Mask, sure: bool) -> None:
        """One statement; ``sure``: it is certain to run for exactly this mask."""
        if node is None or self.name not in edit.mentions(node) or not any(mask):
            return
        match node:
            case tree.Block(body):
                for part in body:
                    self.step(part, mask, sure)
            case tree.Evaluate(tree.Assign(op, target, value)):
                self._expression(value, mask)
                self._target(target, op, mask, sure)
            case tree.If(condition, then, otherwise):
                self._expression(condition, mask)
                chosen, rest = self.readers.split(condition, mask)
                sure = sure and self.readers.choice(condition, mask) is not None
                self.step(then, chosen, sure)
                self.step(otherwise, rest, sure)
            case tree.For():
                self._for(node, mask, sure)
            case tree.Declaration() | Collective():
                for read in plain(node, "")[0]:
                    self._expression(read, mask)
            case _:
                self._all()

    def _for(self, node: tree.For, mask: Mask, sure: bool) -> None:
        """Round by round where the loop's course is known, else once with doubt."""
        known = None
        if isinstance(node.start, tree.Declaration):
            counter = node.start.variables[0]
            known = self._rounds(counter, node, mask)
        if known is None:
            self._expression(node.condition, mask)
            self.step(node.body, mask, sure=False)
            return
        for values, running in known:
            self.machine.variables[counter.name] = values
            self.step(node.body, running, sure)
        self.machine.variables.pop(counter.name, None)

    def _rounds(
        self, counter: tree.Variable, node: tree.For, mask: Mask
    ) -> list[tuple[Values, Mask]] | None:
        name, following = counter.name, _stepped(counter.name, node.step)
        made: list[tuple[Values, Mask]] = []
        machine = self.machine
        if following is None or counter.value is None or node.condition is None:
            return None
        try:
            values = machine.value(counter.value, mask)
            while len(made) <= ROUNDS:
                machine.variables[name] = values
                mask = machine.choice(node.condition, mask)
                if not any(mask):
                    return made
                made.append((values, mask))
                values = machine.value(following, mask)
        except Stop:
            pass
        finally:
            machine.variables.pop(name, None)
        return None

    def _target(self, target: tree.Expr, op: str, mask: Mask, sure: bool) -> None:
        base = target
        while isinstance(base, tree.Index):
            base = base.base
        if base != tree.Name(self.name):
            self._expression(target, mask)
            return
        if op != "=":
            self._expression(target, mask)
        places = self._places(target, mask)
        if places is not None and sure:
            self.fresh |= places

    def _expression(self, node: tree.Expr | None, mask: Mask) -> None:
        if node is None or self.name not in edit.mentions(node):
            return
        if isinstance(node, tree.Select):
            self._expression(node.condition, mask)
            chosen, rest = self.readers.split(node.condition, mask)
            self._expression(node.yes, chosen)
            self._expression(node.no, rest)
            return
        if isinstance(node, tree.Index | tree.Name):
            places = self._places(node, mask)
            if places is not None:
                if not places <= self.fresh:
                    raise _Needed
                return
        if node == tree.Name(self.name):
            self._all()
        for child in tree.children(node):
            if isinstance(child, tree.Expr):
                self._expression(child, mask)

    def _places(self, node: tree.Expr, mask: Mask) -> set[int] | None:
        if isinstance(node, tree.Name):
            return {0} if node.name == self.name and self.size == 1 else None
        try:
            name, places = self.machine.address(node, mask)
        except Stop:
            return None
        return {p for p in places if p is not None} if name == self.name else None

    def _all(self) -> None:
        if len(self.fresh) < self.size:
            raise _Needed


def _stepped(name: str, step: tree.Expr | None) -> tree.Expr | None:
    match step:
        case tree.Assign(op, tree.Name(target), value) if target == name:
            return value if op == "=" else tree.Binary(op[:-1], tree.Name(name), value)
        case tree.Unary("++" | "--" as op, tree.Name(target)) if target == name:
            return tree.Binary(op[0], tree.Name(name), tree.Number("1"))
        case tree.Postfix(op, tree.Name(target)) if target == name:
            return tree.Binary(op[0], tree.Name(name), tree.Number("1"))
        case _:
            return None


__all__ = ["needed"]
