"""Which buffer each argument of each launch is, and how large each grid: a search from the end.

The last kernels must write the outputs of the C function; what they read, earlier kernels must have
written, or it is an input. So kernels are taken from last to first. An *open* buffer is one whose
content is needed and whose writer was not met yet; a kernel's stores are matched with open buffers
of the same name (without its trailing number), as late a writer as possible, and its grid is the
smallest that covers what is needed of them. Where several fit, they are tried in turn.
"""

import hashlib
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpctc.audit.csource import CFunction
from hpctc.audit.grids import Fit, fit, reach, readers_grid
from hpctc.audit.kernels import Extents, Kernel, NotInferred, base
from hpctc.audit.values import Array

SECONDS = 30.0
"""For one record's search."""

MOST_INPUTS = 256
"""Ways to give the inputs to what is open at the start, per way of matching the rest."""

MOST_SETS = 1024
"""Sets of open buffers that are looked at for one parameter, large ones first."""

END = -1
"""Stands for the C function, which needs the outputs, among the numbers of kernels."""

Use = tuple[int, str]
"""A kernel's number and one of its parameters."""


@dataclass(frozen=True)
class Open:
    """A buffer whose content is needed, seen from its readers."""

    base: str
    dtype: str
    need: Array
    """Boolean, by element."""
    origins: frozenset[int]
    """Kernels that use it, none by two parameters; :data:`END` for an output."""
    uses: tuple[Use, ...]
    output: str | None = None
    known: bool = True
    """False: it is read where data say, so that more than ``need`` may be needed."""
    label: str | None = None
    """The array of the C function that it is, where loops and kernels are taken as each other's."""


@dataclass(frozen=True)
class Bound:
    """A complete answer."""

    grids: tuple[Extents, ...]
    """By kernel."""
    buffers: Mapping[Use, str]
    """Parameter -> name: of an input or output of the C function, or a new one for the rest."""
    contradictions: tuple[str, ...] = ()
    """Where the CUDA's extents are not the C's."""


@dataclass(frozen=True)
class _State:
    """A point of the search: kernels after this one are settled."""

    opened: tuple[Open, ...]
    closed: tuple[tuple[str, tuple[Use, ...]], ...] = ()
    """Name and uses of the buffers whose first writer is found."""
    grids: tuple[tuple[int, Extents], ...] = ()
    contradictions: tuple[str, ...] = ()


class Search:
    """All bindings of a record, likely ones first."""

    def __init__(self, kernels: Sequence[Kernel], c: CFunction) -> None:
        self.kernels = kernels
        self.c = c
        self.deadline = time.monotonic() + SECONDS
        self.in_time = True
        self.strict = True
        self.wild: set[str] = set()
        self._fits: dict[tuple[int, str, bytes], Fit] = {}

    def run(self, strict: bool) -> Iterator[Bound]:
        """Bindings; not ``strict``: also those in which the CUDA writes less than the C."""
        self.strict = strict
        written = {base(p) for k in self.kernels for p in k.written}
        self.wild = {o for o in self.c.outputs if base(o) not in written}
        yield from self._before(len(self.kernels), _State(self._outputs()))

    def _outputs(self) -> tuple[Open, ...]:
        """What the C function needs at the end."""
        return tuple(
            Open(base(o), self.c.dtypes[o], np.ones(self.c.sizes[o], bool), frozenset({END}), (), o)
            for o in reversed(self.c.outputs)
        )

    def guided(self, strict: bool) -> Iterator[Bound]:
        """The binding in which kernels and outermost loops do the same one by one, if there is one.

        Then the arrays that a loop reads and writes are the arguments of its kernel, in the order
        in which the two texts come upon them. Names do not matter.
        """
        if len(self.kernels) != len(self.c.nests):
            return
        self.strict = strict
        state = _State(tuple(replace(o, label=o.output) for o in self._outputs()))
        for at in reversed(range(len(self.kernels))):
            kernel, nest = self.kernels[at], self.c.nests[at]
            if (len(kernel.written), len(kernel.read)) != (len(nest.written), len(nest.read)):
                return
            stores = dict(zip(kernel.written, nest.written, strict=True))
            way = {p: tuple(o for o in state.opened if o.label == b) for p, b in stores.items()}
            if not all(self._may(at, p, chosen) for p, chosen in way.items()):
                return
            loads = dict(zip(kernel.read, nest.read, strict=True))
            state = self._settled(at, state, way, loads)
        names = [o.label for o in state.opened]
        known = [n for n in names if n in self.c.inputs]
        if len(known) == len(names) and _apart(state.opened, known):
            yield self._bound(state, known)

    def _may(self, at: int, parameter: str, chosen: Sequence[Open]) -> bool:
        """Whether a parameter may be the writer of all these."""
        kind = self.kernels[at].dtypes[parameter]
        return bool(chosen) and all(
            o.dtype == kind and self._writes(at, parameter, o.need) for o in chosen
        )

    def _before(self, number: int, state: _State) -> Iterator[Bound]:
        """Settle the kernels before ``number``."""
        if time.monotonic() > self.deadline:
            self.in_time = False
            return
        if number == 0:
            yield from self._inputs(state)
            return
        at = number - 1
        for following in self._kernel(at, state):
            yield from self._before(at, following)

    def _kernel(self, at: int, state: _State) -> Iterator[_State]:
        """The states before a kernel, one for each way to match what it writes."""
        kernel = self.kernels[at]
        choices = [list(self._matches(at, p, state.opened)) for p in kernel.written]
        ways = [w for w in itertools.product(*choices) if _disjoint(w)]
        useful = [w for w in ways if any(w)]
        useful.sort(key=lambda w: sum(not chosen for chosen in w))
        for way in useful:
            yield self._settled(at, state, dict(zip(kernel.written, way, strict=True)))

    def _matches(
        self, at: int, parameter: str, opened: Sequence[Open]
    ) -> Iterator[tuple[Open, ...]]:
        """Sets of open buffers that a parameter may be the writer of; none of them comes last."""
        kernel = self.kernels[at]
        fitting = [
            o
            for o in opened
            if (o.base == base(parameter) or o.output in self.wild)
            and o.dtype == kernel.dtypes[parameter]
            and self._writes(at, parameter, o.need)
        ]
        sizes = range(len(fitting), 0, -1)
        sets = itertools.chain.from_iterable(itertools.combinations(fitting, n) for n in sizes)
        yield from filter(_distinct, itertools.islice(sets, MOST_SETS))
        yield ()

    def _writes(self, at: int, parameter: str, need: Array) -> bool:
        """Whether some grid writes all that is needed, or all that matters in this search."""
        found = self._fit(at, parameter, need)
        if not found.missing.any() or parameter in self.kernels[at].read:
            return True
        if not self.kernels[at].touches(parameter, True, found.grid).known:
            return True
        return not self.strict and not found.missing.all()

    def _fit(self, at: int, parameter: str, need: Array) -> Fit:
        key = (at, parameter, np.packbits(need).tobytes() if need.size < 1 << 20 else _sum(need))
        if key not in self._fits:
            self._fits[key] = fit(self.kernels[at], parameter, need)
        return self._fits[key]

    def _settled(
        self,
        at: int,
        state: _State,
        way: Mapping[str, tuple[Open, ...]],
        labels: Mapping[str, str] | None = None,
    ) -> _State:
        """The state before a kernel whose stores are matched; its reads are open now."""
        kernel = self.kernels[at]
        needs = {p: self._need(at, p, chosen) for p, chosen in way.items() if chosen}
        grid = self._grid(at, needs)
        taken = [o for chosen in way.values() for o in chosen]
        opened = [o for o in state.opened if not any(o is t for t in taken)]
        closed = list(state.closed)
        said = list(state.contradictions)
        for parameter, kind in kernel.dtypes.items():
            chosen = way.get(parameter, ())
            merged = _merged(at, parameter, kind, chosen)
            if parameter in kernel.read:
                before = self._needed_before(at, parameter, grid, merged)
                label = (labels or {}).get(parameter)
                known = merged.known and kernel.touches(parameter, False, grid).known
                opened.append(replace(merged, need=before, label=label, known=known))
                continue
            if parameter in needs and (lost := self._lost(at, parameter, needs[parameter])):
                said.append(lost)
            closed.append((merged.output or parameter, merged.uses))
        return _State(tuple(opened), tuple(closed), ((at, grid), *state.grids), tuple(said))

    def _need(self, at: int, parameter: str, chosen: Sequence[Open]) -> Array:
        """What must be written for all these; where data decide, all that guards let through."""
        need = _joined(chosen)
        if all(o.known for o in chosen):
            return need
        kernel = self.kernels[at]
        if (guarded := reach(kernel, parameter)) is None:
            words = f"what {kernel.name} writes is read where data say, and no guard"
            raise NotInferred(f"{words} says how much of it there is")
        need = np.concatenate([need, np.zeros(max(0, guarded.size - need.size), bool)])
        need[: guarded.size] |= guarded
        return need

    def _grid(self, at: int, needs: Mapping[str, Array]) -> Extents:
        """The smallest grid for everything that a kernel must write."""
        kernel = self.kernels[at]
        fits = {p: self._fit(at, p, need).grid for p, need in needs.items()}
        grids = [g for p, g in fits.items() if kernel.touches(p, True, g).known]
        if len(grids) < len(fits):
            wanted = {p: self.c.reads[p] for p in kernel.read if p in self.c.reads}
            grids.append(readers_grid(kernel, wanted))
        x, y, z = (max(extents) for extents in zip(*grids, strict=True))
        return x, y, z

    def _needed_before(self, at: int, parameter: str, grid: Extents, after: Open) -> Array:
        """What must be in a buffer before a kernel: what it reads, and what it leaves as it was."""
        kernel = self.kernels[at]
        reads = kernel.touches(parameter, False, grid).mask
        need = np.zeros(max(reads.size, after.need.size), bool)
        need[: after.need.size] = after.need
        if parameter in kernel.written:
            mask = kernel.touches(parameter, True, grid).mask[: need.size]
            need[: mask.size] &= ~mask
        need[: reads.size] |= reads
        return need

    def _lost(self, at: int, parameter: str, need: Array) -> str:
        """In words, what no grid of a kernel writes; empty where nothing is missing."""
        kernel = self.kernels[at]
        found = self._fit(at, parameter, need)
        if not found.missing.any() or not kernel.touches(parameter, True, found.grid).known:
            return ""
        made, all_ = int(need.sum() - found.missing.sum()), int(need.sum())
        return f"{kernel.name} writes {made} of {all_} elements of {parameter}, whatever its grid"

    # --- inputs ---

    def _inputs(self, state: _State) -> Iterator[Bound]:
        """What is open before the first kernel must be inputs of the C function."""
        if any(o.output is not None for o in state.opened):
            return
        ranked = [self._candidates(o) for o in state.opened]
        legal = [
            chosen
            for chosen in itertools.islice(itertools.product(*ranked), MOST_INPUTS)
            if _apart(state.opened, chosen)
        ]
        # What the C reads, the CUDA should read too.
        legal.sort(key=lambda chosen: len(self.c.reads.keys() - set(chosen)))
        for chosen in legal:
            yield self._bound(state, chosen)

    def _candidates(self, wanted: Open) -> list[str]:
        """Inputs that an open buffer may be, likely ones first."""
        c = self.c
        used = {p for _, p in wanted.uses}
        alike = [i for i in c.inputs if c.dtypes[i] == wanted.dtype]
        near = [i for i in alike if base(i) == wanted.base or i in used] or alike
        exact = [i for i in near if i in used and c.telling(i)]
        extent = int(np.flatnonzero(wanted.need)[-1]) + 1 if wanted.need.any() else 0

        def unlikely(name: str) -> tuple[bool, int, int]:
            reads = c.reads[name].size if name in c.reads else c.sizes[name]
            return extent > c.sizes[name], abs(reads - extent), c.inputs.index(name)

        return sorted(exact or near, key=unlikely)

    def _bound(self, state: _State, inputs: Sequence[str]) -> Bound:
        buffers: dict[Use, str] = {}
        taken = {*self.c.inputs, *self.c.outputs}
        for opened, name in zip(state.opened, inputs, strict=True):
            buffers.update(dict.fromkeys(opened.uses, name))
        for name, uses in state.closed:
            own = name
            if name not in self.c.outputs or any(b == name for b in buffers.values()):
                tries = (f"{base(name)}_buffer{i or ''}" for i in itertools.count())
                own = next(t for t in tries if t not in taken)
            taken.add(own)
            buffers.update(dict.fromkeys(uses, own))
        grids = tuple(grid for _, grid in sorted(state.grids))
        return Bound(grids, buffers, state.contradictions)


def _apart(opened: Sequence[Open], chosen: Sequence[str]) -> bool:
    """Whether no kernel is given one input for two parameters."""
    pairs = [(at, name) for o, name in zip(opened, chosen, strict=True) for at in o.origins]
    return len(set(pairs)) == len(pairs)


def _disjoint(way: Sequence[tuple[Open, ...]]) -> bool:
    """Whether no open buffer is given to two parameters."""
    taken = [id(o) for chosen in way for o in chosen]
    return len(set(taken)) == len(taken)


def _distinct(chosen: Sequence[Open]) -> bool:
    """Whether buffers can be one: no kernel uses two of them."""
    origins = [at for o in chosen for at in o.origins]
    return len(set(origins)) == len(origins)


def _joined(chosen: Sequence[Open]) -> Array:
    need = np.zeros(max(o.need.size for o in chosen), bool)
    for o in chosen:
        need[: o.need.size] |= o.need
    return need


def _merged(at: int, parameter: str, dtype: str, chosen: Sequence[Open]) -> Open:
    """One buffer of several open ones, used by a kernel too."""
    return Open(
        base=base(parameter),
        dtype=dtype,
        need=_joined(chosen) if chosen else np.zeros(0, bool),
        origins=frozenset({at}).union(*(o.origins for o in chosen)),
        uses=((at, parameter), *(use for o in chosen for use in o.uses)),
        output=next((o.output for o in chosen if o.output), None),
        known=all(o.known for o in chosen),
    )


def _sum(need: Array) -> bytes:
    """A key for a large set, which need not be unique beyond one record."""
    return hashlib.sha256(np.packbits(need).tobytes()).digest()
