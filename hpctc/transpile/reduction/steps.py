"""Runs statements on the abstract block, all threads in step.

The order is one that CUDA allows: where two threads meet without a barrier the program has a race,
and any outcome is as good as another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant
from hpctc.transpile.reduction.bags import Bag
from hpctc.transpile.reduction.machine import (
    NUMERIC,
    Machine,
    Mask,
    Opaque,
    Stop,
    Value,
    Values,
)
from hpctc.transpile.reduction.operators import Operator, extreme
from hpctc.transpile.scope import Barrier, Collective

ROUNDS = 4096
"""Iterations of a loop after which running it is given up."""

_REDUCE = {"add": "+", "and": "&", "or": "|", "exor": "^"}


@dataclass(frozen=True)
class State:
    """The abstract block after some statement."""

    variables: Mapping[str, Values]
    memory: Mapping[str, Values]
    kept: tuple[Any, ...]
    assigned: frozenset[str]
    exchanged: bool
    met: bool


@dataclass
class Steps:
    """Executes one run of statements; what of them must stay is in ``kept``."""

    machine: Machine
    const: frozenset[str]
    """Pointers through which nothing is ever written."""
    kept: list[Any] = field(default_factory=list)
    assigned: set[str] = field(default_factory=set)
    """Variables whose value the run changes: an atom may not depend on them."""
    exchanged: bool = False
    """Whether values went from thread to thread."""
    met: bool = False
    """Whether a barrier was passed."""
    depth: int = 0

    def save(self) -> State:
        """What may be restored."""
        machine = self.machine
        return State(
            dict(machine.variables), dict(machine.memory), tuple(self.kept),
            frozenset(self.assigned), self.exchanged, self.met,
        )  # fmt: skip

    def restore(self, state: State) -> None:
        """Forget what a statement did that could not be run to its end."""
        self.machine.variables = dict(state.variables)
        self.machine.memory = dict(state.memory)
        self.kept, self.assigned = list(state.kept), set(state.assigned)
        self.exchanged, self.met, self.depth = state.exchanged, state.met, 0

    def run(self, statement: Any) -> None:
        """Execute one statement of the block's level."""
        self.step(statement, self.machine.everybody)

    def step(self, node: Any, mask: Mask) -> None:
        """Execute a statement for the threads that the mask lets."""
        match node:
            case Barrier():
                self.met = True
            case Collective():
                self._collective(node, mask)
            case tree.Block(body):
                self._inner(body, mask)
            case tree.Declaration((variable,)):
                self._declaration(node, variable, mask)
            case tree.If():
                self._if(node, mask)
            case tree.For() | tree.While():
                self._loop(node, mask)
            case tree.Evaluate(value):
                self._effect(node, value, mask)
            case _:
                raise Stop

    def _inner(self, body: Sequence[Any], mask: Mask) -> None:
        self.depth += 1
        for part in body:
            self.step(part, mask)
        self.depth -= 1

    # --- assignments ---

    def _declaration(self, node: tree.Declaration, variable: tree.Variable, mask: Mask) -> None:
        kind = types.name(variable.type)
        if kind not in NUMERIC:
            raise Stop
        if variable.value is None:
            self._set(variable.name, [None] * self.machine.threads, mask)
            return
        try:
            value = self.machine.value(variable.value, mask)
        except Opaque:
            self._atom(variable.name, variable.value, node)
            return
        fixed = variable.name in self.machine.kernel.constants
        plain = not edit.mentions(variable.value) & self.assigned
        if fixed and plain and not self.depth and all(isinstance(v, int) for v in value):
            self.kept.append(node)
            self.machine.variables[variable.name] = self.converted(value, kind)
            return
        self._set(variable.name, self.converted(value, kind), mask)

    def converted(self, values: Values, kind: str) -> Values:
        """The values as a variable of a type holds them."""
        return [self.machine.converted(v, kind) for v in values]

    def _set(self, name: str, values: Values, mask: Mask) -> None:
        self.assigned.add(name)
        if not all(mask):
            old = self.machine.value(tree.Name(name), mask)
            values = [v if m else o for m, v, o in zip(mask, values, old, strict=True)]
        self.machine.variables[name] = values

    def _effect(self, node: tree.Evaluate, value: tree.Expr, mask: Mask) -> None:
        match value:
            case tree.Assign(op, target, given):
                self._assign(node, target, op.removesuffix("="), given, mask)
            case tree.Unary("++" | "--" as op, target) | tree.Postfix(op, target):
                self._assign(node, target, op[0], tree.Number("1"), mask)
            case _:
                raise Stop

    def _assign(
        self, node: tree.Evaluate, target: tree.Expr, op: str, value: tree.Expr, mask: Mask
    ) -> None:
        whole = tree.Binary(op, target, value) if op else value
        thread = isinstance(target, tree.Name) and not self.machine.is_shared(target.name)
        if thread and (target.name not in self.machine.kernel.locals):  # type: ignore[union-attr]
            raise Stop
        try:
            given = self.machine.value(whole, mask)
        except Opaque:
            if op or not (thread or isinstance(target, tree.Index)):
                raise Stop from None
            given = self._fresh(node, target, value, mask)
            if thread:
                return
        if thread:
            assert isinstance(target, tree.Name)
            self._set(target.name, self.converted(given, self.machine.kind(target.name)), mask)
        else:
            self._store(target, given, mask)

    def _store(self, target: tree.Expr, given: Values, mask: Mask) -> None:
        if isinstance(target, tree.Name):
            name, places = target.name, [0 if m else None for m in mask]
        else:
            name, places = self.machine.address(target, mask)
        given = self.converted(given, self.machine.kind(name))
        cells = list(self.machine.cells(name))
        written: dict[int, Value] = {}
        for place, v in zip(places, given, strict=True):
            if place is not None:
                # Threads that disagree about an element have a race there.
                cells[place] = v if written.get(place, v) == v else None
                written[place] = cells[place]
        self.machine.memory[name] = cells
        self.assigned.add(name)
        self.exchanged = True

    # --- atoms ---

    def _fresh(
        self, node: tree.Evaluate, target: tree.Expr, value: tree.Expr, mask: Mask
    ) -> Values:
        """The atoms that an expression about more than threads brings in."""
        if not all(mask):
            raise Stop
        if isinstance(target, tree.Name):
            self._atom(target.name, value, node)
            return self.machine.variables[target.name]
        base: tree.Expr = target
        while isinstance(base, tree.Index):
            base = base.base
        if not isinstance(base, tree.Name) or not self.machine.is_shared(base.name):
            raise Stop
        kind = self.machine.kind(base.name)
        part = self._part()
        declared = tree.Variable(part, tree.Named(kind), value=value)
        self._atom(part, value, tree.Declaration((declared,)), kind)
        return self.machine.variables[part]

    def _part(self) -> str:
        taken = self.machine.kernel.used | set(self.machine.variables)
        return next(n for n in ("part", *(f"part_{i}" for i in range(1, 99))) if n not in taken)

    def _atom(self, name: str, value: tree.Expr, node: Any, kind: str = "") -> None:
        """Keep ``name = value`` and let the variable stand for itself."""
        kind = kind or self.machine.kind(name)
        seen = {n.name for f in self.machine.atoms.families for n in (f.source,)
                if isinstance(n, tree.Name)}  # fmt: skip
        used = name in self.assigned or name in seen
        if self.depth or used or kind not in NUMERIC or not self._free(value):
            raise Stop
        self.kept.append(node)
        self.machine.variables[name] = list(self.machine.atoms.family(tree.Name(name), kind))

    def _free(self, value: tree.Expr) -> bool:
        """Whether an expression has the same value at the start of the run as here."""
        if edit.mentions(value) & self.assigned:
            return False
        for node in tree.walk(value):
            match node:
                case tree.Assign() | tree.Postfix() | tree.Unary("++" | "--" | "&" | "*", _):
                    return False
                case tree.Call(tree.Name(called), _) if called.startswith(("atomic", "__atomic")):
                    return False
                case tree.Index(base, _) if self.met:
                    if not isinstance(base, tree.Name) or base.name not in self.const:
                        return False
                case _:
                    pass
        return True

    # --- control ---

    def _if(self, node: tree.If, mask: Mask) -> None:
        if self._improves(node, mask):
            return
        chosen = self.machine.choice(node.condition, mask)
        rest = [m and not c for m, c in zip(mask, chosen, strict=True)]
        self.depth += 1
        if any(chosen):
            self.step(node.then, chosen)
        if node.otherwise is not None and any(rest):
            self.step(node.otherwise, rest)
        self.depth -= 1

    def _improves(self, node: tree.If, mask: Mask) -> bool:
        """``if (a > b) b = a;`` on bags is ``b = max(a, b)``."""
        inside = node.then.body if isinstance(node.then, tree.Block) else (node.then,)
        match inside:
            case (tree.Evaluate(tree.Assign("=", target, value)) as only,) if not node.otherwise:
                if extreme(node.condition, value, target) is None:
                    return False
                values = self.machine.value(value, mask)
                if not any(isinstance(v, Bag) for v in values):
                    return False
                self._assign(only, target, "", tree.Select(node.condition, value, target), mask)
                return True
            case _:
                return False

    def _loop(self, node: Any, mask: Mask) -> None:
        self.depth += 1
        step = None
        if isinstance(node, tree.For):
            if node.start is not None:
                self.step(node.start, mask)
            step = node.step
        if node.condition is None:
            raise Stop
        for _ in range(ROUNDS):
            mask = self.machine.choice(node.condition, mask)
            if not any(mask):
                break
            self.step(node.body, mask)
            if step is not None:
                self._effect(tree.Evaluate(step), step, mask)
        else:
            raise Stop
        self.depth -= 1

    # --- exchanges ---

    def _collective(self, node: Collective, mask: Mask) -> None:
        self.exchanged = True
        kind = types.name(node.type)
        if node.kind in ("shfl", "up", "down", "xor"):
            made = self._shuffle(node, mask)
        elif node.kind in (*_REDUCE, "max", "min"):
            made = self._warp_reduce(node, mask)
        elif node.kind == "active":
            made = [sum(1 << u % 32 for u in _warp(t, mask)) for t in range(len(mask))]
        else:
            raise Stop
        if kind != self.machine.kind(node.target.name):
            raise Stop
        self._set(node.target.name, self.converted(made, kind), mask)

    def _shuffle(self, node: Collective, mask: Mask) -> Values:
        value, which, *rest = node.args
        width = (constant(rest[0]) if rest else 32) or 0
        if width not in (1, 2, 4, 8, 16, 32):
            raise Stop
        held, steps = self.machine.value(value, mask), self.machine.value(which, mask)
        made: Values = []
        for t, there in enumerate(mask):
            by = steps[t]
            if not there:
                made.append(None)
            elif not isinstance(by, int):
                raise Stop
            else:
                source = _source(node.kind, t, by, width)
                inside = 0 <= source < self.machine.threads and mask[source]
                made.append(held[source] if inside else None)
        return made

    def _warp_reduce(self, node: Collective, mask: Mask) -> Values:
        symbol = _REDUCE.get(node.kind, node.kind)
        spelled = f"{symbol}_{types.name(node.type)}" if symbol in ("max", "min") else ""
        op = Operator(symbol, spelled)
        held = self.machine.value(node.args[0], mask)
        made: Values = [None] * len(mask)
        for first in range(0, len(mask), 32):
            total: Value = None
            running = _warp(first, mask)
            for t in running:
                total = held[t] if t == running[0] else self._joined(op, total, held[t])
            for t in running:
                made[t] = total
        return made

    def _joined(self, op: Operator, left: Value, right: Value) -> Value:
        if left is None or right is None:
            return None
        made = self.machine.atoms.joined(op, self.machine.bag(left), self.machine.bag(right))
        if made is None:
            raise Stop
        return made


def _warp(thread: int, mask: Mask) -> list[int]:
    first = thread - thread % 32
    return [t for t in range(first, min(first + 32, len(mask))) if mask[t]]


def _source(kind: str, thread: int, by: int, width: int) -> int:
    """The thread whose value a shuffle gives; its own where the lane lies outside the group."""
    lane = thread % width
    first = thread - lane
    match kind:
        case "shfl":
            return first + by % width
        case "up":
            return thread - by if lane >= by else thread
        case "down":
            return thread + by if lane + by < width else thread
        case _:
            return first + (lane ^ by) if lane ^ by < width else thread


__all__ = ["State", "Steps"]
