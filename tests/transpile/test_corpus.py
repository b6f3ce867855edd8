"""CUDA as people write it: whole files, by rule, in the emulator, and as numpy says.

Each file under ``corpus/`` is held three ways. The rules' C and the emulator see the same launches;
files that launch their kernels themselves go through ``hpctc transpile`` as well, where the launch
must be found in the host code.
"""

import ctypes
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core.records import Tensor
from hpctc.emulate import Emulation, emulate
from hpctc.emulate.run import Buffers
from hpctc.native.compiler import compiler
from hpctc.syntax.slices import without_host
from tests.transpile.corpus import algorithms, images, matrices, pointwise, rows
from tests.transpile.corpus.case import FOLDER, Array, Case

CASES = [case for table in (pointwise, rows, matrices, images, algorithms) for case in table.CASES]

STRICT = compiler("gcc{flags='-O1 -march=native -fopenmp -Wall'}")


SLOW = [case.file for i, case in enumerate(CASES) if i % 3]
"""What the emulator and the command see only in a slow run; the rules see every file."""


def marked(cases: list[Case]) -> list[Any]:
    return [
        pytest.param(c, id=c.file, marks=[pytest.mark.slow] if c.file in SLOW else [])
        for c in cases
    ]


def named(case: Case) -> str:
    return case.file


def agrees(case: Case, got: dict[str, Array], how: str) -> None:
    for name, want in case.wanted().items():
        np.testing.assert_allclose(
            got[name], want, case.tolerance, case.tolerance, err_msg=f"{name}, {how}"
        )


def test_each_file_has_a_case_and_there_are_enough() -> None:
    files = [case.file for case in CASES]
    assert len(files) == len(set(files)) >= 60
    assert sum(case.command and case.file not in SLOW for case in CASES) >= 10
    assert set(files) == {p.stem for p in FOLDER.glob("*.cu")}


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_rules_mean_what_numpy_says(case: Case, bench: Any) -> None:
    agrees(case, bench.run(case.source, case.records(), case.inputs, case.outputs), "rules")


@pytest.mark.parametrize("case", marked(CASES))
def test_the_emulator_says_so_too(case: Case) -> None:
    tensors = [
        tuple(Tensor(name=n, shape=a.shape, dtype=a.dtype.name) for n, a in arrays.items())
        for arrays in (case.inputs, case.outputs)
    ]
    buffers = Buffers(inputs=tensors[0], outputs=tensors[1])
    arrays = {**case.inputs, **case.outputs}
    for how in (Emulation(), Emulation(order="reverse", guard="left")):
        got = emulate(without_host(case.source), case.records(), buffers, arrays, how)
        assert not [f for f in got.findings if not f.harmless], [str(f) for f in got.findings]
        agrees(case, dict(got.outputs), f"emulator, {how}")


@pytest.mark.parametrize("case", marked([c for c in CASES if c.command]))
def test_the_command_takes_the_whole_file(case: Case, tmp_path: Path) -> None:
    """The launch is found in the host code; the C builds and computes the same."""
    (kernel, _, _, args, *_) = case.launches[0]
    source = FOLDER / f"{case.file}.cu"
    made = tmp_path / "made.c"
    entry = kernel.partition("<")[0]
    which = ["--entry", entry] if case.source.count("<<<") > 1 else []
    done = CliRunner().invoke(main, ["transpile", str(source), *which, "-o", str(made)])
    assert done.exit_code == 0, done.output
    text = made.read_text()
    built = STRICT.build(text, tmp_path)
    assert built.library is not None, f"{built.log}\n{text}"
    arrays = {n: np.array(a, order="C") for n, a in {**case.inputs, **case.outputs}.items()}
    values = [arrays[a].ctypes.data if isinstance(a, str) else a for a in args]
    function = getattr(ctypes.CDLL(str(built.library)), entry)
    function.argtypes = _types(text, entry)
    function(*values, *case.sizes)
    agrees(case, arrays, "command")


def test_the_emulator_takes_a_whole_file_by_its_command() -> None:
    source = str(FOLDER / "relu_extension.cu")
    words = ["--entry", "relu_kernel<float>", "--grid", "1", "--block", "256"]
    args = ["--arg", "x=f32[200]:normal", "--arg", "y=f32[200]", "--arg", "n=200"]
    done = CliRunner().invoke(main, ["emulate", source, *words, *args])
    assert done.exit_code == 0, done.output
    assert "changed" in done.output


def _types(text: str, entry: str) -> list[Any]:
    """ctypes of the entry's parameters, from the signature that heads the C."""
    signature = re.search(rf"// void {entry}\((.*)\);", text)
    assert signature is not None, text
    kinds = {"float": ctypes.c_float, "double": ctypes.c_double}
    words = [p.rpartition(" ")[0].removeprefix("const ") for p in signature.group(1).split(", ")]
    return [
        ctypes.c_void_p if "*" in p else kinds.get(w, ctypes.c_int64)
        for p, w in zip(signature.group(1).split(", "), words, strict=True)
    ]
