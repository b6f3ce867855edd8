"""Who still reads what an exchange leaves behind, thread by thread."""

from collections.abc import Iterator, Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.reduction.machine import Machine, Mask, Stop
from hpctc.transpile.scope import Collective
from hpctc.transpile.statements import mutated


class Readers:
    """Looks through statements; ``machine`` knows the constants and nothing else."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def choice(self, condition: tree.Expr | None, mask: Mask) -> Mask | None:
        """Who of the mask finds a condition true; None where that is not decided."""
        if condition is None:
            return mask
        try:
            return self.machine.choice(condition, mask)
        except Stop:
            return None

    # --- variables of a thread ---

    def of_variable(self, name: str, path: Sequence[Any]) -> set[int]:
        """The threads that read a variable before it is set anew."""
        found: set[int] = set()
        for statement in path:
            if self._variable(statement, name, self.machine.everybody, found):
                break
        return found

    def _variable(self, node: Any, name: str, mask: Mask, found: set[int]) -> bool:
        """Note who reads; say whether the variable is set for all threads."""
        if node is None or not any(mask):
            return False
        match node:
            case tree.Block(body):
                return any(self._variable(s, name, mask, found) for s in body)
            case tree.If():
                return self._if(node, name, mask, found)
            case tree.For(start, condition, step, body):
                if self._variable(start, name, mask, found):
                    return True
                self._read(condition, name, mask, found)
                self._variable(body, name, mask, found)
                self._read(step, name, mask, found)
                return False
            case tree.Declaration() | tree.Evaluate() | Collective():
                reads, sets = plain(node, name)
                for part in reads:
                    self._read(part, name, mask, found)
                return sets and (all(mask) or isinstance(node, tree.Declaration))
            case _:
                found |= _set(mask) if name in edit.mentions(node) else set()
                return False

    def _if(self, node: tree.If, name: str, mask: Mask, found: set[int]) -> bool:
        self._read(node.condition, name, mask, found)
        chosen, rest = self.split(node.condition, mask)
        first = self._variable(node.then, name, chosen, found)
        second = self._variable(node.otherwise, name, rest, found)
        return all(mask) and first and (second or not any(rest))

    def split(self, condition: tree.Expr, mask: Mask) -> tuple[Mask, Mask]:
        """Who may take each branch: everybody both where it is not decided."""
        chosen = self.choice(condition, mask)
        if chosen is not None:
            return chosen, _less(mask, chosen)
        if isinstance(condition, tree.Binary) and condition.op == "&&":
            return self.split(condition.right, self.split(condition.left, mask)[0])[0], mask
        return mask, mask

    def _read(self, node: tree.Expr | None, name: str, mask: Mask, found: set[int]) -> None:
        if node is None or name not in edit.mentions(node):
            return
        if isinstance(node, tree.Select):
            self._read(node.condition, name, mask, found)
            chosen, rest = self.split(node.condition, mask)
            self._read(node.yes, name, chosen, found)
            self._read(node.no, name, rest, found)
        else:
            found |= _set(mask)

    # --- shared arrays ---

    def occurrences(self, node: Any, name: str, mask: Mask) -> Iterator[tuple[tree.Expr, Mask]]:
        """Reads of an array in a statement that does not set it, and who reads."""
        if node is None or name not in edit.mentions(node) or not any(mask):
            return
        if isinstance(node, tree.If | tree.Select):
            yield from self.occurrences(node.condition, name, mask)
            chosen = self.choice(node.condition, mask)
            parts = (
                (node.then, node.otherwise) if isinstance(node, tree.If) else (node.yes, node.no)
            )
            rest = mask if chosen is None else _less(mask, chosen)
            yield from self.occurrences(parts[0], name, mask if chosen is None else chosen)
            yield from self.occurrences(parts[1], name, rest)
        elif isinstance(node, tree.Index | tree.Name):
            yield node, mask
        else:
            for child in tree.children(node):
                yield from self.occurrences(child, name, mask)


def first_setting(name: str, path: Sequence[Any]) -> int:
    """The place of the first statement that may change a variable or array."""
    for i, statement in enumerate(path):
        declared = any(
            v.name == name
            for n in tree.walk(statement)
            if isinstance(n, tree.Declaration)
            for v in n.variables
        )
        if declared or name in mutated(statement):
            return i
    return len(path)


def plain(node: Any, name: str) -> tuple[Sequence[tree.Expr | None], bool]:
    """What a simple statement reads, and whether it sets the variable."""
    match node:
        case tree.Declaration(variables):
            return [v.value for v in variables], any(v.name == name for v in variables)
        case tree.Evaluate(tree.Assign("=", tree.Name(target), value)) if target == name:
            return [value], True
        case Collective(_, target, args, _):
            return args, target.name == name
        case _:
            return [node.value], False


def _less(mask: Mask, chosen: Mask) -> Mask:
    return [m and not c for m, c in zip(mask, chosen, strict=True)]


def _set(mask: Mask) -> set[int]:
    return {t for t, m in enumerate(mask) if m}


__all__ = ["Readers", "first_setting", "plain"]
