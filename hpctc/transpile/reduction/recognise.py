"""Reads reductions off bags: is what these threads hold the whole of their group, each once?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hpctc.syntax import tree
from hpctc.transpile.reduction.bags import Atoms, Bag, Family
from hpctc.transpile.reduction.machine import Value
from hpctc.transpile.reduction.nodes import Group
from hpctc.transpile.reduction.operators import Operator


@dataclass(frozen=True)
class Total:
    """The group's values joined."""

    family: Family
    op: Operator
    group: Group
    start: tree.Expr | None = None


@dataclass(frozen=True)
class Own:
    """What the thread itself brought along."""

    family: Family


@dataclass(frozen=True)
class Fixed:
    """A constant, the same for all."""

    value: tree.Expr


Meaning = Total | Own | Fixed


def meaning(held: Mapping[int, Value], atoms: Atoms) -> Meaning | None:
    """What a value stands for, by thread; None where it is no whole group."""
    values = list(held.values())
    first = values[0]
    if isinstance(first, int):
        same = all(v == first for v in values)
        return Fixed(_number(first)) if same else None
    bags = [v for v in values if isinstance(v, Bag)]
    if len(bags) != len(values):
        return None
    return _of_bags(dict(zip(held, bags, strict=True)), atoms)


def _of_bags(held: Mapping[int, Bag], atoms: Atoms) -> Meaning | None:
    first = next(iter(held.values()))
    fixed = _constants(first, atoms)
    family = next((f for f in atoms.families if first.some >> f.first & _all(atoms)), None)
    if family is None:
        only = len(fixed) == 1 and all(b == first for b in held.values())
        return Fixed(fixed[0]) if only else None
    if first.op is None:
        own = all(b.op is None and b.some == 1 << (family.first + t) for t, b in held.items())
        return Own(family) if own else None
    if any(b.op != first.op for b in held.values()) or not _counted(held.values(), first.op):
        return None
    if len(fixed) > 1 or (fixed and not first.op.idempotent):
        return None
    outside = sum(1 << b for b in atoms.constants) & first.some
    group = _group(next(iter(held)), (first.some ^ outside) >> family.first, atoms.threads)
    if group is None:
        return None
    for thread, bag in held.items():
        if bag.some != group.members(thread) << family.first | outside:
            return None
    return Total(family, first.op, group, fixed[0] if fixed else None)


def _counted(bags: Iterable[Bag], op: Operator) -> bool:
    """Whether every atom counts once, where that matters."""
    return op.idempotent or not any(b.more for b in bags)


def _group(thread: int, members: int, threads: int) -> Group | None:
    """The kind of group that these members are, judged by one of them."""
    width = members.bit_count()
    if width < 2 or threads % width:
        return None
    if width == threads:
        return Group(width, whole=True)
    for group in (Group(width), Group(width, threads // width)):
        if group.members(thread) == members:
            return group
    return None


def _all(atoms: Atoms) -> int:
    return (1 << atoms.threads) - 1


def _constants(bag: Bag, atoms: Atoms) -> list[tree.Expr]:
    return [e for b, e in atoms.constants.items() if bag.some >> b & 1]


def _number(value: int) -> tree.Expr:
    text = tree.Number(str(abs(value)))
    return text if value >= 0 else tree.Unary("-", text)


__all__ = ["Fixed", "Meaning", "Own", "Total", "meaning"]
