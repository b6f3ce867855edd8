"""The published records, where they lie beside the checkout: what is known of them is found."""

from pathlib import Path

import pytest

from hpctc.audit.call import Setup
from hpctc.audit.examine import Limits
from hpctc.audit.findings import Audit
from hpctc.audit.launches import candidates
from hpctc.audit.published import audit_published
from hpctc.dataset.hpctranseval import Published, load

FOLDER = Path(__file__).parents[3] / "shared" / "hpctranseval"

pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the published data are not here"),
    pytest.mark.slow,
]

HEAVY = ("batch_matmul_opt", "conv2d_opt", "reorg")


def records(*names: str) -> list[Published]:
    return [r for r in load(FOLDER) if not names or r.op_name in names]


@pytest.fixture(scope="module")
def how(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(tmp_path_factory.mktemp("audit"), runner)


def audited(record: Published, how: Setup) -> Audit:
    return audit_published(record, how, Limits(), "test")


def kinds(audit: Audit) -> set[str]:
    return {f.kind for f in audit.findings}


def test_launches_of_all_light_records_are_inferred() -> None:
    light = [r for r in records() if r.op_name not in HEAVY]
    assert len(light) > 90
    for record in light:
        found = next(candidates(record))
        assert found.launches
        assert all(0 < x <= 2**22 for n in found.launches for x in n.grid)


def test_reorg_reads_beyond_its_input(how: Setup) -> None:
    (record,) = records("reorg")
    found = audited(record, how)
    assert "out of bounds" in kinds(found)
    assert any("A[16777216]" in f.detail for f in found.findings)


def test_the_inequivalent_graphs_are_found_and_no_others(how: Setup) -> None:
    found = [audited(r, how) for r in records("topology_expansion")]
    wrong = [a for a in found if "inequivalent" in kinds(a)]
    assert len(wrong) == 5
    assert all(a.agrees is False for a in wrong)
    assert all("sizes contradict" in kinds(a) for a in wrong)
    assert all(a.agrees is True for a in found if a not in wrong)


def test_graphs_of_many_kernels_agree(how: Setup) -> None:
    found = [audited(r, how) for r in records() if r.op_name.startswith("graph_")]
    assert len(found) == 20
    assert all(a.agrees is True for a in found)
