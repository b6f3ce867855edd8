"""Which elements of its buffers a function touches: every access with what surrounds it.

Comes in: a kernel or a C function as a tree. Goes out: one :class:`Access` for each place where an
element of a pointer parameter or array is read or written, with its index, the loops around it and
the conditions under which it is reached. Nothing is evaluated here; :mod:`hpctc.audit.footprint`
does that. Variables that are set once are replaced by what they were set to; an index that depends
on any other variable, or on loaded data, stays as it is and is not known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import edit, tree

ATOMICS = "atomic"
"""Beginning of the names of CUDA's read-modify-write functions."""

_INDICES = frozenset({"blockIdx", "threadIdx", "blockDim", "gridDim"})


@dataclass(frozen=True, slots=True)
class Loop:
    """``for (name = start; name < stop; name += step)``."""

    name: str
    start: tree.Expr
    stop: tree.Expr
    step: int


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that must hold, or must not."""

    condition: tree.Expr
    holds: bool


@dataclass(frozen=True, slots=True)
class Access:
    """One read or write of ``buffer[index]``; ``a[i] += x`` is both."""

    buffer: str
    index: tree.Expr
    store: bool
    loops: tuple[Loop, ...]
    guards: tuple[Guard, ...]
    width: int = 1
    """Elements from the index on: 4 through a pointer to ``float4``."""


@dataclass
class Accesses:
    """All that a function touches, in the order of execution of its text."""

    found: list[Access] = field(default_factory=list)
    escaped: set[str] = field(default_factory=set)
    """Parameters that are used other than by an index: handed on, or computed with."""

    def of(self, buffer: str, store: bool | None = None) -> list[Access]:
        """Those of one buffer; only writes or only reads where ``store`` says so."""
        return [a for a in self.found if a.buffer == buffer and store in (None, a.store)]

    def first_is_store(self, buffer: str) -> bool:
        """Whether the text writes a buffer before it reads it: what it held does not matter."""
        return next((a.store for a in self.found if a.buffer == buffer), False)


def accesses(function: tree.Function) -> Accesses:
    """What a function touches."""
    body = edit.transform(function.body, _flat) if function.body else tree.Block(())
    collector = _Collector(_assigned(body), {p.name for p in function.parameters})
    collector.statements(body.body, _Place((), (), {}))
    return collector.made


def _flat(node: tree.Node) -> tree.Node:
    """``blockIdx.x`` as one name."""
    match node:
        case tree.Member(tree.Name(name), part) if name in _INDICES:
            return tree.Name(f"{name}.{part}")
        case _:
            return node


def _assigned(body: tree.Node) -> set[str]:
    """Variables that change after their declaration; those of counting loops are no such ones."""
    found: set[str] = set()
    counted = [n.step for n in tree.walk(body) if isinstance(n, tree.For) and n.step is not None]
    for node in tree.walk(body):
        match node:
            case tree.Assign(_, tree.Name(name), _) if node not in counted:
                found.add(name)
            case tree.Unary("++" | "--" | "&", tree.Name(name)) if node not in counted:
                found.add(name)
            case tree.Postfix(_, tree.Name(name)) if node not in counted:
                found.add(name)
            case _:
                pass
    return found


@dataclass(frozen=True)
class _Place:
    """Where the walk is."""

    loops: tuple[Loop, ...]
    guards: tuple[Guard, ...]
    known: Mapping[str, tree.Expr]

    def guarded(self, condition: tree.Expr, holds: bool) -> "_Place":
        guard = Guard(edit.substitute(condition, self.known), holds)
        return _Place(self.loops, (*self.guards, guard), self.known)


class _Collector:
    """Walks statements in order."""

    def __init__(self, assigned: set[str], parameters: set[str]) -> None:
        self.made = Accesses()
        self.assigned = assigned
        self.parameters = parameters

    def statements(self, body: Sequence[Any], place: _Place) -> _Place:
        """Walk a list; what follows an early ``return`` is guarded by its condition."""
        for statement in body:
            place = self.statement(statement, place)
        return place

    def statement(self, node: Any, place: _Place) -> _Place:
        """Walk one statement; the place in which the next one stands."""
        match node:
            case tree.Block(body):
                self.statements(body, place)
            case tree.Declaration(variables):
                return self.declared(variables, place)
            case tree.Evaluate(value):
                self.expression(value, place)
            case tree.If(condition, then, otherwise):
                return self.branches(condition, then, otherwise, place)
            case tree.For():
                self.loop(node, place)
            case tree.While(condition, body) | tree.Do(body, condition):
                self.expression(condition, place)
                self.statement(body, place)
            case tree.Return(value) if value is not None:
                self.expression(value, place)
            case _:
                pass
        return place

    def declared(self, variables: Sequence[tree.Variable], place: _Place) -> _Place:
        known = dict(place.known)
        for variable in variables:
            known.pop(variable.name, None)
            if variable.value is not None:
                self.expression(variable.value, place)
                if variable.name not in self.assigned and isinstance(variable.type, _SCALARS):
                    value = edit.substitute(variable.value, known)
                    known[variable.name] = tree.Cast(variable.type, value)
        return _Place(place.loops, place.guards, known)

    def branches(self, condition: tree.Expr, then: Any, otherwise: Any, place: _Place) -> _Place:
        self.expression(condition, place)
        self.statement(then, place.guarded(condition, True))
        if otherwise is not None:
            self.statement(otherwise, place.guarded(condition, False))
        leaves = then.body[-1] if isinstance(then, tree.Block) and then.body else then
        return place.guarded(condition, False) if isinstance(leaves, tree.Return) else place

    def loop(self, node: tree.For, place: _Place) -> None:
        counted = _counted(node)
        if counted is None:
            for part in (node.start, node.condition, node.step):
                if isinstance(part, tree.Expr):
                    self.expression(part, place)
            self.statement(node.body, place)
            return
        self.expression(counted.stop, place)
        known = {n: e for n, e in place.known.items() if n != counted.name}
        start, stop = (edit.substitute(e, known) for e in (counted.start, counted.stop))
        inner = Loop(counted.name, start, stop, counted.step)
        self.statement(node.body, _Place((*place.loops, inner), place.guards, known))

    def expression(self, node: tree.Expr, place: _Place) -> None:
        """Note the accesses of an expression in the order in which it is evaluated."""
        if (vector := _vector(node)) is not None:
            self.expression(vector.index, place)
            self.access(vector, False, place)
            return
        match node:
            case tree.Assign(op, target, value) if (vector := _vector(target)) is not None:
                self.expression(value, place)
                self.update(vector, op != "=", place)
            case tree.Assign(op, tree.Index() as target, value):
                self.expression(value, place)
                self.update(target, op != "=", place)
            case tree.Call(tree.Name(name), (tree.Unary("&", tree.Index() as target), *rest)) if (
                name.startswith(ATOMICS)
            ):
                for arg in rest:
                    self.expression(arg, place)
                self.update(target, True, place)
            case tree.Unary("++" | "--", tree.Index() as one) | tree.Postfix(
                _, tree.Index() as one
            ):
                self.update(one, True, place)
            case tree.Index():
                self.expression(node.index, place)
                self.access(node, False, place)
            case tree.Select(condition, yes, no):
                self.expression(condition, place)
                self.expression(yes, place.guarded(condition, True))
                self.expression(no, place.guarded(condition, False))
            case tree.Binary("&&" | "||" as op, left, right):
                self.expression(left, place)
                self.expression(right, place.guarded(left, op == "&&"))
            case _:
                self.parts(node, place)

    def parts(self, node: tree.Expr, place: _Place) -> None:
        """An expression that is no access itself."""
        if isinstance(node, tree.Name) and node.name in self.parameters:
            self.made.escaped.add(node.name)
        for child in tree.children(node):
            if isinstance(child, tree.Expr):
                self.expression(child, place)

    def update(self, target: tree.Index, reads: bool, place: _Place) -> None:
        """A store; of an element that is read first where ``reads`` says so."""
        self.expression(target.index, place)
        if reads:
            self.access(target, False, place)
        self.access(target, True, place)

    def access(self, node: tree.Index, store: bool, place: _Place) -> None:
        if not isinstance(node.base, tree.Name):
            self.expression(node.base, place)
            return
        index = edit.substitute(node.index, place.known)
        width = node.width if isinstance(node, _Vector) else 1
        made = Access(node.base.name, index, store, place.loops, place.guards, width)
        self.made.found.append(made)


_SCALARS = (tree.Named, tree.Qualified)


@dataclass(frozen=True)
class _Vector(tree.Index):
    """Several elements at once: ``*(float4*)(base + index)``."""

    width: int = 1


def _vector(node: tree.Expr) -> _Vector | None:
    """An access through a pointer to one of CUDA's vector types; None: it is none."""
    match node:
        case tree.Unary("*", tree.Cast(tree.Pointer(to), operand)):
            pass
        case _:
            return None
    while isinstance(to, tree.Qualified):
        to = to.of
    found = _VECTOR.fullmatch(to.name) if isinstance(to, tree.Named) else None
    match operand:
        case tree.Binary("+", tree.Name() as name, index):
            pass
        case tree.Name() as name:
            index = tree.Number("0")
        case _:
            return None
    return _Vector(name, index, width=int(found.group(1))) if found is not None else None


_VECTOR = re.compile(r"u?(?:char|short|int|long|longlong|float|double)([1-4])")


def _counted(node: tree.For) -> Loop | None:
    """A loop that counts up by a constant to a bound; None for any other."""
    match node.start:
        case tree.Declaration((tree.Variable(name=name, value=start),)) if start is not None:
            pass
        case tree.Evaluate(tree.Assign("=", tree.Name(name), start)):
            pass
        case _:
            return None
    step = _step(node.step, name)
    match node.condition:
        case tree.Binary("<", tree.Name(bounded), stop) if bounded == name and step:
            return Loop(name, start, stop, step)
        case tree.Binary("<=", tree.Name(bounded), last) if bounded == name and step:
            return Loop(name, start, tree.Binary("+", last, tree.Number("1")), step)
        case _:
            return None


def _step(node: tree.Expr | None, name: str) -> int | None:
    match node:
        case tree.Unary("++", tree.Name(n)) | tree.Postfix("++", tree.Name(n)) if n == name:
            return 1
        case tree.Assign("+=", tree.Name(n), tree.Number(text)) if n == name and text.isdigit():
            return int(text) or None
        case _:
            return None


def names(access: Access) -> Iterator[str]:
    """Every variable on which the place or the reaching of an access depends."""
    yield from edit.mentions(access.index)
    for guard in access.guards:
        yield from edit.mentions(guard.condition)
    for loop in access.loops:
        yield from edit.mentions(loop.start)
        yield from edit.mentions(loop.stop)
