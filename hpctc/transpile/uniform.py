"""What is the same for every thread of a block, and what of it lives outside thread loops."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.scope import Barrier, Collective, Warped
from hpctc.transpile.statements import mutated

THREAD = frozenset({"tx", "ty", "tz"})


def exchanges(node: tree.Node) -> bool:
    """Whether threads meet or exchange values somewhere below."""
    return any(isinstance(n, Barrier | Collective | Reduction | Warped) for n in tree.walk(node))


def escapes(node: tree.Node) -> bool:
    """Whether a break or continue below leaves the statement."""
    if isinstance(node, tree.Jump):
        return True
    if isinstance(node, tree.For | tree.While | tree.Do):
        return False
    if isinstance(node, tree.Switch):
        return any(isinstance(n, tree.Jump) and n.kind == "continue" for n in tree.walk(node))
    return any(escapes(child) for child in tree.children(node) if isinstance(child, tree.Node))


def returns(node: tree.Node) -> bool:
    """Whether a return stands below."""
    return any(isinstance(n, tree.Return) for n in tree.walk(node))


class Uniform:
    """Finds, to a fixed point, the variables that differ between threads."""

    def __init__(self, kernel: Translated, const: frozenset[str]) -> None:
        self.kernel = kernel
        self.const = const
        """Pointers through which nothing is ever written."""
        self.varying: set[str] = set(THREAD)
        for name, local in kernel.locals.items():
            if local.memory == "thread" and types.name(local.type) not in types.RANK:
                self.varying.add(name)
        early = any(returns(s) for s in kernel.body)
        before = -1
        while before != len(self.varying):
            before = len(self.varying)
            self._list(kernel.body, early)

    def holds(self, node: tree.Expr | None) -> bool:
        """Whether an expression has one value for all threads."""
        if node is None:
            return True
        for part in tree.walk(node):
            match part:
                case tree.Name(name) if name in self.varying or self._shared(name):
                    return False
                case tree.Index(base, _) if not self._constant(base):
                    return False
                case tree.Unary("*" | "&" | "++" | "--", _) | tree.Assign() | tree.Postfix():
                    return False
                case tree.Member(_, _, True):
                    return False
                case tree.Call(tree.Name(name), _) if not _pure(name):
                    return False
                case _:
                    pass
        return True

    def _shared(self, name: str) -> bool:
        local = self.kernel.locals.get(name)
        return local is not None and local.memory != "thread"

    def _constant(self, base: tree.Expr) -> bool:
        return isinstance(base, tree.Name) and base.name in self.const

    def _list(self, statements: Sequence[Any], divergent: bool) -> None:
        for statement in statements:
            self._statement(statement, divergent)

    def _statement(self, node: tree.Node, divergent: bool) -> None:
        match node:
            case tree.Block(body):
                self._list(body, divergent)
            case tree.Declaration(variables):
                self._declared(variables, divergent)
            case tree.If(condition):
                inner = divergent or not self.holds(condition)
                self._effects(condition, inner)
                self._list([p for p in (node.then, node.otherwise) if p is not None], inner)
            case tree.For() | tree.While() | tree.Do():
                self._loop(node, divergent)
            case tree.Switch(value, body):
                self._list(body.body, divergent or not self.holds(value))
            case Collective(kind, target, _, _) if divergent or not kind.startswith("block_"):
                self.varying.add(target.name)
            case Reduction(target=target, group=group) if divergent or not group.whole:
                self.varying.add(target.name)
            case tree.Evaluate(value):
                self._effects(value, divergent)
            case _:
                pass

    def _declared(self, variables: Sequence[tree.Variable], divergent: bool) -> None:
        for variable in variables:
            fixed = variable.name in self.kernel.constants
            if not self.holds(variable.value) or (divergent and not fixed):
                self.varying.add(variable.name)

    def _loop(self, node: Any, divergent: bool) -> None:
        start = node.start if isinstance(node, tree.For) else None
        if start is not None:
            self._statement(start, divergent)
        inner = divergent or self.diverges(node)
        if isinstance(node, tree.For) and node.step is not None:
            self._effects(node.step, inner)
        if node.condition is not None:
            self._effects(node.condition, inner)
        self._statement(node.body, inner)

    def diverges(self, node: Any) -> bool:
        """Whether threads may leave a loop at different times."""
        if not self.holds(node.condition):
            return True
        return self._jumps(node.body, False)

    def _jumps(self, node: tree.Node, divergent: bool) -> bool:
        if isinstance(node, tree.Jump | tree.Return):
            return divergent
        if isinstance(node, tree.For | tree.While | tree.Do):
            return returns(node)
        if isinstance(node, tree.If):
            inner = divergent or not self.holds(node.condition)
            parts = [node.then] + ([node.otherwise] if node.otherwise else [])
            return any(self._jumps(p, inner) for p in parts)
        if isinstance(node, tree.Block):
            return any(self._jumps(p, divergent) for p in node.body)
        return False

    def _effects(self, node: tree.Expr, divergent: bool) -> None:
        for part in tree.walk(node):
            match part:
                case tree.Assign(_, tree.Name(name), value):
                    if divergent or not self.holds(value):
                        self.varying.add(name)
                case tree.Assign():
                    self.varying |= mutated(part) & set(self.kernel.locals)
                case tree.Postfix(_, tree.Name(name)) | tree.Unary("++" | "--", tree.Name(name)):
                    if divergent:
                        self.varying.add(name)
                case tree.Unary("&", _):
                    self.varying |= mutated(part) & set(self.kernel.locals)
                case _:
                    pass


def _pure(name: str) -> bool:
    return not name.startswith(("atomic", "__atomic", "print", "mem"))


def block_variables(kernel: Translated, uniform: Uniform) -> set[str]:
    """Variables that live outside thread loops: uniform constants, and what steers barriers."""
    needed: set[str] = set()
    definitions: dict[str, set[str]] = {}
    for statement in kernel.body:
        for node in tree.walk(statement):
            _note(node, definitions)
            if isinstance(node, tree.If | tree.For | tree.While | tree.Do) and exchanges(node):
                for part in (node.condition, getattr(node, "step", None), *_exits(node)):
                    if part is not None:
                        needed |= {n.name for n in tree.walk(part) if isinstance(n, tree.Name)}
    scalars = {
        n for n, v in kernel.locals.items()
        if v.memory == "thread" and types.name(v.type) in types.RANK and n not in uniform.varying
    }  # fmt: skip
    needed = scalars & (needed | kernel.constants)
    pending = list(needed)
    while pending:
        for name in (definitions.get(pending.pop(), set()) & scalars) - needed:
            needed.add(name)
            pending.append(name)
    return needed


def _exits(node: tree.Node) -> list[tree.Expr]:
    """Conditions under which a loop that the block runs together is left or begun again."""
    if isinstance(node, tree.If):
        return []
    return [n.condition for n in tree.walk(node) if isinstance(n, tree.If) and escapes(n)]


def _note(node: tree.Node, definitions: dict[str, set[str]]) -> None:
    match node:
        case tree.Variable(name, _, _, _, value) if value is not None:
            found = {n.name for n in tree.walk(value) if isinstance(n, tree.Name)}
            definitions.setdefault(name, set()).update(found)
        case tree.Assign(_, tree.Name(name), value):
            found = {n.name for n in tree.walk(value) if isinstance(n, tree.Name)}
            definitions.setdefault(name, set()).update(found)
        case tree.If(condition, _, _):
            inside = mutated(node)
            steers = {n.name for n in tree.walk(condition) if isinstance(n, tree.Name)}
            for name in inside:
                definitions.setdefault(name, set()).update(steers)
        case _:
            pass
