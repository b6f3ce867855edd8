"""The roofs of a host, and what follows from them for a pair."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hpctc.core.records import Pair

MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Arithmetic in registers."""

    dtype: str
    threads: int
    flops_per_second: float
    """A fused multiply-add counts twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Reading, or reading and writing, whichever is faster."""

    level: str
    """``L1``, ``L2``, ``L3`` or ``memory``."""
    threads: int
    capacity: int | None
    """Bytes that the level holds for so many threads together; None: no bound."""
    bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All that was measured of a host."""

    host: Mapping[str, str]
    date: str
    compiler: str
    load: float
    """Load average when it began: above zero, something else was running."""
    peaks: tuple[Peak, ...] = ()
    bands: tuple[Band, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def threads(self) -> tuple[int, ...]:
        """The numbers of threads that were measured."""
        return tuple(sorted({p.threads for p in self.peaks}))

    def flops_per_second(self, threads: int, dtype: str = "float32") -> float | None:
        """The peak in an element type; None where it was not measured."""
        return next(
            (p.flops_per_second for p in self.peaks if (p.threads, p.dtype) == (threads, dtype)),
            None,
        )

    def memory(self, threads: int) -> float | None:
        """Bytes a second from and to memory."""
        return next(
            (b.bytes_per_second for b in self.bands if (b.threads, b.level) == (threads, MEMORY)),
            None,
        )

    def floor_ns(self, pair: Pair, threads: int) -> float | None:
        """The least time a pair can take; None where so many threads were not measured.

        Its bytes may lie in the smallest level that holds them all, and its arithmetic may use the
        fastest of the element types that it touches, so nothing honest is faster. A graph that does
        not need all of its inputs (a gather) may be.
        """
        bands = [b for b in self.bands if b.threads == threads]
        peak = self._peak(pair, threads)
        if peak is None or not bands:
            return None
        holds = [b for b in bands if b.capacity is None or b.capacity >= pair.bytes]
        fastest = max(b.bytes_per_second for b in holds or bands)
        return 1e9 * max(pair.flops / peak, pair.bytes / fastest)

    def _peak(self, pair: Pair, threads: int) -> float | None:
        touched = {t.dtype for t in (*pair.inputs, *pair.outputs) if np.dtype(t.dtype).kind == "f"}
        if touched != {"float64"}:
            touched.add("float32")  # in which float16 and integers may be computed as well
        found = [self.flops_per_second(threads, dtype) for dtype in touched]
        return max((f for f in found if f is not None), default=None)
