"""Arrays in shared memory: the parent reads and writes them, the child maps them between guards.

Each array ends, but for its alignment, where a guard page begins, so that reading or writing past
the end is a fault in the child; or it starts where one ends, so that reading or writing before the
start is. The bytes that are left before and behind the array hold a mark; a
writable arena tells afterwards whether the mark still stands.
"""

import fcntl
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from hpctc.core.records import Tensor
from hpctc.native.call import ALIGNMENT

Array = np.ndarray[Any, Any]

Flush = Literal["end", "start"]

MARKS = {"r": 0x5A, "w": 0xC6}
"""The byte around every array; another around what is written, for whoever copies one element too
many, or rounds or clips it, would write the mark of the one over that of the other."""

F_SEAL_FUTURE_WRITE = 0x0010
"""Linux 5.1: no new writable mapping, no write; the parent's own mapping stays."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one array lies: its pages, and how far into them it starts."""

    offset: int
    length: int
    lead: int
    nbytes: int

    def words(self, kind: str) -> str:
        """The runner's argument for it; ``kind`` is ``r`` or ``w``."""
        return f"{kind}:{self.offset}:{self.length}:{self.lead}"


class Arena:
    """The inputs or the outputs of one child."""

    def __init__(self, tensors: Sequence[Tensor], writable: bool, flush: Flush = "end") -> None:
        """Lay out ``tensors``; the child may write to them only if ``writable``.

        ``flush`` says which end of each array touches a guard page.
        """
        self.tensors = tuple(tensors)
        self.kind = "w" if writable else "r"
        self.places = _lay_out(tensors, flush)
        self.nbytes = sum(p.length for p in self.places)
        self.fd = os.memfd_create("hpctc", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # A file of no bytes cannot be mapped: a candidate without inputs gets one unused page.
        os.ftruncate(self.fd, max(self.nbytes, mmap.PAGESIZE))
        mapped = mmap.mmap(self.fd, max(self.nbytes, mmap.PAGESIZE))
        self._bytes = np.frombuffer(mapped, dtype=np.uint8)  # lives as long as a view of it does
        self._mark = MARKS[self.kind]
        self._bytes.fill(self._mark)
        self.arrays = tuple(
            self._bytes[p.offset + p.lead :][: p.nbytes].view(t.dtype).reshape(t.shape)
            for p, t in zip(self.places, tensors, strict=True)
        )
        # Without these seals a child could cut the file and crash the parent at its next read.
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals | (0 if writable else F_SEAL_FUTURE_WRITE))

    @property
    def pages(self) -> Array:
        """All bytes of the arena, marks and all."""
        return self._bytes

    def words(self) -> list[str]:
        """The runner's arguments for all arrays."""
        return [p.words(self.kind) for p in self.places]

    def store(self, values: Sequence[Array]) -> None:
        """Copy ``values`` in."""
        for array, value in zip(self.arrays, values, strict=True):
            array[...] = value

    def poison(self, turn: int) -> None:
        """Fill the arrays with what no kernel should leave, differently on odd and even turns.

        Floats become NaN or a large number: whatever the right result is, one of the two is wrong.
        """
        for array in self.arrays:
            if array.dtype.kind == "f" and turn % 2 == 0:
                array.fill(np.nan)
            else:
                array.reshape(-1).view(np.uint8).fill(0x5F if turn % 2 else 0xA5)

    def trespass(self) -> str | None:
        """Which array was written before its start or past its end; None when the marks stand."""
        for tensor, p in zip(self.tensors, self.places, strict=True):
            pages = self._bytes[p.offset : p.offset + p.length]
            if (pages[: p.lead] != self._mark).any():
                return f"it wrote before the start of {tensor.name}"
            if (pages[p.lead + p.nbytes :] != self._mark).any():
                return f"it wrote past the end of {tensor.name}"
        return None

    def close(self) -> None:
        """Give the memory back, as soon as nobody holds one of the arrays."""
        os.close(self.fd)
        self.arrays = ()
        self._bytes = np.empty(0, np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _lay_out(tensors: Sequence[Tensor], flush: Flush) -> tuple[Place, ...]:
    places, offset = [], 0
    for tensor in tensors:
        nbytes = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize
        length = max(-(-nbytes // mmap.PAGESIZE), 1) * mmap.PAGESIZE
        lead = (length - nbytes) // ALIGNMENT * ALIGNMENT if flush == "end" else 0
        places.append(Place(offset, length, lead, nbytes))
        offset += length
    return tuple(places)
