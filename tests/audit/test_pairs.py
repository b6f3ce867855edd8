"""A pair of ours with one thing changed: its graph says what is right."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hpctc.audit.call import Setup
from hpctc.audit.examine import Limits
from hpctc.audit.findings import Audit
from hpctc.audit.pairs import audit_pair
from hpctc.core.records import Launch, Pair
from hpctc.dataset import read
from hpctc.dataset.read import find

MINI = Path(__file__).parents[2] / "datasets" / "mini"


@pytest.fixture(scope="module")
def pair() -> Pair:
    return find(read.pairs(MINI), "relu6_2")


@pytest.fixture(scope="module")
def audited(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Pair], Audit]:
    how = Setup(tmp_path_factory.mktemp("audit"), runner)
    return lambda pair: audit_pair(pair, how, Limits(seconds=60.0), "test")


def changed(code: str, old: str, new: str) -> str:
    assert old in code
    return code.replace(old, new)


def launched(pair: Pair, **values: object) -> Pair:
    first: Launch = replace(pair.launches[0], **values)  # type: ignore[arg-type]
    return replace(pair, launches=(first, *pair.launches[1:]))


def kinds(audit: Audit) -> set[str]:
    return {f.kind for f in audit.findings}


def test_as_it_ships_it_is_clean(pair: Pair, audited: Callable[[Pair], Audit]) -> None:
    found = audited(pair)
    assert found.findings == ()
    assert (found.name, found.of) == (pair.name, pair.id)
    assert (found.parses, found.lowers, found.agrees) == (True, True, True)


def test_another_c_is_inequivalent(pair: Pair, audited: Callable[[Pair], Audit]) -> None:
    found = audited(replace(pair, c_code=changed(pair.c_code, "6.0f", "5.0f")))
    assert kinds(found) == {"inequivalent"}
    assert found.findings[0].detail.startswith("the C: ")
    assert found.agrees is False


def test_another_cuda_is_inequivalent(pair: Pair, audited: Callable[[Pair], Audit]) -> None:
    found = audited(replace(pair, cuda_code=changed(pair.cuda_code, "6.0f", "5.0f")))
    assert kinds(found) == {"inequivalent"}
    assert found.findings[0].detail.startswith("the emulated CUDA: ")


def test_a_buffer_that_is_none_is_a_bad_launch(
    pair: Pair, audited: Callable[[Pair], Audit]
) -> None:
    found = audited(launched(pair, args=("nothing", *pair.launches[0].args[1:])))
    assert kinds(found) == {"bad launch"}
    assert (found.parses, found.lowers, found.agrees) == (True, None, None)


def test_a_source_that_is_cut_off_does_not_parse(
    pair: Pair, audited: Callable[[Pair], Audit]
) -> None:
    found = audited(replace(pair, cuda_code=pair.cuda_code[: len(pair.cuda_code) // 2]))
    assert kinds(found) == {"does not parse"}
    assert (found.parses, found.lowers, found.agrees) == (False, False, None)


def test_a_write_beyond_the_output_is_out_of_bounds(
    pair: Pair, audited: Callable[[Pair], Audit]
) -> None:
    (out,) = pair.outputs
    short = changed(pair.c_code, "\n}", f"\n  {out.name}[{pair.bytes}] = 0.0f;\n}}")
    found = audited(replace(pair, c_code=short))
    assert kinds(found) == {"out of bounds"}
    assert f"{out.name}[{pair.bytes}]" in found.findings[0].detail
