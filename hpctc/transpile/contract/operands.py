"""What a register tile reads: inputs as they lie, or copies in scratch memory laid out for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from hpctc.syntax import tree
from hpctc.transpile.contract.forms import ZERO, Doubt, Form, Part, name_of
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.values import (
    Bound,
    Coordinate,
    Load,
    Op,
    Pick,
    Sum,
    Test,
    Value,
    binary,
    forms,
    is_zero,
    loads,
    operator,
    reformed,
    rewritten,
    walk,
)
from hpctc.transpile.names import claimed

TABLE = 4_000_000
"""Cells of a table that decides what a test lets through."""

MOST = 1 << 27
"""Elements of the largest copy."""

LANES = 16
"""Floats of a vector: 512 bits, which a compiler splits where the machine has less."""


class TooMuch(Doubt):
    """A copy would be too large: the kernel keeps its own staging."""


@dataclass(frozen=True)
class Dimension:
    """A loop of a copy, and the stride of its digit in the copy."""

    digit: str
    extent: int
    stride: int


@dataclass(frozen=True)
class Copy:
    """``name[sum of digit * stride] = value`` for all digits."""

    name: str
    value: Value
    dimensions: tuple[Dimension, ...]
    cells: int
    """Floats that are written."""
    room: int
    """Floats behind them that may be read, and whose values do not matter."""
    source: str
    """The array that is copied."""
    words: str
    """What becomes of it."""
    kind: str

    def index(self, digits: Mapping[str, Form]) -> Form:
        """The place of a cell; a digit that is not given stands for itself."""
        index = Form()
        for dimension in self.dimensions:
            digit = digits.get(dimension.digit, Form(((dimension.digit, 1),)))
            index += digit * dimension.stride
        return index


@dataclass(frozen=True)
class Axis:
    """The digit that runs along vectors: ``panel * width + lane``."""

    digit: str
    extent: int
    width: int
    """Floats of a panel."""
    panel: Form
    """The panel's digit; 0 where there is one panel."""


@dataclass
class Scratch:
    """The copies that a nest needs, in order."""

    nest: Nest
    taken: set[str]
    copies: list[Copy] = field(default_factory=list)

    def name(self, wanted: str) -> str:
        """A name that nothing else has."""
        return claimed(wanted, self.taken)

    def copy(
        self,
        name: str,
        value: Value,
        digits: Sequence[str],
        title: tuple[str, str],
        room: int = LANES,
    ) -> Copy:
        """A new copy over digits, outermost first, densely laid out."""
        stride, dimensions = 1, []
        for digit in reversed(digits):
            extent = self.nest.space.extents[digit]
            dimensions.append(Dimension(digit, extent, stride))
            stride *= extent
        if stride > MOST:
            raise TooMuch
        order = tuple(reversed(dimensions))
        made = Copy(self.name(name), value, order, stride, room, *title, self.nest.kind)
        self.copies.append(made)
        return made

    def replaced(self, load: Load) -> Copy | None:
        """The copy that a load reads cell for cell, taken out: another copy will stand for it."""
        for copy in self.copies:
            if copy.name == load.array and copy.index({}) == load.index:
                self.copies.remove(copy)
                return copy
        return None


def padded(nest: Nest, scratch: Scratch) -> Sum:
    """The nest's sum with every operand a plain affine load: tests and quotients go to copies."""
    made: dict[Value, Value] = {}

    def plain(value: Value) -> Value:
        if value not in made:
            made[value] = changed(value)
        return made[value]

    def changed(value: Value) -> Value:
        match value:
            case Load() if _as_it_lies(nest, value):
                return value
            case Load() | Op(tree.Cast() | tree.Call()):
                return _padded(nest, scratch, value)
            case Pick() if len(set(loads(value))) == 1:
                return _padded(nest, scratch, value)
            case Pick(test, Op(_, (_, _)) as product, no) if is_zero(no):
                return binary("*", *(plain(side) for side in _sides(nest, test, product)))
            case Op(template, args):
                return Op(template, tuple(plain(a) for a in args))
            case _:
                raise Doubt

    return Sum(nest.sum.digits, plain(nest.sum.term), nest.sum.first)


def _as_it_lies(nest: Nest, load: Load) -> bool:
    return not any(load.index.parts()) and nest.kinds.element(load.array) == nest.kind


def _sides(nest: Nest, test: Test, product: Op) -> tuple[Value, Value]:
    """``test ? a * b : 0`` as a product: the test goes to one side where the other is safe."""
    if operator(product) != "*":
        raise Doubt
    left, right = product.args
    if _reached(nest, right, test):
        return Pick(test, left, nest.zero), right
    if _reached(nest, left, test):
        return left, Pick(test, right, nest.zero)
    return Pick(test, left, nest.zero), Pick(test, right, nest.zero)


def _reached(nest: Nest, value: Value, test: Test) -> bool:
    """Whether everything that a value loads is loaded somewhere where the test holds."""
    space = nest.space
    asked = sorted({d for b in test for d in b.form.digits()})
    if any(isinstance(part, Pick) for part in walk(value)):
        return False
    own = {d for f in forms(value) for d in f.digits()}
    grids = np.ix_(*(np.arange(space.extents[d]) for d in asked))
    if prod(space.extents[d] for d in asked) > TABLE:
        return False
    at = dict(zip(asked, grids, strict=True))
    holds = np.ones(tuple(space.extents[d] for d in asked), bool)
    for bound in test:
        table = tabled(bound.form, at)
        holds &= table >= bound.low if bound.low is not None else True
        holds &= table <= bound.high if bound.high is not None else True
    others = tuple(i for i, d in enumerate(asked) if d not in own)
    return bool(holds.any(axis=others).all())


def tabled(form: Form, at: Mapping[str, Any]) -> Any:
    """The values of a form over a grid of its digits."""
    total: Any = form.constant
    for atom, factor in form.terms:
        if isinstance(atom, Part):
            inner = tabled(atom.form, at)
            total = total + factor * (inner // atom.by if atom.kind == "/" else inner % atom.by)
        else:
            total = total + factor * at[atom]
    return total


def _padded(nest: Nest, scratch: Scratch, value: Value) -> Load:
    """A copy over sums of digits (``oh + kh``) where that is possible, else over the digits."""
    space = nest.space
    sums = _sums(value)
    sources = {part for part in walk(value) if isinstance(part, Load)}
    if len(sources) != 1 or any(isinstance(part, Coordinate | Sum) for part in walk(value)):
        raise Doubt
    (source,) = sources
    chosen: dict[str, Form] = {}
    moved = value
    for wanted in sums:
        low, high = space.range(wanted)
        pivot = next((a for a, c in wanted.terms if c == 1 and isinstance(a, str)), None)
        digit = space.digit("at", high - low + 1).terms
        if pivot is None or not digit:
            continue
        name = digit[0][0]
        assert isinstance(name, str)
        there = Form(digit, low) - (wanted - Form(((pivot, 1),)))
        tried = _put(moved, {pivot: there})
        if set(wanted.digits()) & {d for f in forms(tried) for d in f.digits()}:
            continue
        chosen[name] = wanted - low
        moved = tried
    inside = next(part for part in walk(moved) if isinstance(part, Load))
    digits = sorted(
        {d for f in forms(moved) for d in f.digits()},
        key=lambda d: (-abs(inside.index.coefficient(d)), d),
    )
    zeros = any(isinstance(part, Pick) for part in walk(value))
    title = (source.array, "with zeros where nothing is read" if zeros else f"as {nest.kind}")
    moved = rewritten(moved, lambda v: nest.zero if is_zero(v) else v)
    copy = scratch.copy("padded" if zeros else "prepared", moved, digits, title, 4 * LANES)
    return Load(copy.name, copy.index(chosen))


def _put(value: Value, digits: Mapping[str, Form]) -> Value:
    return reformed(value, lambda form: form.put(digits))


def _sums(value: Value) -> list[Form]:
    """Sums of several digits that tests and quotients ask for, each without its constant."""
    found: list[Form] = []

    def note(form: Form, whole: bool) -> None:
        for part in form.parts():
            note(part.form, True)
        bare = Form(form.terms)
        if whole and len(bare.terms) > 1 and not any(bare.parts()) and bare not in found:
            found.append(bare)

    for part in walk(value):
        if isinstance(part, Pick):
            for bound in part.test:
                note(bound.form, True)
    for form in forms(value):
        note(form, False)
    return found


def packed(nest: Nest, scratch: Scratch, load: Load, axis: "Axis") -> Load:
    """A copy in panels, ``packed[batch][panel][k][lane]``, for an operand whose lanes lie apart.

    The load of the copy is in terms of the panel's digit and of a vector's first lane, 0.
    """
    space, digit, width = nest.space, axis.digit, axis.width
    rest = strides(load.index)
    batch = [d for d in nest.free if d in rest and d != digit]
    inner = [d for d in nest.over if d in rest]
    lane = name_of(space.digit("lane", width))
    place = axis.panel * width + Form(((lane, 1),))
    title = load.array
    source: Value = load
    if (whole := scratch.replaced(load)) is not None:
        source, title = whole.value, whole.source
    source = _put(source, {digit: place})
    value = source
    if axis.extent % width:
        inside = Bound(axis.panel * width + Form(((lane, 1),)), None, axis.extent - 1)
        value = Pick((inside,), source, nest.zero)
    panel = [name_of(axis.panel)] if axis.panel != ZERO else []
    copy = scratch.copy(
        "packed", value, [*batch, *panel, *inner, lane], (title, f"in panels of {width}"), room=0
    )
    return Load(copy.name, copy.index({lane: ZERO}))


def flattened(nest: Nest, scratch: Scratch, load: Load, width: int) -> Load:
    """A plain copy with room behind it: the last vector may reach beyond the operand's end."""
    low, high = nest.space.range(load.index)
    place = name_of(nest.space.digit("place", high - low + 1))
    source = Load(load.array, Form(((place, 1),), low))
    title = (load.array, "with room behind it")
    copy = scratch.copy("copied", source, [place], title, width)
    return Load(copy.name, load.index - low)


def strides(index: Form) -> dict[str, int]:
    """Digit -> stride of an affine form."""
    return {a: c for a, c in index.terms if isinstance(a, str)}


__all__ = [
    "LANES", "Axis", "Copy", "Dimension", "Scratch", "TooMuch", "flattened", "packed", "padded",
]  # fmt: skip
