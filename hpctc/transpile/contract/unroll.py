"""Stores that a programmer unrolled by hand are a loop again.

``acc[0] += a * w[0]; acc[1] += a * w[9];`` is one store over a digit: equal values, indices in
arithmetic progression. The order of the stores stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hpctc.transpile.contract.forms import Form, Part, Space, name_of
from hpctc.transpile.contract.values import Loop, Step, Store, reformed, retested


def rerolled(steps: Sequence[Step], space: Space) -> list[Step]:
    """The same steps with runs of alike stores as loops."""
    made: list[Step] = []
    place = 0
    while place < len(steps):
        step = steps[place]
        if isinstance(step, Loop):
            made.append(replace(step, body=tuple(rerolled(step.body, space))))
        if not isinstance(step, Store):
            made += [step] if not isinstance(step, Loop) else []
            place += 1
            continue
        count = _alike(steps, place)
        made.append(_loop(steps[place : place + count], space))
        place += count
    return made


def _alike(steps: Sequence[Step], place: int) -> int:
    """How many stores from here on differ only in constants that grow evenly."""
    first = steps[place]
    assert isinstance(first, Store)
    delta: tuple[int, ...] | None = None
    previous = first
    count = 1
    for step in steps[place + 1 :]:
        if not isinstance(step, Store) or _shape(step) != _shape(first):
            break
        change = tuple(b - a for a, b in zip(_constants(previous), _constants(step), strict=True))
        if delta is not None and change != delta:
            break
        delta, previous, count = change, step, count + 1
    return count


def _changed(store: Store, form: Callable[[Form], Form]) -> Store:
    """The store with every form changed, always in one order."""
    return Store(
        store.array,
        form(store.index),
        reformed(store.value, form),
        retested(store.test, form),
    )


def _constants(store: Store) -> list[int]:
    """The constant of every form."""
    found: list[int] = []

    def note(constant: int) -> Form:
        found.append(constant)
        return Form((), constant)

    _changed(store, lambda form: _moved(form, note))
    return found


def _moved(form: Form, change: Callable[[int], Form]) -> Form:
    """The form with every constant changed, those inside of quotients too."""
    made = change(form.constant)
    for atom, factor in form.terms:
        if isinstance(atom, Part):
            atom = Part(atom.kind, _moved(atom.form, change), atom.by)
        made += Form(((atom, factor),))
    return made


def _shape(store: Store) -> Store:
    """The store without the constants of its forms."""
    return _changed(store, lambda form: _moved(form, lambda _: Form()))


def _loop(run: Sequence[Step], space: Space) -> Step:
    first, second = run[0], run[-1]
    assert isinstance(first, Store)
    assert isinstance(second, Store)
    if len(run) == 1:
        return first
    digit, last = space.digit("lane", len(run)), len(run) - 1
    pairs = zip(_constants(first), _constants(second), strict=True)
    steps = iter((b - a) // last for a, b in pairs)

    def grown(constant: int) -> Form:
        return digit * next(steps) + constant

    return Loop(name_of(digit), (_changed(first, lambda form: _moved(form, grown)),))
