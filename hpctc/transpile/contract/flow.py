"""Array dataflow: what each element of the kernel's outputs is, in terms of its inputs alone.

Shared memory, register arrays and temporaries are renamings of what was stored in them: a load of
``tile[f]`` finds the store ``tile[g]``, solves ``g = f`` for the thread and iteration that stored,
and becomes the stored value. ``x = x + term`` in a loop becomes a :class:`Sum`. A load whose store
is not surely known (not stored, stored twice, other iteration, missing barrier) is a Doubt.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from hpctc.transpile.contract.bounds import limit, narrow, single
from hpctc.transpile.contract.forms import ZERO, Doubt, Form, Space, name_of
from hpctc.transpile.contract.merge import merged
from hpctc.transpile.contract.values import (
    ZERO_VALUE,
    Bound,
    Gather,
    Load,
    Loop,
    Op,
    Pick,
    Step,
    Store,
    Sum,
    Test,
    Value,
    binary,
    forms,
    loads,
    operator,
    reformed,
    retested,
    summed,
)


@dataclass(frozen=True)
class Definition:
    """``array[index] = value`` for all values of the loops' digits and of the threads."""

    array: str
    index: Form
    value: Value
    test: Test
    loops: tuple[str, ...]


@dataclass
class _Running:
    """An array that a loop only adds to."""

    before: list[Definition]
    depth: int
    made: Definition | None = None


class Flow:
    """Walks a kernel's steps in order and keeps what every array holds."""

    def __init__(
        self, space: Space, shared: frozenset[str], own: frozenset[str], outputs: frozenset[str]
    ) -> None:
        self.space = space
        self.shared = shared
        self.outputs = outputs
        self.kept = shared | own | outputs
        """Arrays that the kernel stores to: shared, a thread's own, and its outputs."""
        self.held: dict[str, list[Definition]] = {}
        self.running: dict[str, _Running] = {}
        self.loops: list[str] = []

    def walk(self, steps: Sequence[Step]) -> None:
        """Take in steps that follow each other."""
        for step in steps:
            if isinstance(step, Store):
                self._store(step)
            elif isinstance(step, Loop):
                self._loop(step)
            elif isinstance(step, Gather):
                self._gather(step)

    def _gather(self, step: Gather) -> None:
        """A sum over threads: their digits become the sum's."""
        if step.array in self.running:
            raise Doubt
        value = self._resolved(step.value, ())
        group = self._leaves(step.digits)
        fresh = {d: self.space.digit(f"{d}_each", self.space.extents[d]) for d in group}
        term = reformed(value, lambda form: self.space.mapped(self.space.norm(form), fresh))
        made = summed([name_of(f) for f in fresh.values()], term, ZERO_VALUE)
        self.held[step.array] = [Definition(step.array, ZERO, made, (), tuple(self.loops))]

    # --- stores ---

    def _store(self, step: Store) -> None:
        array = step.array
        if (running := self.running.get(array)) is not None:
            self._added(step, running)
            return
        value = self._resolved(step.value, step.test)
        made = Definition(array, self.space.norm(step.index), value, step.test, tuple(self.loops))
        held: list[Definition] = []
        for old in self.held.get(array, []):
            if self._apart(old, made):
                held.append(old)
            elif self._same(old, made) and array not in self.shared:
                made = _over(made, old)
            elif array in self.outputs:
                raise Doubt
        self.held[array] = [*held, made]

    def _apart(self, old: Definition, new: Definition) -> bool:
        """Whether two stores surely hit different places; else the old one is forgotten."""
        low, high = self.space.range(self.space.norm(old.index) - self.space.norm(new.index))
        return low > 0 or high < 0

    def _same(self, old: Definition, new: Definition) -> bool:
        """Whether every place that the old store hit is one that the new one hits, if tested so."""
        return (
            self.space.norm(old.index) == self.space.norm(new.index)
            and new.loops == old.loops
            and set(old.test) <= set(new.test)
        )

    # --- loops ---

    def _loop(self, loop: Loop) -> None:
        written = _written(loop.body)
        outermost = {}
        for array, adds in written.items():
            if array in self.running:
                continue
            if adds and array not in self.shared:
                outermost[array] = _Running(self.held.get(array, []), len(self.loops))
            elif self.held.pop(array, None) and array in self.outputs:
                raise Doubt
        self.running |= outermost
        self.loops.append(loop.digit)
        self.walk(loop.body)
        self.loops.pop()
        for array, running in outermost.items():
            del self.running[array]
            if running.made is None:
                raise Doubt
            self.held[array] = [running.made]

    def _added(self, step: Store, running: _Running) -> None:
        """``array[index] = array[index] + term``, the only store to it inside the loop."""
        term = _term(step)
        if term is None or running.made is not None:
            raise Doubt
        term = self._resolved(term, step.test)
        index = self.space.norm(step.index)  # after what resolving has split
        inside = self._leaves(self.loops[running.depth :])
        named = set(index.digits())
        over = tuple(d for d in inside if d not in named)
        own = tuple(d for d in inside if d in named)
        fixed = tuple(b for b in step.test if not set(self.space.norm(b.form).digits()) & set(over))
        varying = tuple(b for b in step.test if b not in fixed)
        if varying:
            term = Pick(varying, term, ZERO_VALUE)
        around = tuple(self.loops[: running.depth])
        kept, self.loops = self.loops, [*around, *own]
        first = self._found(Load(step.array, index), running.before, fixed)
        self.loops = kept
        made = Definition(step.array, index, summed(over, term, first), fixed, (*around, *own))
        if step.array in self.outputs and not self._replaces(made, running, len(around)):
            raise Doubt
        running.made = made

    def _replaces(self, made: Definition, running: _Running, depth: int) -> bool:
        """Whether the sum reaches every place that was set before."""
        whole = sum(self._size(d, depth) for d in running.before)
        same = all(set(d.test) == set(made.test) for d in running.before)
        return same and whole == self._size(made, depth)

    def _size(self, made: Definition, depth: int) -> int:
        """How many elements a definition's own loops reach, all threads being equal."""
        count = 1
        for digit in self._leaves(made.loops[depth:]):
            if digit in self.space.norm(made.index).digits():
                count *= self.space.extents[digit]
        return count

    def _leaves(self, loops: Sequence[str]) -> list[str]:
        """The digits that loops were split into, larger parts first."""
        made: list[str] = []
        for name in loops:
            if name in self.space.splits:
                parts = self.space.splits[name].terms
                ordered = sorted(parts, key=lambda item: -item[1])
                made += self._leaves([a for a, _ in ordered if isinstance(a, str)])
            else:
                made.append(name)
        return made

    # --- loads ---

    def _resolved(self, value: Value, test: Test) -> Value:
        match value:
            case Load(array, index) if array in self.kept:
                if array in self.running:
                    raise Doubt
                return self._found(Load(array, self.space.norm(index)), self.held.get(array, []),
                                   test)  # fmt: skip
            case Pick(asked, yes, no):
                return Pick(asked, self._resolved(yes, (*test, *asked)), self._resolved(no, test))
            case Sum():
                return value
            case Op(template, args):
                return Op(template, tuple(self._resolved(a, test) for a in args))
            case _:
                return value

    def _found(self, load: Load, held: list[Definition], test: Test) -> Value:
        for made in reversed(held):
            if (value := self._from(made, load, test)) is not None:
                return value
        raise Doubt

    def _from(self, made: Definition, load: Load, test: Test) -> Value | None:
        """The stored value as seen by the loading thread, if it surely stored that place."""
        common = 0
        for mine, theirs in zip(self.loops, made.loops, strict=False):
            if mine != theirs:
                break
            common += 1
        own = self._leaves(made.loops[common:])
        if load.array in self.shared:
            own += self._leaves([d for d in ("tx", "ty", "tz") if d in self.space.extents])
        stored = _Stored.of(made, own, self.space)
        wanted = self.space.norm(load.index)
        places = stored.solve(self.space, wanted, lambda bound: self._holds(bound, test))
        if places is None:
            return None
        for bound in stored.test:
            moved = replace(bound, form=self.space.mapped(bound.form, places))
            if not self._holds(moved, test):
                return None
        return reformed(stored.value, lambda form: self.space.mapped(form, places))

    def _holds(self, bound: Bound, test: Test) -> bool:
        bound = narrow(self.space, replace(bound, form=self.space.norm(bound.form)))
        low, high = self.space.range(bound.form)
        for known in test:
            known = narrow(self.space, replace(known, form=self.space.norm(known.form)))
            if known.form == bound.form:
                low = max(low, known.low) if known.low is not None else low
                high = min(high, known.high) if known.high is not None else high
        return (bound.low is None or low >= bound.low) and (
            bound.high is None or high <= bound.high
        )


@dataclass
class _Stored:
    """A definition whose own digits have fresh names."""

    index: Form
    value: Value
    test: Test
    own: list[str]

    @staticmethod
    def of(made: Definition, own: Sequence[str], space: Space) -> "_Stored":
        test = retested(made.test, space.norm)
        fresh = {name: space.digit(f"{name}_of", space.extents[name]) for name in own}

        def renamed(form: Form) -> Form:
            return space.mapped(space.norm(form), fresh)

        index, value = renamed(made.index), reformed(made.value, renamed)
        test = tuple(b for b in retested(test, renamed) if b.form.terms)
        digits = [f.terms[0][0] for f in fresh.values() if f != ZERO]
        own = [d for d in digits if isinstance(d, str)]
        used = [index, *forms(value), *(b.form for b in test)]
        placed = [d for d in own if d in set(index.digits())]
        change, left = merged(space, used, placed)
        rest = [d for d in own if d not in placed]
        test = tuple(narrow(space, b) for b in retested(test, change))
        ends = [b for b in test if single(b) and b.form.terms[0][0] in (*left, *rest)]
        for bound in ends:
            limit(space, bound)
        test = tuple(b for b in test if b not in ends or b.low is not None)
        index, value, test = change(index), reformed(value, change), retested(test, change)
        if any(set(part.form.digits()) & set(left) for part in index.parts()):
            # What became shorter may now be split, and then its quotients are digits.
            index, value = space.norm(index), reformed(value, space.norm)
            test = retested(test, space.norm)
            left = [d for one in left for d in space.norm(Form(((one, 1),))).digits()]
        return _Stored(index, value, test, [*left, *rest])

    def solve(
        self, space: Space, wanted: Form, holds: Callable[[Bound], bool]
    ) -> dict[str, Form] | None:
        """The own digits for which the index is the wanted one, where the loading thread is."""
        mine = [(c, d) for d in self.own if (c := self.index.coefficient(d))]
        rest = wanted - self.index + Form.of({d: c for c, d in mine})
        if any(set(part.form.digits()) & set(self.own) for part in self.index.parts()):
            return None
        places: dict[str, Form] = {}
        for factor, digit in sorted(mine, reverse=True):
            low, _ = space.range(rest)
            if factor < 0 or low < 0:
                return None
            places[digit], rest = space.divided(rest, factor)
            if not holds(Bound(places[digit], 0, space.extents[digit] - 1)):
                return None
        if rest != ZERO or not self._unique(space, mine):
            return None
        return self._others(space, places)

    def _unique(self, space: Space, mine: list[tuple[int, str]]) -> bool:
        """Whether no two values of the own digits give one index."""
        reach = 0
        for factor, digit in sorted(mine):
            if factor <= reach:
                return False
            reach += factor * (space.extents[digit] - 1)
        return True

    def _others(self, space: Space, places: dict[str, Form]) -> dict[str, Form] | None:
        """Digits that the index lacks: a loop's last round counts, threads must agree."""
        used = {d for f in (*forms(self.value), *(b.form for b in self.test)) for d in f.digits()}
        for digit in self.own:
            if digit in places:
                continue
            if digit in used and digit.startswith(("tx", "ty", "tz")):
                return None
            places[digit] = Form((), space.extents[digit] - 1)
        return places


def _over(new: Definition, old: Definition) -> Definition:
    """The new store over the old one: where its test fails the old value stays."""
    more = tuple(b for b in new.test if b not in old.test)
    if not more:
        return new
    return replace(new, value=Pick(more, new.value, old.value), test=old.test)


def _term(step: Store) -> Value | None:
    """What a store adds to its own place."""
    own = Load(step.array, step.index)
    added = list(_addends(step.value))
    if len(added) < 2 or own not in added:
        return None
    added.remove(own)
    if any(part.array == step.array for one in added for part in loads(one)):
        return None
    return reduce(partial(binary, "+"), added)


def _addends(value: Value) -> Iterator[Value]:
    """What is added up: one value, or the sides of ``+`` as deep as they go."""
    if isinstance(value, Op) and operator(value) == "+":
        for side in value.args:
            yield from _addends(side)
    else:
        yield value


def _written(steps: Sequence[Step]) -> dict[str, bool]:
    """Arrays stored to, and whether every store only adds."""
    found: dict[str, bool] = {}
    for step in steps:
        if isinstance(step, Store):
            found[step.array] = found.get(step.array, True) and _term(step) is not None
        elif isinstance(step, Gather):
            found[step.array] = False
        elif isinstance(step, Loop):
            for array, adds in _written(step.body).items():
                found[array] = found.get(array, True) and adds
    return found


__all__ = ["Definition", "Flow"]
