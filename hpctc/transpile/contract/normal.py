"""Makes a definition a perfect nest: ``out[i, j] = f(sum over k of term)`` with plain extents.

Digits merge into rows, columns and reduction indices, quotients that asked for a merge are undone,
tests become extents. What remains is affine, or tests and quotients that padding takes care of.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

from hpctc.transpile.contract.bounds import always, limit, narrow, single
from hpctc.transpile.contract.flow import Definition
from hpctc.transpile.contract.forms import ZERO, Doubt, Space
from hpctc.transpile.contract.kinds import Kinds
from hpctc.transpile.contract.merge import merged
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.values import (
    ZERO_VALUE,
    Bound,
    Pick,
    Sum,
    Test,
    Value,
    rewritten,
    walk,
)
from hpctc.transpile.contract.vanish import needed
from hpctc.transpile.contract.widen import widened


def nested_sum(made: Definition, space: Space, kinds: Kinds) -> Nest:
    """The nest of an output's definition."""
    space = copy.deepcopy(space)
    sums = {part for part in walk(made.value) if isinstance(part, Sum)}
    if len(sums) != 1:
        raise Doubt
    (one,) = sums
    nest = Nest(
        space, made.array, made.index, made.value, made.test, [], list(one.digits),
        kinds, kinds.summed(one.term),
    )  # fmt: skip
    for uneven in (False, True):  # tests shorten digits first, so that most splits are even
        space.uneven = uneven
        before: object = None
        while (state := (nest.index, nest.value, nest.test, dict(space.extents))) != before:
            before = state
            _round(nest)
    single = {d: ZERO for d, e in nest.space.extents.items() if e == 1}
    nest.apply(lambda form: space.mapped(form, single))
    nest.free = [d for d in nest.free if d not in single]
    nest.over = [d for d in nest.over if d not in single]
    _check(nest)
    return nest


def _round(nest: Nest) -> None:
    space = nest.space
    _normed(nest)
    nest.over = _leaves(space, nest.over)
    _limited(nest)
    names = {d for f in nest.forms() for d in f.digits()}
    nest.free = sorted(names - set(nest.over))
    nest.test = _reduced(nest, nest.test, nest.free)
    nest.value = rewritten(nest.value, lambda v: _simpler(nest, v))
    _shorten(nest)
    widened(nest)
    for group in (nest.free, nest.over):
        change, left = merged(space, nest.forms(), group)
        nest.apply(change)
        group[:] = left
    _normed(nest)


def _normed(nest: Nest) -> None:
    """Every form in terms of digits that are not split: a split on the way asks for another go."""
    splits = -1
    while splits != len(nest.space.splits):
        splits = len(nest.space.splits)
        nest.apply(nest.space.norm)


def _limited(nest: Nest) -> None:
    """Parts that reach beyond their digit are tested for it."""
    for form, extent in nest.space.limits.values():
        bound = Bound(nest.space.norm(form), None, extent - 1)
        if not set(bound.form.digits()) & set(nest.over):
            nest.test = (*nest.test, bound)
            continue

        def change(value: Value, bound: Bound = bound) -> Value:
            if isinstance(value, Sum):
                return replace(value, term=Pick((bound,), value.term, ZERO_VALUE))
            return value

        nest.value = rewritten(nest.value, change)
    nest.space.limits.clear()


def _leaves(space: Space, digits: Sequence[str]) -> list[str]:
    made: list[str] = []
    for name in digits:
        if name not in space.splits:
            made.append(name)
            continue
        parts = sorted(space.splits[name].terms, key=lambda item: -item[1])
        made += _leaves(space, [a for a, _ in parts if isinstance(a, str)])
    return made


# --- tests ---


def _reduced(nest: Nest, test: Test, free: Sequence[str]) -> Test:
    """The test without what always holds; a bound on one digit becomes its extent."""
    kept: list[Bound] = []
    for bound in test:
        bound = narrow(nest.space, bound)
        if single(bound) and bound.form.terms[0][0] in free:
            limit(nest.space, bound)
        if not always(nest.space, bound) and bound not in kept:
            kept.append(bound)
    return tuple(kept)


def _simpler(nest: Nest, value: Value) -> Value:
    if not isinstance(value, Pick):
        return value
    test = _reduced(nest, value.test, ())
    return replace(value, test=test) if test else value.yes


def _shorten(nest: Nest) -> None:
    """Reduction digits end where the term becomes 0."""
    for part in walk(nest.value):
        if isinstance(part, Sum):
            for bound in needed(part.term):
                if single(bound) and bound.form.terms[0][0] in nest.over:
                    limit(nest.space, bound)


def _check(nest: Nest) -> None:
    """Every free digit has its own places: no two threads store to one."""
    space = nest.space
    if any(nest.index.parts()):
        raise Doubt
    reach = 0
    terms = [(c, d) for d, c in nest.index.terms if isinstance(d, str)]
    if any(d in nest.over for _, d in terms) or {d for _, d in terms} != set(nest.free):
        raise Doubt
    for factor, digit in sorted(terms):
        if factor <= reach:
            raise Doubt
        reach += factor * (space.extents[digit] - 1)
