"""The published graphs mean what the published C computes, where that is shared and right.

The code is foreign: it is run in a child process, and nothing of it is kept.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Tensor
from hpctc.graph.compare import disagreement
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.published import find
from hpctc.native.compiler import Gcc
from tests.lower.c_cases import results

FILE = Path(__file__).parents[3] / "shared" / "hpctranseval" / "IndependentOperator.json"

PRELUDE = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
"""
"""What the published functions take for granted."""

LARGE = {"conv2d_opt", "group_conv2d_opt", "batch_matmul_opt"}
"""Minutes of plain loops."""

WRONG = {"reorg": "reads outside of its input", "rms_norm": "its weight does not fit its axis"}

ORDERS = {
    "prelu": ("data", "Scale"),
    "scale_shift_nchwc": ("data", "Scale", "Shift"),
    "fifo_buffer": ("data",),
    "dft": ("Re", "Im"),
}
"""The inputs in the order of our graph, where that is not alphabetical."""


def records() -> dict[str, str]:
    """Name -> C; empty where the published records are not shared."""
    if not FILE.is_file():
        return {}
    return {r["op_name"]: r["c_code"] for r in json.loads(FILE.read_text())}


def wrapped(code: str, order: list[str]) -> str:
    """The function under another name, with its parameters in ``order``."""
    head = re.search(r"void default_function_kernel\((.*?)\)", code)
    assert head is not None
    kinds = {p.split("*")[1].strip(): p.strip() for p in head[1].split(",")}
    call = f"default_function_kernel({', '.join(kinds)})"
    return f"{PRELUDE}{code}\nvoid entry({', '.join(kinds[p] for p in order)}) {{ {call}; }}\n"


@pytest.mark.slow
@pytest.mark.skipif(not FILE.is_file(), reason="the published records are not here")
@pytest.mark.parametrize("name", [n for n in records() if n not in LARGE | WRONG.keys()])
def test_a_graph_means_what_the_published_code_computes(name: str, tmp_path: Path) -> None:
    code, graph = records()[name], find(name)
    params = [p.split("*")[1].strip() for p in code.partition("(")[2].partition(")")[0].split(",")]
    written = [p for p in params if re.search(rf"^\s*{p}\[.*?\] = ", code, re.MULTILINE)]
    read = [p for p in params if p not in written]
    inputs = draw(graph, 1)
    given = dict(zip(ORDERS.get(name, sorted(read)), inputs.values(), strict=False))
    assert set(given) == set(read)
    built = Gcc(flags="-O1 -fopenmp").build(wrapped(code, [*given, *written]), tmp_path)
    assert built.library is not None, built.log
    types: dict[str, Any] = graph.types()
    outputs = [Tensor(name=o, shape=types[o].shape, dtype=types[o].dtype) for o in graph.outputs]
    (found,) = results(built.library, [("entry", list(given.values()), outputs)])
    for array, right in zip(found, evaluate(graph, inputs).values(), strict=True):
        # Its constants have seven digits: a Fourier transform of theirs is 2e-4 off.
        assert disagreement(right, np.asarray(array)) < 1e-3
