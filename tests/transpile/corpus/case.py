"""What a file of the corpus is given and what numpy says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.records import Launch

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

FOLDER = Path(__file__).parent
RNG = np.random.default_rng(2026)


@dataclass(frozen=True)
class Case:
    """A file, its launches with arguments, and the reference."""

    file: str
    launches: Sequence[tuple[Any, ...]]
    """(kernel, grid, block, args) or (kernel, grid, block, args, shared bytes), in order."""
    inputs: Arrays
    outputs: Arrays
    """Initial values; a kernel may read them."""
    expected: Callable[[Arrays], Sequence[Any]]
    """All arrays as they are before -> the outputs in order."""
    tolerance: float = 1e-5
    command: bool = False
    """Whether the file launches the kernel itself, so that ``hpctc transpile FILE`` is enough."""
    sizes: tuple[int, ...] = ()
    """What the command's C takes besides: sizes that only the host code knows."""

    @property
    def source(self) -> str:
        """The text of the file."""
        return (FOLDER / f"{self.file}.cu").read_text(encoding="utf-8")

    def records(self) -> list[Launch]:
        """The launches as records."""
        return [
            Launch(
                kernel=kernel, grid=_triple(grid), block=_triple(block),
                shared_bytes=rest[0] if rest else 0, args=args,
            )
            for kernel, grid, block, args, *rest in self.launches
        ]  # fmt: skip

    def wanted(self) -> dict[str, Array]:
        """The outputs as numpy has them."""
        given = self.expected({**self.inputs, **self.outputs})
        return {
            name: np.asarray(want).reshape(self.outputs[name].shape)
            for name, want in zip(self.outputs, given, strict=True)
        }


def _triple(extent: Any) -> tuple[int, int, int]:
    x, y, z = [*([extent] if isinstance(extent, int) else extent), 1, 1][:3]
    return x, y, z


def normal(*shape: int, dtype: str = "float32") -> Array:
    """Values around zero."""
    return RNG.standard_normal(shape).astype(dtype)


def integers(low: int, high: int, *shape: int, dtype: str = "int32") -> Array:
    """Whole numbers from ``low`` to ``high - 1``."""
    return RNG.integers(low, high, shape).astype(dtype)


def zeros(*shape: int, dtype: str = "float32") -> Array:
    """What an output starts with where nothing else is said."""
    return np.zeros(shape, dtype)


def widened(bits: Array) -> Array:
    """bfloat16, held as uint16, as float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def narrowed(values: Array) -> Array:
    """float32 rounded to bfloat16, held as uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
