"""The roofline: what this host could do at best, and what share of it a time reaches.

Williams, Waterman and Patterson, *Roofline* (2009). The roof of a host is measured, not looked up;
a run that has one holds it in ``roofline.json``::

    [{"threads": 2, "flops_per_second": 1.2e11, "bytes_per_second": 2.1e10, "how": "..."}]

The bytes of a pair are compulsory traffic. Where they fit into a cache, a kernel may rise above a
roof that was measured against memory; without a cache in sight it has not done its work.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hpctc.core.codec import CodecError, decode
from hpctc.core.errors import CorruptRecord
from hpctc.core.records import Pair

FILE = "roofline.json"


@dataclass(frozen=True, slots=True)
class Roof:
    """What a host reaches on so many threads."""

    threads: int
    flops_per_second: float
    """Fused multiply-adds count twice."""
    bytes_per_second: float
    """Of memory, reading and writing together."""
    how: str = ""
    """What measured it, in words."""

    @property
    def ridge(self) -> float:
        """The intensity, in operations a byte, from which arithmetic is the limit."""
        return self.flops_per_second / self.bytes_per_second

    def floor_ns(self, pair: Pair) -> float:
        """No kernel that does the pair's work from memory is faster."""
        seconds = max(pair.flops / self.flops_per_second, pair.bytes / self.bytes_per_second)
        return 1e9 * seconds

    def share(self, pair: Pair, ns: float) -> float:
        """The floor over the time: 1 is the roof."""
        return self.floor_ns(pair) / ns

    def attainable(self, intensity: float) -> float:
        """Operations a second at an intensity."""
        return min(self.flops_per_second, intensity * self.bytes_per_second)


def read_roofs(run: Path) -> list[Roof]:
    """The roofs that a run folder holds, by threads; none where there is no file."""
    path = run / FILE
    if not path.is_file():
        return []
    try:
        found = decode(tuple[Roof, ...], json.loads(path.read_text(encoding="utf-8")), path.name)
    except (ValueError, CodecError) as problem:
        raise CorruptRecord(f"{path} holds no roofs: {problem}", _FORM) from None
    return sorted(_positive(found, path), key=lambda roof: roof.threads)


_FORM = "it is a list of objects with threads, flops_per_second and bytes_per_second"


def _positive(found: Iterable[Roof], path: Path) -> list[Roof]:
    roofs = list(found)
    for roof in roofs:
        if min(roof.threads, roof.flops_per_second, roof.bytes_per_second) <= 0:
            raise CorruptRecord(f"{path} holds a roof that is not above zero: {roof}", _FORM)
    return roofs
