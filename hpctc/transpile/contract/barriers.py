"""Whether threads wait for each other wherever one reads what another one has stored."""

from collections.abc import Sequence

from hpctc.transpile.contract.forms import ZERO, Doubt
from hpctc.transpile.contract.values import Gather, Loop, Step, Store, Sync, loads


def check_barriers(steps: Sequence[Step], shared: frozenset[str]) -> None:
    """A barrier lies between every store to a shared array and every load of it."""
    stored: set[str] = set()
    loaded: set[str] = set()
    for step in _unrolled(steps):
        if isinstance(step, Sync):
            stored, loaded = set(), set()
            continue
        assert isinstance(step, Store)
        loaded |= {part.array for part in loads(step.value)} & shared
        if step.array in shared:
            stored.add(step.array)
        if stored & loaded:
            raise Doubt


def _unrolled(steps: Sequence[Step]) -> list[Step]:
    """Stores and barriers in order; a loop with a barrier in it is there twice."""
    made: list[Step] = []
    for step in steps:
        if isinstance(step, Loop):
            body = _unrolled(step.body)
            made += body * 2 if any(isinstance(s, Sync) for s in body) else body
        elif isinstance(step, Gather):
            made.append(Store(step.array, ZERO, step.value))
        else:
            made.append(step)
    return made


__all__ = ["check_barriers"]
