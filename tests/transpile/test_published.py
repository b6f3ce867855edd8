"""Every kernel of the published sources, where they lie beside the checkout, becomes C.

Their grids are not recorded, so what is held here is that each kernel reads and lowers.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpctc.transpile.file import Asked, transpile_file

FOLDER = Path(__file__).parents[3] / "shared" / "hpctranseval"
KERNEL = re.compile(r"__global__ void (?:__launch_bounds__\((\d+)\) )?(\w+)\(")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published data are not here")


def sources() -> Iterator[tuple[str, str]]:
    for name in ("IndependentOperator", "ComputationGraph"):
        path = FOLDER / f"{name}.json"
        if path.is_file():
            for record in json.loads(path.read_text()):
                yield record["op_name"], record["cuda_code"]


def lowers(name: str, code: str) -> int:
    """Kernels of a source, each transpiled for a grid of 64."""
    found = KERNEL.findall(code)
    for bound, kernel in found:
        made = transpile_file(code, Asked(kernel, grid="64", block=bound or "1"), name)
        assert "threadIdx" not in made.code
        assert "__syncthreads" not in made.code
    return len(found)


def test_some_published_kernels_lower() -> None:
    short = [(n, c) for n, c in sources() if len(c) < 3000][::4]
    assert sum(lowers(*source) for source in short) > 10


@pytest.mark.slow
def test_all_published_kernels_lower() -> None:
    assert sum(lowers(*source) for source in sources()) > 100
