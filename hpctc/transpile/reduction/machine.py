"""An abstract block: every thread's variables and the shared arrays, as ints and bags.

Values come as lists with a place a thread. A place is an int where the program's own arithmetic on
thread numbers decides it, a :class:`~hpctc.transpile.reduction.bags.Bag` where it is something that
threads brought along, and None where CUDA leaves it undefined or nothing is known.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.bags import Atoms, Bag, worth
from hpctc.transpile.reduction.operators import EXTREMES, JOINING, Operator, extreme
from hpctc.transpile.scope import Geometry

Value = int | Bag | None
Values = list[Value]
Mask = list[bool]

NUMERIC = frozenset({"float", "double", "int", "unsigned", "index", "int64_t", "uint64_t"})
"""Types whose values may be reduced in another order: what is narrower rounds at every step."""

_INTEGER: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1),
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
}  # fmt: skip


class Stop(Exception):
    """The statement is not one that an exchange of values consists of."""


class Opaque(Stop):
    """The expression is not about threads alone: its value is an atom."""


class Facts:
    """What holds throughout a kernel."""

    def __init__(self, kernel: Translated, geometry: Geometry) -> None:
        self.kernel = kernel
        self.threads = geometry.threads
        self.block = geometry.block
        x, y, _ = geometry.block
        me = range(self.threads)
        self.place: dict[str, Values] = {
            "tx": [t % x for t in me],
            "ty": [t // x % y for t in me],
            "tz": [t // x // y for t in me],
        }
        self.definitions = _definitions(kernel, kernel.body)
        self.escaping = _escaping(kernel, kernel.body)
        """Shared arrays that are used otherwise than by their elements."""

    def own_place(self, name: str) -> tree.Expr | None:
        """Each thread's element of a shared array that begins with one for each thread."""
        extents = _extents(self.kernel.locals[name].type)
        x, y, z = self.block
        if z == 1 and y == 1 and len(extents) == 1 and extents[0] >= x:
            return tree.Index(tree.Name(name), tree.Name("tx"))
        if z == 1 and extents == [y, x] and y > 1:
            row = tree.Index(tree.Name(name), tree.Name("ty"))
            return tree.Index(row, tree.Name("tx"))
        return None


class Machine:
    """Holds the state and evaluates expressions."""

    def __init__(self, facts: "Facts") -> None:
        self.facts = facts
        self.kernel = facts.kernel
        self.threads = facts.threads
        self.place = facts.place
        self.atoms = Atoms(self.threads)
        self.variables: dict[str, Values] = {}
        self.memory: dict[str, Values] = {}

    @property
    def everybody(self) -> Mask:
        """The mask that lets all threads run."""
        return [True] * self.threads

    # --- names ---

    def kind(self, name: str) -> str:
        """Canonical type of a variable or of a shared array's element."""
        of = types.bare(self.kernel.locals[name].type)
        while isinstance(of, tree.Array):
            of = types.bare(of.of)
        return types.name(of)

    def is_shared(self, name: str) -> bool:
        """Whether a name is a variable or array of the block."""
        local = self.kernel.locals.get(name)
        return local is not None and local.memory == "shared"

    def _name(self, name: str) -> Values:
        if name in self.place:
            return self.place[name]
        if name in self.variables:
            return self.variables[name]
        if self.is_shared(name):
            return [self.cells(name)[0]] * self.threads
        if name not in self.kernel.locals:
            if worth(tree.Name(name)) is not None:
                return self._literal(tree.Name(name))
            raise Opaque
        if self.kernel.locals[name].memory != "thread" or self.kind(name) not in NUMERIC:
            raise Opaque
        self.variables[name] = self._before(name)
        return self.variables[name]

    def _before(self, name: str) -> Values:
        """What a variable held when the exchange began."""
        value = self.facts.definitions.get(name)
        if value is not None and not isinstance(value, tree.Number):
            try:
                made = self.value(value, self.everybody)
            except Stop:
                made = []
            if made and all(isinstance(v, int) for v in made):
                return made
        return list(self.atoms.family(tree.Name(name), self.kind(name)))

    def cells(self, name: str) -> Values:
        """A shared array's elements, in C order; a shared variable has one."""
        if name in self.facts.escaping:
            raise Stop
        if name not in self.memory:
            kind = self.kernel.locals[name].type
            count = types.extent(kind) if isinstance(types.bare(kind), tree.Array) else 1
            if not count or not isinstance(count, int):
                raise Stop
            self.memory[name] = self._cells_before(name, count)
        return self.memory[name]

    def _cells_before(self, name: str, count: int) -> Values:
        """What a shared array held when the exchange began: of a place a thread, its own value."""
        kind = self.kind(name)
        place = self.facts.own_place(name)
        if place is None or kind not in NUMERIC:
            return [None] * count
        mine = self.atoms.family(place, kind)
        return [*mine, *[None] * (count - len(mine))]

    def address(self, node: tree.Expr, mask: Mask) -> tuple[str, list[int | None]]:
        """The shared array and the element that each thread means."""
        indices: list[Values] = []
        while isinstance(node, tree.Index):
            indices.insert(0, self.value(node.index, mask))
            node = node.base
        if not isinstance(node, tree.Name) or not self.is_shared(node.name):
            raise Opaque
        extents = _extents(self.kernel.locals[node.name].type)
        if len(extents) != len(indices):
            raise Stop
        size = len(self.cells(node.name))
        return node.name, [
            _flat([i[t] for i in indices], extents, size) if mask[t] else None
            for t in range(self.threads)
        ]

    # --- expressions ---

    def value(self, node: tree.Expr, mask: Mask) -> Values:
        """What each thread that runs gets."""
        match node:
            case tree.Name(name):
                return self._name(name)
            case tree.Index():
                name, places = self.address(node, mask)
                cells = self.cells(name)
                return [None if p is None else cells[p] for p in places]
            case tree.Number() | tree.Unary() if worth(node) is not None:
                return self._literal(node)
            case tree.Unary("-" | "~" | "!" | "+" as op, operand):
                return [_unary(op, v) for v in self.value(operand, mask)]
            case tree.Binary("&&" | "||" as op, left, right):
                return self._logical(op, left, right, mask)
            case tree.Binary(op, left, right) if op in _INTEGER:
                return self._binary(op, self.value(left, mask), self.value(right, mask), mask)
            case tree.Select(condition, yes, no):
                return self._select(condition, yes, no, mask)
            case tree.Call(tree.Name(name), args):
                return self._call(name, args, mask)
            case tree.Cast(kind, operand):
                return [self.converted(v, types.name(kind)) for v in self.value(operand, mask)]
            case _:
                raise Opaque

    def choice(self, node: tree.Expr, mask: Mask) -> Mask:
        """Which of the running threads find a condition true; all of them must know."""
        found = self.value(node, mask)
        for there, v in zip(mask, found, strict=True):
            if there and not isinstance(v, int):
                raise Stop
        return [there and bool(v) for there, v in zip(mask, found, strict=True)]

    def _literal(self, node: tree.Expr) -> Values:
        whole = constant(node)
        if whole is not None:
            return [whole] * self.threads
        if worth(node) is None:
            raise Opaque
        return [self.atoms.constant(node)] * self.threads

    def _logical(self, op: str, left: tree.Expr, right: tree.Expr, mask: Mask) -> Values:
        first = self.choice(left, mask)
        if op == "&&":
            return [int(v) for v in self.choice(right, first)]
        rest = [there and not v for there, v in zip(mask, first, strict=True)]
        other = self.choice(right, rest)
        return [int(a or b) for a, b in zip(first, other, strict=True)]

    def _binary(self, op: str, left: Values, right: Values, mask: Mask) -> Values:
        made: Values = []
        for there, a, b in zip(mask, left, right, strict=True):
            if not there or a is None or b is None:
                made.append(None)
            elif isinstance(a, int) and isinstance(b, int):
                made.append(_arithmetic(op, a, b))
            elif op in JOINING:
                made.append(self._join(Operator(op), a, b))
            else:
                raise Stop
        return made

    def _joined(self, op: Operator, left: Values, right: Values, mask: Mask) -> Values:
        return [
            None if not there or a is None or b is None else self._join(op, a, b)
            for there, a, b in zip(mask, left, right, strict=True)
        ]

    def _join(self, op: Operator, left: int | Bag, right: int | Bag) -> Bag:
        made = self.atoms.joined(op, self.bag(left), self.bag(right))
        if made is None:
            raise Stop
        return made

    def bag(self, value: int | Bag) -> Bag:
        """An int among bags is a constant."""
        if isinstance(value, Bag):
            return value
        text = tree.Number(str(abs(value)))
        return self.atoms.constant(text if value >= 0 else tree.Unary("-", text))

    def _call(self, name: str, args: Sequence[tree.Expr], mask: Mask) -> Values:
        if name in EXTREMES and len(args) == 2:
            left, right = (self.value(a, mask) for a in args)
            return self._joined(Operator(EXTREMES[name], name), left, right, mask)
        return self.value(_inlined(self.kernel.functions.get(name), args), mask)

    def _select(self, condition: tree.Expr, yes: tree.Expr, no: tree.Expr, mask: Mask) -> Values:
        if (op := extreme(condition, yes, no)) is not None:
            left, right = self.value(yes, mask), self.value(no, mask)
            if any(isinstance(v, Bag) for v in (*left, *right)):
                return self._joined(op, left, right, mask)
        chosen = self.choice(condition, mask)
        rest = [there and not c for there, c in zip(mask, chosen, strict=True)]
        first = self.value(yes, chosen) if any(chosen) else chosen
        second = self.value(no, rest) if any(rest) else rest
        return [a if c else b for c, a, b in zip(chosen, first, second, strict=True)]

    def converted(self, value: Value, kind: str) -> Value:
        """A value as one of another type, where that does not change what it stands for."""
        if value is None:
            return None
        if kind not in NUMERIC:
            raise Stop
        if isinstance(value, int):
            if kind in ("float", "double"):
                return self.bag(value)
            low, high = (0, 2**32) if kind in ("unsigned", "uint64_t") else (-(2**31), 2**31)
            if not low <= value < high:
                raise Stop
            return value
        if value.kind and value.kind != kind:
            raise Stop
        if not value.kind and not kind.startswith(("float", "double")):
            raise Stop
        return value


def _definitions(kernel: Translated, body: Sequence[Any]) -> Mapping[str, tree.Expr]:
    """The values of variables that are assigned where they are declared and nowhere else."""
    return {
        v.name: v.value
        for s in body
        for n in tree.walk(s)
        if isinstance(n, tree.Declaration)
        for v in n.variables
        if v.name in kernel.constants and v.value is not None
        and edit.mentions(v.value) <= kernel.constants | {"tx", "ty", "tz"}
    }  # fmt: skip


def _escaping(kernel: Translated, body: Sequence[Any]) -> set[str]:
    found: set[str] = set()
    dimensions = {
        n: len(_extents(v.type)) for n, v in kernel.locals.items() if v.memory == "shared"
    }

    def look(node: tree.Node) -> None:
        depth, base = 0, node
        while isinstance(base, tree.Index):
            depth, base = depth + 1, base.base
        if isinstance(base, tree.Name) and dimensions.get(base.name) == depth:
            while isinstance(node, tree.Index):
                look(node.index)
                node = node.base
            return
        if isinstance(node, tree.Name) and node.name in dimensions:
            found.add(node.name)
        if isinstance(node, tree.Unary) and node.op == "&":
            found.update(edit.mentions(node) & set(dimensions))
        for child in tree.children(node):
            look(child)

    for statement in body:
        look(statement)
    return found


def _inlined(function: tree.Function | None, args: Sequence[tree.Expr]) -> tree.Expr:
    """What a call of a device function that is one expression stands for."""
    match function:
        case tree.Function(_, result, parameters, tree.Block((tree.Return(value),))) if (
            value is not None
            and len(parameters) == len(args)
            and all(types.name(p.type) == types.name(result) for p in parameters)
        ):
            names = {p.name: a for p, a in zip(parameters, args, strict=True)}
            return edit.substitute(value, names)
        case _:
            raise Opaque


def _extents(kind: tree.Type) -> list[int]:
    found = []
    kind = types.bare(kind)
    while isinstance(kind, tree.Array):
        found.append(constant(kind.size) or 0)
        kind = types.bare(kind.of)
    return found


def _flat(indices: Sequence[Value], extents: Sequence[int], size: int) -> int:
    place = 0
    for index, extent in zip(indices, extents, strict=True):
        if not isinstance(index, int):
            raise Stop
        place = place * extent + index
    if not 0 <= place < size:
        raise Stop
    return place


def _unary(op: str, value: Value) -> Value:
    if value is None or isinstance(value, Bag):
        if value is not None and op != "+":
            raise Stop
        return value
    return {"-": -value, "~": ~value, "!": int(not value), "+": value}[op]


def _arithmetic(op: str, a: int, b: int) -> int:
    if (op in ("/", "%") and b == 0) or (op in ("<<", ">>") and not 0 <= b < 32):
        raise Stop
    made = int(_INTEGER[op](a, b))
    if not -(2**31) <= made < 2**32:
        raise Stop
    return made


__all__ = ["NUMERIC", "Facts", "Machine", "Mask", "Opaque", "Stop", "Value", "Values"]
