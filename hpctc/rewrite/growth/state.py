"""A graph while it grows: its values are known in full, types, intervals and on one draw numbers.

Every application is tried before it is kept. Kept is only what an honest task may hold: typed,
inside every domain, nowhere near overflow, neither constant nor all but zero, and computed by
float32 nearly as by float64. What jumps (a comparison, ``floor``, ``argmax``) is applied to values
only that float32 computes without any rounding, so that no right kernel can jump otherwise.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpctc.core.errors import HpctcError
from hpctc.graph import ops
from hpctc.graph.build import DEFAULT_DOMAIN
from hpctc.graph.check import node_interval
from hpctc.graph.infer import results
from hpctc.graph.ir import Arg, Attr, Graph, Input, Interval, Node, TensorType, Value
from hpctc.graph.meaning import Precision, apply, draw, operands_of, stored
from hpctc.graph.op import FLOATS, Array

LARGE = {"float32": 1e5, "float16": 1e3}
"""Magnitude beyond which a float is not let grow; far from overflow, and so are its bounds."""

BOUND = {"float32": 1e30, "float16": 3e4}
"""Magnitude that the interval of a float must promise to keep."""

CLOSE = {"float32": 2e-5, "float16": 2e-2}
"""Error of native against float64 arithmetic, relative to magnitude and mean magnitude."""

DATA = 20
"""The seed of the numbers that accompany growth."""


Judge = Callable[[TensorType, Interval, Array, Array], bool]
"""Type, interval, exact and native numbers of a value -> whether it may stay."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of a value."""

    type: TensorType
    interval: Interval
    exact: bool
    """Whether native arithmetic computes it without rounding."""
    real: Array
    """On the drawn inputs, floats in float64."""
    native: Array
    """On the drawn inputs, in the value's own element type."""


class Growth:
    """Inputs and nodes so far; an application that is not kept returns None."""

    def __init__(
        self, rng: random.Random, elements: int, allowed: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.rng = rng
        self.elements = elements
        self.allowed = allowed
        self.inputs: list[Input] = []
        self.nodes: list[Node] = []
        self.live: dict[str, Live] = {}
        self.uses: Counter[str] = Counter()

    def input(
        self,
        stem: str,
        shape: Sequence[int],
        dtype: str = "float32",
        domain: Interval | None = None,
    ) -> str:
        """Declare a parameter called after ``stem``; its elements lie in ``domain``."""
        name = self._fresh(stem)
        kind = TensorType(tuple(shape), dtype)
        given = Input(name, kind, domain or DEFAULT_DOMAIN[dtype])
        self.inputs.append(given)
        drawn = draw(Graph("g", tuple(self.inputs), (), ()), DATA)[name]
        real = drawn.astype(stored(dtype, "exact"))
        self.live[name] = Live(kind, given.domain, True, real, drawn)
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value."""
        return self.live[name].type.shape

    def dtype(self, name: str) -> str:
        """The element type of a value."""
        return self.live[name].type.dtype

    def op(self, op: str, *args: Arg | None, **attrs: Attr) -> str | None:
        """Apply an operator if that is sound; return its (first) result."""
        made = self.ops(op, *args, **attrs)
        return made[0] if made else None

    def ops(self, op: str, *args: Arg | None, **attrs: Attr) -> tuple[str, ...] | None:
        """Apply an operator if that is sound; an operand that is None was not sound either."""
        return self._applied(op, args, attrs, sound)

    def settled(self, op: str, *args: Arg | None, **attrs: Attr) -> str | None:
        """Apply an operator that changes nothing for legal inputs: a guard, or its condition."""
        made = self._applied(op, args, attrs, lambda *_: True)
        return made[0] if made else None

    def _applied(
        self, op: str, args: Sequence[Arg | None], attrs: Mapping[str, Attr], judge: Judge
    ) -> tuple[str, ...] | None:
        if None in args or not self.allowed(op):
            return None
        try:
            node = self._typed(op, [a for a in args if a is not None], attrs)
            image = self._image(node)
        except HpctcError:
            return None
        if any((n.op, n.args, n.attrs) == (node.op, node.args, node.attrs) for n in self.nodes):
            return None
        lives = self._lives(node, image, judge)
        if lives is None:
            return None
        for value, live in zip(node.results, lives, strict=True):
            self.live[value.name] = live
        self.nodes.append(node)
        self.uses.update(node.operands)
        return tuple(v.name for v in node.results)

    def some(self, wanted: Callable[[Live], bool], fresh: bool = True) -> str | None:
        """One of the values that are wanted: rather a late one, and one that nobody reads yet."""
        names = [n for n, live in self.live.items() if wanted(live)]
        if not names:
            return None
        weights = [
            (1 + 4 * i / len(names)) * (4 if fresh and not self.uses[n] else 1)
            for i, n in enumerate(names)
        ]
        return self.rng.choices(names, weights)[0]

    def loose(self) -> list[str]:
        """The results that nobody reads."""
        return [v.name for n in self.nodes for v in n.results if not self.uses[v.name]]

    def finish(self, name: str, outputs: Sequence[str]) -> Graph:
        """The graph that returns ``outputs``, under the names y, y2, ..., without what is dead."""
        needed = set(outputs)
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if any(v.name in needed for v in node.results):
                needed.update(node.operands)
                kept.append(node)
        inputs = [i for i in self.inputs if i.name in needed]
        names = _numbered([i.name.rstrip("0123456789") for i in inputs])
        final = dict(zip((i.name for i in inputs), names, strict=True))
        final |= dict(zip(outputs, _numbered(["y"] * len(outputs)), strict=True))
        return Graph(
            name,
            tuple(replace(i, name=final[i.name]) for i in inputs),
            _renamed(kept[::-1], final),
            tuple(final[o] for o in outputs),
        )

    def _typed(self, op: str, args: Sequence[Arg], attrs: Mapping[str, Attr]) -> Node:
        given = [self.live[a].type if isinstance(a, str) else a for a in args]
        literals, full, made = results(ops.get(op), given, attrs)
        kept = tuple(a if isinstance(a, str) else n for a, n in zip(args, literals, strict=True))
        first = len(self.live)
        values = tuple(Value(f"%{first + i}", kind) for i, kind in enumerate(made))
        return Node(values, op, kept, tuple(full.items()))

    def _image(self, node: Node) -> Interval:
        known = {a: self.live[a].interval for a in node.operands}
        return node_interval(node, known, {a: self.live[a].type for a in node.operands})

    def _lives(self, node: Node, image: Interval, judge: Judge) -> list[Live] | None:
        if any(v.type.size > self.elements for v in node.results):
            return None
        exact = all(self.live[a].exact for a in node.operands)
        if not exact and (not ops.get(node.op).continuous or _truncates(node, self)):
            return None
        real, native = (self._computed(node, p) for p in ("exact", "native"))
        found = []
        for value, x, y in zip(node.results, real, native, strict=True):
            if not judge(value.type, image, x, y) or (judge is sound and self._idle(node, x)):
                return None
            precise = exact and (value.type.dtype not in FLOATS or _moves(node))
            found.append(Live(value.type, image, precise and np.array_equal(x, y), x, y))
        return found

    def _idle(self, node: Node, x: Array) -> bool:
        """Whether the result is one of the operands again, as of ``relu`` of a square."""
        return any(np.array_equal(x, self.live[a].real) for a in node.operands)

    def _computed(self, node: Node, precision: str) -> list[Array]:
        how: Precision = "exact" if precision == "exact" else "native"
        values = {
            a: self.live[a].real if how == "exact" else self.live[a].native for a in node.operands
        }
        types = {a: self.live[a].type for a in node.operands}
        op = ops.get(node.op)
        with np.errstate(all="ignore"):
            made = apply(node, op, operands_of(node, values, types, how))
            return [
                np.asarray(array).astype(stored(value.type.dtype, how), copy=False)
                for value, array in zip(node.results, made, strict=True)
            ]

    def _fresh(self, stem: str) -> str:
        count, name = 1, stem
        while name in self.live:
            count += 1
            name = f"{stem}{count}"
        return name


def sound(kind: TensorType, image: Interval, real: Array, native: Array) -> bool:
    """Whether a value may stay: tame, varied, and the same in native as in float64 arithmetic."""
    if not varied(real):
        return False
    if kind.dtype not in FLOATS:
        return True
    biggest = float(np.max(np.abs(real)))
    if not (math.isfinite(biggest) and 1e-5 < biggest < LARGE[kind.dtype]):
        return False
    if max(abs(image.low), abs(image.high)) > BOUND[kind.dtype]:
        return False
    return close(kind.dtype, real, native)


def close(dtype: str, real: Array, native: Array) -> bool:
    """Whether native arithmetic loses no more digits than :data:`CLOSE` allows."""
    error = np.abs(native.astype(np.float64) - real)
    scale = np.abs(real) + np.mean(np.abs(real))
    return bool(np.all(error <= CLOSE[dtype] * scale))


def varied(x: Array) -> bool:
    """Whether an array holds more than one value and is not all but zero; one element will do."""
    if x.size == 1:
        return True
    numbers = x.astype(np.float64)
    if not np.all(np.isfinite(numbers)):
        return False
    if x.dtype == np.bool_:
        return 0.02 < float(np.mean(numbers)) < 0.98
    spread = float(np.max(numbers) - np.min(numbers))
    if spread <= 1e-5 * float(np.max(np.abs(numbers))):
        return False
    return x.size < 8 or float(np.mean(numbers != 0)) > 0.05


def usable(allowed: Collection[str] | None) -> Callable[[str], bool]:
    """Whether an operator may be applied, where only ``allowed`` may; None: all."""
    return (lambda _: True) if allowed is None else (lambda op: op in allowed)


def _moves(node: Node) -> bool:
    """Whether an operator gives exact results for exact operands: it moves, selects, compares."""
    if ops.get(node.op).rounding == "exact":
        return True
    # A power of two only moves the exponent.
    return node.op == "mul" and any(
        not isinstance(a, str) and a and math.frexp(abs(a))[0] == 0.5 for a in node.args
    )


def _truncates(node: Node, growth: Growth) -> bool:
    return (
        node.op == "cast"
        and node.results[0].type.dtype not in FLOATS
        and growth.dtype(node.operands[0]) in FLOATS
    )


def _numbered(stems: Sequence[str]) -> list[str]:
    """Names that differ: ``w``, ``w2``, ``w3``."""
    seen: Counter[str] = Counter()
    names = []
    for stem in stems:
        seen[stem] += 1
        names.append(stem if seen[stem] == 1 else f"{stem}{seen[stem]}")
    return names


def _renamed(nodes: Sequence[Node], final: Mapping[str, str]) -> tuple[Node, ...]:
    """The nodes with inputs and outputs by their final names, values between as v0, v1, ..."""
    names = dict(final)
    made = []
    for node in nodes:
        args = tuple(names[a] if isinstance(a, str) else a for a in node.args)
        for value in node.results:
            names.setdefault(value.name, f"v{len(names) - len(final)}")
        fresh = tuple(replace(v, name=names[v.name]) for v in node.results)
        made.append(replace(node, results=fresh, args=args))
    return tuple(made)
