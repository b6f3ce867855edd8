"""Builds transpiled C and runs it on arrays."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch, Tensor
from hpctc.native import call
from hpctc.native.compiler import compiler
from hpctc.transpile import transpile

Array = np.ndarray[Any, Any]


class Bench:
    """Transpiles, builds once per text, calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gcc = compiler("gcc{flags='-O2 -fopenmp -w'}")

    def tensors(self, arrays: Mapping[str, Array]) -> list[Tensor]:
        return [Tensor(name=n, shape=a.shape, dtype=a.dtype.name) for n, a in arrays.items()]

    def code(
        self,
        source: str,
        launches: Sequence[Launch],
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
    ) -> str:
        return transpile(
            source, launches, self.tensors(inputs), self.tensors(outputs), entry="entry"
        )

    def run(
        self,
        source: str,
        launches: Sequence[Launch],
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
    ) -> dict[str, Array]:
        """The outputs, which start with the arrays given for them."""
        text = self.code(source, launches, inputs, outputs)
        built = self.gcc.build(text, self.folder)
        assert built.library is not None, f"{built.log}\n{text}"
        arrays = {n: np.array(a, order="C") for n, a in {**inputs, **outputs}.items()}
        entry = call.function(built.library, "entry", len(arrays))
        entry(*(a.ctypes.data for a in arrays.values()))
        return {n: arrays[n] for n in outputs}


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("rules"))
