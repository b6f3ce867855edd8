"""The page of supported features says what the tests say."""

import importlib.util
import re
import sys
from pathlib import Path

from hpctc.transpile.diagnostics import DIAGNOSTICS, INVALID

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cuda-support.md").read_text()


def _abstains() -> dict[str, str]:
    path = Path(__file__).with_name("test_features.py")
    spec = importlib.util.spec_from_file_location("rules_features", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: dict[str, str] = module.ABSTAINS
    return found


def test_every_feature_kernel_has_a_line_with_its_support() -> None:
    lines = re.findall(
        r"^\| .+ \| (yes|partly|no) \| `(\w+)` \| (HPC\d+)? ?\|$", PAGE, re.MULTILINE
    )
    kernels = {p.stem for p in (ROOT / "tests" / "emulate" / "kernels").glob("*.cu")}
    assert {kernel for _, kernel, _ in lines} == kernels
    assert {kernel: number for word, kernel, number in lines if word == "no"} == _abstains()
    assert all(not number for word, _, number in lines if word != "no")


def test_every_diagnostic_has_a_line_with_its_exit_code() -> None:
    lines = re.findall(r"^\| (HPC\d{4}) \| (.+) \| ([13]) \|$", PAGE, re.MULTILINE)
    assert {n: text for n, text, _ in lines} == DIAGNOSTICS
    assert {n for n, _, code in lines if code == "1"} == INVALID
