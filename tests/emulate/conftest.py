"""Runs the kernels in ``kernels/``."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch, Tensor
from hpctc.emulate.records import Emulated, Emulation
from hpctc.emulate.run import Buffers, emulate

Array = np.ndarray[Any, Any]


class Bench:
    """A source, arrays, launches: what a test says of a run."""

    def source(self, name: str) -> str:
        return (Path(__file__).parent / "kernels" / f"{name}.cu").read_text()

    def buffers(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Buffers:
        made = [
            tuple(Tensor(name=n, shape=a.shape, dtype=a.dtype.name) for n, a in arrays.items())
            for arrays in (inputs, outputs)
        ]
        return Buffers(inputs=made[0], outputs=made[1])

    def launch(
        self,
        kernel: str,
        grid: int | Sequence[int],
        block: int | Sequence[int],
        *args: str | int | float,
        shared: int = 0,
    ) -> Launch:
        return Launch(
            kernel=kernel, grid=triple(grid), block=triple(block), shared_bytes=shared, args=args
        )

    def run(
        self,
        code: str,
        launches: Sequence[Launch] | Launch,
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
        how: Emulation | None = None,
    ) -> Emulated:
        """Outputs start with the arrays given for them."""
        if isinstance(launches, Launch):
            launches = [launches]
        arrays = {**inputs, **outputs}
        return emulate(code, launches, self.buffers(inputs, outputs), arrays, how)


def triple(extent: int | Sequence[int]) -> tuple[int, int, int]:
    x, y, z = [*([extent] if isinstance(extent, int) else extent), 1, 1][:3]
    return x, y, z


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()


@pytest.fixture
def trouble(bench: Bench) -> Callable[..., Emulated]:
    """Run a source on one int32 output ``y`` of 64 elements, set to 0."""

    def go(
        code: str, grid: Any = 1, block: Any = 64, shared: int = 0, how: Emulation | None = None
    ) -> Emulated:
        outputs = {"y": np.zeros(64, np.int32)}
        return bench.run(code, bench.launch("k", grid, block, "y", shared=shared), {}, outputs, how)

    return go
