"""Barrier fission: a kernel's body becomes loops over threads between the places where they meet.

Deep fission after MCUDA (Stratton, Stone, Hwu, LCPC 2008): a statement list is cut at its barriers;
a structured statement that holds one stays around its cut body where all threads agree about it,
and is replaced by masks where they do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.fold import number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.reduction.lower import accumulated
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.scope import Barrier, Collective, Geometry, Local, Warped
from hpctc.transpile.uniform import Uniform, block_variables, escapes, exchanges, returns


@dataclass(frozen=True)
class Threads(tree.Node):
    """Every thread of the block that the mask lets (None: all) runs the body."""

    body: tuple[Any, ...]
    mask: tree.Name | None = None
    ordered: bool = False
    """Whether threads add to one place: the loop over them must not be vectorised."""
    joins: tuple[tuple[str, str], ...] = ()
    """Operators and the variables of the block into which all threads join a value."""


@dataclass(frozen=True)
class Warps(tree.Node):
    """Every warp whose first thread the mask lets runs the body once."""

    body: tree.Evaluate
    mask: tree.Name | None = None


def assign(target: tree.Expr, value: tree.Expr, op: str = "=") -> tree.Evaluate:
    """``target op value;``."""
    return tree.Evaluate(tree.Assign(op, target, value))


class Fission:
    """Cuts one kernel; ``arrays`` are what the cut needs beside the kernel's variables."""

    def __init__(self, kernel: Translated, geometry: Geometry, const: frozenset[str]) -> None:
        self.kernel = kernel
        self.geometry = geometry
        self.const = const
        self.locals = dict(kernel.locals)
        self.arrays: dict[str, tree.Type] = {}
        self.exchanged: dict[str, tree.Name] = {}
        self.held: dict[str, tree.Expr] = {}
        """Totals of a group that is not the whole block, by the place that keeps them."""
        self.cuts = any(exchanges(s) for s in kernel.body)
        self.uniform = Uniform(kernel, const) if self.cuts else None
        self.block = block_variables(kernel, self.uniform) if self.uniform else set()
        self.masks: list[tree.Name] = []
        self.loops: list[tuple[int, int] | None] = []
        """For each loop around: None where all threads agree, else how many masks lie outside its
        loop mask and outside the mask of one round."""

    def run(self) -> tuple[Any, ...]:
        """The block-level body, with :class:`Threads` in it."""
        if not self.cuts:
            return (Threads(self.kernel.body),) if self.kernel.body else ()
        if any(returns(s) for s in self.kernel.body):
            alive = self.fresh_mask("alive")
            first = Threads((assign(alive, number(1)),))
            self.masks.append(alive)
            return (first, *self.cut(self.kernel.body))
        return tuple(self.cut(self.kernel.body))

    # --- names ---

    def fresh(self, name: str) -> str:
        """A name that the kernel does not have."""
        return claimed(name, self.kernel.used)

    def fresh_mask(self, name: str) -> tree.Name:
        """A new bool of every thread."""
        unique = self.fresh(name)
        self.locals[unique] = Local(types.BOOL)
        return tree.Name(unique)

    @property
    def mask(self) -> tree.Name | None:
        """Who runs at this point; None: everybody."""
        return self.masks[-1] if self.masks else None

    # --- cutting ---

    def is_cut(self, node: tree.Node) -> bool:
        """Whether a statement cannot lie inside a thread loop."""
        if exchanges(node) or returns(node):
            return True
        if self.loops and escapes(node):
            return True
        return any(self._sets_block_variable(n) for n in tree.walk(node))

    def _sets_block_variable(self, node: tree.Node) -> bool:
        match node:
            case tree.Assign(_, tree.Name(name), _) | tree.Postfix(_, tree.Name(name)):
                return name in self.block
            case tree.Unary("++" | "--", tree.Name(name)) | tree.Variable(name):
                return name in self.block
            case _:
                return False

    def cut(self, statements: Sequence[Any]) -> list[Any]:
        """Thread loops for the runs between cuts, and the cuts themselves."""
        made: list[Any] = []
        run: list[Any] = []
        for statement in statements:
            if not self.is_cut(statement):
                run.append(statement)
                continue
            if isinstance(statement, tree.Declaration) and self._early(statement):
                made.append(statement)
                continue
            if isinstance(statement, Reduction):
                made = accumulated(self, statement, made, run)
                run = []
                continue
            late = self._starts(run) if isinstance(statement, Barrier) else []
            run = run[: len(run) - len(late)]
            if run:
                made.append(Threads(tuple(run), self.mask))
            run = late
            made += self._cut_one(statement)
        if run:
            made.append(Threads(tuple(run), self.mask))
        return made

    def _starts(self, run: Sequence[Any]) -> list[Any]:
        """What of a run's end only gives a thread's variables their first values.

        That may wait until the others have come, and then nobody has to keep it for the thread.
        """
        made: list[Any] = []
        for statement in reversed(run):
            match statement:
                case tree.Evaluate(tree.Assign("=", tree.Name(name), tree.Number())):
                    local = self.locals.get(name)
                case _:
                    break
            if local is None or local.memory != "thread":
                break
            made.insert(0, statement)
        return made

    def _early(self, node: tree.Declaration) -> bool:
        """Whether a declaration may move before the pending run: it reads no other variable."""
        value = node.variables[0].value
        names = set() if value is None else edit.mentions(value)
        return names <= self.kernel.constants or not names & set(self.kernel.locals)

    def _cut_one(self, node: Any) -> list[Any]:
        match node:
            case Barrier():
                return []
            case Collective():
                from hpctc.transpile.warp import exchange

                return exchange(self, node)
            case Warped(body):
                return [Warps(body, self.mask)]
            case tree.Block(body):
                return self.cut(body)
            case tree.If():
                return self._if(node)
            case tree.For() | tree.While() | tree.Do():
                return self._loop(node)
            case tree.Jump(kind):
                return self._jump(kind)
            case tree.Return():
                return self._clear(0)
            case tree.Evaluate() | tree.Declaration():
                return [node]
            case _:
                raise Diagnosed("HPC0026", at=node.at)

    def _if(self, node: tree.If) -> list[Any]:
        assert self.uniform is not None
        then = _parts(node.then)
        other = _parts(node.otherwise) if node.otherwise is not None else ()
        if self.uniform.holds(node.condition):
            otherwise = tree.Block(tuple(self.cut(other))) if other else None
            return [tree.If(node.condition, tree.Block(tuple(self.cut(then))), otherwise)]
        outside = self.mask
        chosen = self.fresh_mask("chosen")
        first = [assign(chosen, _both(outside, node.condition))]
        rest = self.fresh_mask("rest") if other else None
        if rest is not None:
            first.append(assign(rest, _both(outside, tree.Unary("!", chosen))))
        made: list[Any] = [Threads(tuple(first))]
        for mask, part in ((chosen, then), (rest, other)):
            if mask is not None:
                self.masks.append(mask)
                made += self.cut(part)
                self.masks.pop()
        return made

    def _loop(self, node: Any) -> list[Any]:
        assert self.uniform is not None
        if self.uniform.diverges(node):
            return self._masked_loop(node)
        self.loops.append(None)
        body = tree.Block(tuple(self.cut(_parts(node.body))))
        self.loops.pop()
        match node:
            case tree.For(start, condition, step, _):
                inside = start is None or self.is_cut(start) or isinstance(start, tree.Evaluate)
                if inside:
                    return [tree.For(start, condition, step, body)]
                return [*self.cut((start,)), tree.For(None, condition, step, body)]
            case tree.While(condition, _):
                return [tree.While(condition, body)]
            case _:
                return [tree.Do(body, node.condition)]

    def _masked_loop(self, node: Any) -> list[Any]:
        made: list[Any] = []
        if isinstance(node, tree.For) and node.start is not None:
            made += self.cut((node.start,))
        active = self.fresh_mask("active")
        made.append(Threads((assign(active, self.mask or number(1)),)))
        some = tree.Name(self.fresh("some"))
        outside = len(self.masks)
        self.masks.append(active)
        condition = node.condition if node.condition is not None else number(1)
        ask = (
            assign(active, tree.Binary("&&", active, condition)),
            assign(some, active, "|="),
        )
        test = [
            tree.Declaration((tree.Variable(some.name, types.BOOL, value=number(0)),)),
            Threads(ask, ordered=True),
            tree.If(tree.Unary("!", some), tree.Block((tree.Jump("break"),))),
        ]
        round_ = self.fresh_mask("round")
        self.loops.append((outside, outside + 1))
        self.masks.append(round_)
        body = [Threads((assign(round_, active),)), *self.cut(_parts(node.body))]
        self.masks.pop()
        self.loops.pop()
        step = getattr(node, "step", None)
        late = [Threads((tree.Evaluate(step),), active)] if step is not None else []
        self.masks.pop()
        order = [*body, *test] if isinstance(node, tree.Do) else [*test, *body, *late]
        return [*made, tree.While(number(1), tree.Block(tuple(order)))]

    def _jump(self, kind: str) -> list[Any]:
        around = self.loops[-1]
        if around is None:
            return [tree.Jump(kind)]
        return self._clear(around[0] if kind == "break" else around[1])

    def _clear(self, depth: int) -> list[Any]:
        """Take the running threads out of every mask from a depth on."""
        mask = self.mask
        outer = [m for m in self.masks[depth:] if m != mask]
        own = [mask] if mask is not None else []
        return [Threads(tuple(assign(m, number(0)) for m in [*outer, *own]), mask)]


def _parts(node: Any) -> tuple[Any, ...]:
    return node.body if isinstance(node, tree.Block) else (node,)


def _both(mask: tree.Name | None, condition: tree.Expr) -> tree.Expr:
    return condition if mask is None else tree.Binary("&&", mask, condition)
