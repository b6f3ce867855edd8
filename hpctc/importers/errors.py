"""What can be wrong with a model that somebody wants to import."""

from collections.abc import Iterable
from dataclasses import dataclass

from hpctc.core.errors import HpctcError


class ImportFailed(HpctcError):
    """A model cannot become a graph."""


class NoSaying(ImportFailed):
    """One application cannot be said in our operators; raised by an emitter, without the place."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One operator of theirs that has no emitter."""

    name: str
    """As the framework calls it: ``aten.topk.default``."""
    where: str
    """The line of the model that uses it, or the node's name."""
    hint: str
    """What is possible instead."""


def unsupported(missing: Iterable[Missing]) -> ImportFailed:
    """All operators that are missing as one error: which, where, and what is possible."""
    found = list(missing)
    lines = [f"{each.name} has no operator here" + _at(each.where) for each in found]
    hints = dict.fromkeys(each.hint for each in found)
    return ImportFailed("\n".join(lines), "; ".join(hints))


def _at(where: str) -> str:
    return f" (used at {where})" if where else ""
