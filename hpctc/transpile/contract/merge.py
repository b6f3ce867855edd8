"""Digits that always occur together become one: ``32 bx + 4 tx + k`` is ``row``."""

from collections.abc import Callable, Iterator, Sequence

from hpctc.transpile.contract.forms import Form, Part, Space


def merged(
    space: Space, forms: Sequence[Form], digits: Sequence[str]
) -> tuple[Callable[[Form], Form], list[str]]:
    """A change of forms that merges what can be merged of the digits, and the digits then left.

    Two digits merge where in every form the larger has the coefficient of the smaller times its
    extent; inside of quotients as well.
    """
    left = list(digits)
    chain: list[tuple[str, str, str]] = []
    current = list(forms)
    while (pair := _pair(space, current, left)) is not None:
        high, low = pair
        both = space.digit(low, space.extents[high] * space.extents[low]).terms[0][0]
        assert isinstance(both, str)
        chain.append((high, low, both))
        current = [joined(f, high, low, both) for f in current]
        left[left.index(high)] = both
        left.remove(low)

    def change(form: Form) -> Form:
        for high, low, both in chain:
            form = joined(form, high, low, both)
        return form

    return change, left


def joined(form: Form, high: str, low: str, both: str) -> Form:
    """A form with two digits replaced by the one that they make; quotients are not tried again."""
    if high not in form.digits() and low not in form.digits():
        return form
    inner = Form((), form.constant)
    for atom, factor in form.terms:
        if isinstance(atom, str):
            if atom == low:
                inner += Form(((both, factor),))
            elif atom != high:
                inner += Form(((atom, factor),))
            continue
        part = Part(atom.kind, joined(atom.form, high, low, both), atom.by)
        inner += Form(((part, factor),))
    return inner


def _pair(space: Space, forms: Sequence[Form], digits: Sequence[str]) -> tuple[str, str] | None:
    every = [inner for form in forms for inner in nested(form)]
    held = {d: {i for i, f in enumerate(every) if f.coefficient(d)} for d in digits}
    for high in digits:
        for low in digits:
            if high == low or held[high] != held[low] or not held[high]:
                continue
            extent = space.extents[low]
            if all(
                every[i].coefficient(high) == every[i].coefficient(low) * extent for i in held[high]
            ):
                return high, low
    return None


def nested(form: Form) -> Iterator[Form]:
    """A form and those inside of its quotients."""
    yield form
    for part in form.parts():
        yield from nested(part.form)
