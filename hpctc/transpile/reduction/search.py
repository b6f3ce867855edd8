"""Finds the runs of statements that exchange values, and puts reductions in their place.

A run is accepted if everything that is read after it is either a whole group's total, a constant,
or what the reading thread brought along itself. The longest acceptable run is taken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import free
from hpctc.transpile.reduction.cells import needed
from hpctc.transpile.reduction.live import Readers, first_setting
from hpctc.transpile.reduction.machine import Facts, Machine, Stop
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.reduction.numbers import is_number
from hpctc.transpile.reduction.recognise import Fixed, Own, Total, meaning
from hpctc.transpile.reduction.split import split
from hpctc.transpile.reduction.steps import State, Steps
from hpctc.transpile.scope import Barrier, Geometry, Local
from hpctc.transpile.uniform import Uniform, exchanges

_WORDS = {"+": "sum", "*": "product", "max": "largest", "min": "smallest", "&": "common",
          "|": "joined", "^": "parity"}  # fmt: skip

ENDS = 24
"""Statements at its end that a run may be without, at most."""

STARTS = 12
"""Statements at which a run is begun before one that it cannot take, at most."""

Path = tuple[Any, ...]


@dataclass
class _Course:
    """How far a run goes."""

    machine: Machine
    ahead: list[Any]
    """Statements that were not run."""
    whole: int
    """How many of those that were run are statements of the kernel: a branch was cut then."""
    done: list[Any] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    """The abstract block after each of them."""
    declared: set[str] = field(default_factory=set)


@dataclass
class _Change:
    """What takes the place of a run."""

    totals: dict[Total, tree.Name] = field(default_factory=dict)
    own: list[tuple[str, tree.Expr]] = field(default_factory=list)
    copies: list[tuple[str, tree.Expr]] = field(default_factory=list)
    tail: list[Any] = field(default_factory=list)
    """The statements after the run, with totals put in."""


class _Refused(Exception):
    """Something that is still read is no group's total."""


class Search:
    """Rewrites one kernel."""

    def __init__(self, kernel: Translated, geometry: Geometry, const: frozenset[str]) -> None:
        self.kernel = kernel
        self.const = const
        self.uniform = Uniform(kernel, const)
        self.facts = Facts(kernel, geometry)
        self.readers = Readers(Machine(self.facts))
        self.made: dict[str, Local] = {}

    def run(self) -> Translated:
        """The kernel with reductions in the place of recognised runs."""
        body = tuple(self._list(self.kernel.body, ((),)))
        if not self.made:
            return self.kernel
        constants = self.kernel.constants | set(self.made)
        locals_ = {**self.kernel.locals, **self.made}
        return replace(self.kernel, body=body, locals=locals_, constants=constants)

    def _list(self, statements: Sequence[Any], after: tuple[Path, ...]) -> list[Any]:
        """A statement list; ``after`` are the ways that the program may go on behind it."""
        made: list[Any] = []
        rest = list(statements)
        tries: Counter[int] = Counter()
        while rest:
            course = self._course(rest) if any(exchanges(s) for s in rest) else None
            found = None
            if course is not None and tries[len(course.ahead)] < STARTS:
                tries[len(course.ahead)] += 1
                found = self._accepted(course, (made, rest), after)
            if found is None:
                first = rest.pop(0)
                made.append(self._inside(first, tuple(rest), after))
            else:
                made += found[0]
                rest = found[1]
        return made

    def _inside(self, node: Any, rest: Path, after: tuple[Path, ...]) -> Any:
        """A statement whose inside all threads run alike is searched as well."""
        if not exchanges(node):
            return node
        here = tuple((*rest, *path) for path in after)
        match node:
            case tree.Block(body):
                return replace(node, body=tuple(self._list(body, here)))
            case tree.If() if self.uniform.holds(node.condition):
                return edit.rebuild(node, lambda n: self._branch(n, here))
            case tree.For(body=tree.Block(body)) if not self.uniform.diverges(node):
                turn = [tree.Evaluate(e) for e in (node.step, node.condition) if e is not None]
                ways = tuple((*turn, *path) for path in (body, *here))
                return replace(node, body=tree.Block(tuple(self._list(body, ways))))
            case _:
                return node

    def _branch(self, node: tree.Node, after: tuple[Path, ...]) -> tree.Node:
        if isinstance(node, tree.Block):
            return replace(node, body=tuple(self._list(node.body, after)))
        return node

    # --- one run ---

    def _accepted(
        self, course: _Course, around: tuple[list[Any], list[Any]], after: tuple[Path, ...]
    ) -> tuple[list[Any], list[Any]] | None:
        """What takes the place of the longest acceptable run, and what follows it."""
        before, rest = around
        for i in reversed(range(max(0, len(course.states) - ENDS), len(course.states))):
            if not course.states[i].exchanged:
                break
            whole = i < course.whole
            tail = rest[i + 1 :] if whole else [*course.done[i + 1 :], *course.ahead]
            try:
                change = self._change(course.machine, course.states[i], tail, after)
            except (_Refused, Stop):
                continue
            numbers = self._numbers(change, [*before, *course.states[i].kept])
            if change.totals and numbers is not None:
                if not whole:
                    constants = self.kernel.constants - course.declared
                    self.kernel = replace(self.kernel, constants=constants)
                made = self._written(course.states[i], change, course.done[: i + 1], numbers)
                return made, change.tail
        return None

    def _course(self, rest: Sequence[Any]) -> _Course:
        """Run statements as far as they go; a branch that does not may do so in part."""
        machine = Machine(self.facts)
        steps = Steps(machine, self.const)
        course = _Course(machine, list(rest), len(rest))
        state = steps.save()
        while course.ahead:
            try:
                steps.run(course.ahead[0])
            except Stop:
                steps.restore(state)
                pieces = split(course.ahead[0], machine)
                if pieces is None:
                    break
                course.whole = min(course.whole, len(course.done))
                course.declared |= pieces.declared
                course.ahead[:1] = pieces.statements
                continue
            course.done.append(course.ahead.pop(0))
            state = steps.save()
            course.states.append(state)
        return course

    def _change(
        self, machine: Machine, state: State, tail: list[Any], after: tuple[Path, ...]
    ) -> _Change:
        change = _Change(tail=list(tail))
        readers = self.readers
        for name in (n for n in self.kernel.locals if n in state.assigned):
            limit = first_setting(name, tail)
            near = tail[:limit]
            far = [(*tail[limit:], *path) for path in after]
            if machine.is_shared(name):
                self._array(name, near, far, (machine, state, readers, change))
            else:
                self._variable(name, near, far, (machine, state, readers, change))
        sources = {n for _, source in change.own for n in edit.mentions(source)}
        if sources & {name for name, _ in change.own}:
            raise _Refused
        return change

    def _variable(
        self,
        name: str,
        near: list[Any],
        far: list[Path],
        parts: tuple[Machine, State, Readers, _Change],
    ) -> None:
        machine, state, readers, change = parts
        soon = readers.of_variable(name, near)
        late = {t for path in far for t in readers.of_variable(name, path)}
        if not soon | late:
            return
        held = {t: state.variables[name][t] for t in sorted(soon | late)}
        found = meaning(held, machine.atoms)
        match found:
            case Total():
                total = self._total(found, name, change)
                if late:
                    change.copies.append((name, total))
                else:
                    _put(change, len(near), {tree.Name(name): total})
            case Own(family):
                if family.source != tree.Name(name):
                    change.own.append((name, family.source))
            case Fixed(value):
                change.copies.append((name, value))
            case _:
                raise _Refused

    def _array(
        self,
        name: str,
        near: list[Any],
        far: list[Path],
        parts: tuple[Machine, State, Readers, _Change],
    ) -> None:
        machine, state, readers, change = parts
        if any(needed(readers, name, path) for path in far):
            raise _Refused
        held: dict[tree.Expr, dict[int, Any]] = {}
        for statement in near:
            for node, mask in readers.occurrences(statement, name, readers.machine.everybody):
                places = readers.machine.address(node, mask)[1] if isinstance(
                    node, tree.Index) else [0 if m else None for m in mask]  # fmt: skip
                values = held.setdefault(node, {})
                values |= {t: state.memory[name][p] for t, p in enumerate(places) if p is not None}
        for node, values in held.items():
            match meaning(values, machine.atoms):
                case Total() as found:
                    value: tree.Expr = self._total(found, name, change)
                case Fixed(value):
                    pass
                case Own(family) if _stays(family.source, near):
                    value = family.source
                case _:
                    raise _Refused
            _put(change, len(near), {node: value})

    def _total(self, found: Total, name: str, change: _Change) -> tree.Name:
        if found not in change.totals:
            word = name.removesuffix("_shared")
            word = word if word != name else _WORDS[found.op.symbol]
            taken = self.kernel.used | {t.name for t in change.totals.values()}
            change.totals[found] = tree.Name(free(word, taken))
        return change.totals[found]

    def _numbers(self, change: _Change, before: Sequence[Any]) -> set[Total] | None:
        """The totals for which a NaN is nothing special; None where one would decide the order."""
        plain = set()
        for total in change.totals:
            floats = total.family.kind in ("float", "double")
            extreme = floats and total.op.symbol in ("max", "min")
            if not extreme or is_number(total.family.source, before):
                plain.add(total)
            elif total.op.spelled in ("<", ">"):
                return None
        return plain

    def _written(
        self, state: State, change: _Change, run: Sequence[Any], numbers: set[Total]
    ) -> list[Any]:
        """The statements in the place of a run."""
        made = list(state.kept)
        for statement in state.kept:
            if isinstance(statement, tree.Declaration):
                variable = statement.variables[0]
                if variable.name not in self.kernel.locals:
                    self.made[variable.name] = Local(variable.type)
                    self.kernel.locals[variable.name] = self.made[variable.name]
                    self.kernel.used.add(variable.name)
        order = sorted(change.totals.items(), key=lambda item: item[0].family.first)
        if any(isinstance(total.family.source, tree.Index) for total, _ in order):
            # A shared array is read that other threads may have written.
            made.append(Barrier())
        for total, target in order:
            kind = tree.Named(total.family.kind)
            self.made[target.name] = Local(kind)
            self.kernel.used.add(target.name)
            made.append(
                Reduction(
                    total.op,
                    target,
                    total.family.source,
                    kind,
                    total.group,
                    total.start,
                    total in numbers or total.start is not None,
                )
            )
        declared = {v.name: v for s in run if isinstance(s, tree.Declaration) for v in s.variables}
        kept = {v.name for s in state.kept if isinstance(s, tree.Declaration) for v in s.variables}
        copied = {name for name, _ in (*change.own, *change.copies)}
        for name, variable in declared.items():
            # A variable without a value here may be set later on.
            if name not in kept | copied and any(name in edit.mentions(s) for s in change.tail):
                made.append(tree.Declaration((replace(variable, value=None),)))
        for name, value in (*change.own, *change.copies):
            if name in declared and name not in kept:
                made.append(tree.Declaration((replace(declared[name], value=value),)))
            else:
                made.append(tree.Evaluate(tree.Assign("=", tree.Name(name), value)))
        return made


def _put(change: _Change, count: int, values: Mapping[tree.Expr, tree.Expr]) -> None:
    """Replace expressions in the first statements after the run."""

    def changed(node: tree.Node) -> tree.Node:
        return values.get(node, node)  # type: ignore[call-overload,no-any-return]

    change.tail[:count] = [edit.transform(s, changed) for s in change.tail[:count]]


def _stays(source: tree.Expr, near: Sequence[Any]) -> bool:
    return all(first_setting(n, near) == len(near) for n in edit.mentions(source))


__all__ = ["Search"]
