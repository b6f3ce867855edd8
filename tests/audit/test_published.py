"""One planted defect a record: exactly that finding; the clean record has none."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hpctc.audit.call import Setup
from hpctc.audit.examine import Limits
from hpctc.audit.findings import Audit
from hpctc.audit.launches import candidates
from hpctc.audit.published import audit_published
from hpctc.dataset import read
from hpctc.dataset.hpctranseval import row_of_pair
from hpctc.dataset.read import find
from tests.audit.conftest import I, c, cuda, element_wise, loop, row
from tests.audit.test_launches import published

MINI = Path(__file__).parents[2] / "datasets" / "mini"

FAR = "A[# * 2] * 2.0f"

LAST_WINS = f"T[blockIdx.x] = A[{I}];"
"""All threads of a block write one element: in the order of their numbers the last one stays."""

PLANTED: Mapping[str, tuple[dict[str, Any], set[str]]] = {
    "clean": (element_wise("A[#] * 2.0f + 1.0f", "A[#] * 2.0f + 1.0f", "clean"), set()),
    "other value": (element_wise("A[#] * 2.0f", "A[#] * 3.0f", "x"), {"inequivalent"}),
    "other size, guarded": (
        row(
            cuda("A T", f"if ({I} < 72) {{ T[{I}] = A[{I}] * 2.0f; }}"),
            c("A T", loop(180, "T[i] = A[i] * 2.0f;")),
            [[180]],
            [[180]],
        ),
        {"sizes contradict", "inequivalent"},
    ),
    "other size": (
        element_wise("A[#] * 2.0f", "A[#] * 2.0f", "x", size=90),
        {"sizes contradict", "out of bounds"},
    ),
    "reads beyond": (element_wise(FAR, FAR, "x"), {"sizes contradict", "out of bounds"}),
    "race": (
        row(cuda("A T", LAST_WINS), c("A T", loop(3, "T[i] = A[i * 32 + 31];")), [[96]], [[3]]),
        {"race"},
    ),
    "constant": (element_wise("0.0f", "0.0f", "x"), {"vacuous"}),
    "copy": (element_wise("A[#]", "A[#]", "x"), {"vacuous"}),
    "nan": (element_wise("acoshf(A[#])", "acoshf(A[#])", "x"), {"nan"}),
    "syntax": (element_wise("A[#] * ;", "A[#] * 2.0f", "x"), {"does not parse"}),
    "undefined": (element_wise("A[#] * 2.0f", "twice(A[#])", "x"), {"does not compile"}),
    "no rule": (
        element_wise("A[#] * 2.0f + 0.0f * (float)clock()", "A[#] * 2.0f", "x"),
        {"does not lower"},
    ),
    "scalar": (
        row(
            'extern "C" __global__ void default_function_kernel(float* T, int n) { T[n] = 1.0f; }',
            c("T", "T[0] = 1.0f;"),
            [],
            [[1]],
        ),
        {"launch not inferred"},
    ),
    "writes its input": (
        row(
            cuda("A T", f"T[{I}] = A[{I}] * 2.0f;"),
            c("A T", loop(96, "T[i] = A[i] * 2.0f;") + "\n  touch(A);").replace(
                "void", "static void touch(float* p) { p[3] = 1.0f; }\nvoid", 1
            ),
            [[96]],
            [[96]],
        ),
        {"input written"},
    ),
}


@pytest.fixture(scope="module")
def how(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(tmp_path_factory.mktemp("audit"), runner)


Auditor = Callable[..., Audit]


@pytest.fixture(scope="module")
def audited(how: Setup) -> Auditor:
    def run(values: dict[str, Any], seconds: float = 60.0) -> Audit:
        return audit_published(published(values), how, Limits(seconds=seconds), "test")

    return run


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found_and_no_other(name: str, audited: Auditor) -> None:
    values, wanted = PLANTED[name]
    found = audited(values)
    assert {f.kind for f in found.findings} == wanted, found.findings


def test_a_clean_record_parses_lowers_and_agrees(audited: Auditor) -> None:
    found = audited(PLANTED["clean"][0])
    assert (found.parses, found.lowers, found.agrees) == (True, True, True)


def test_sides_agree_beyond_their_buffers_and_disagree_within(audited: Auditor) -> None:
    # Where both read the same memory beyond an input, they compute the same; that is kept apart.
    assert audited(PLANTED["reads beyond"][0]).agrees is True
    assert audited(PLANTED["other value"][0]).agrees is False
    assert audited(PLANTED["race"][0]).agrees is None


def test_an_access_out_of_bounds_has_buffer_and_index(audited: Auditor) -> None:
    details = [f.detail for f in audited(PLANTED["reads beyond"][0]).findings]
    assert any("A[96]" in d and d.startswith("the C") for d in details)
    assert any("A[" in d and d.startswith("the CUDA") for d in details)


def test_a_kernel_that_does_not_end_is_not_decided(audited: Auditor) -> None:
    body = f"T[{I}] = 0.0f;\n  while (A[{I}] > -9.0f) {{ T[{I}] = T[{I}] + 1.0f; }}"
    values = row(cuda("A T", body), c("A T", loop(96, "T[i] = A[i];")), [[96]], [[96]])
    found = audited(values, seconds=5.0)
    assert [f.kind for f in found.findings] == ["not decided"]
    assert "the CUDA hangs or is heavy" in found.findings[0].detail
    assert found.agrees is None


def test_like_buffers_are_told_apart_by_running(audited: Auditor) -> None:
    # Both orders of the two halves fit by name and size; only one gives what the C computes.
    code = (
        cuda("B A", f"B[{I}] = A[{I}] * 2.0f;")
        + cuda("B A", f"B[{I}] = A[{I}] + 5.0f;", number=1)
        + cuda("B B_1 T", f"T[{I}] = B[{I}] - B_1[{I}];", number=2)
    )
    for formula in ("A[i] * 2.0f - (A[i] + 5.0f)", "A[i] + 5.0f - A[i] * 2.0f"):
        wanted = c("A T", loop(64, f"T[i] = {formula};"))
        found = audited(row(code, wanted, [[64]], [[64]]))
        assert found.findings == ()
        assert found.agrees is True


def test_an_audit_is_known_by_its_record_and_limits(audited: Auditor) -> None:
    values = PLANTED["syntax"][0]
    assert audited(values).of == published(values).id
    assert audited(values).id == audited(values).id
    assert audited(values).id != audited(values, seconds=61.0).id


def test_what_too_many_bindings_leave_open_is_not_called_inequivalent(
    audited: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hpctc.audit import settle

    monkeypatch.setattr(settle, "MOST_TRIES", 1)
    code = (
        cuda("B A", f"B[{I}] = A[{I}] * 2.0f;")
        + cuda("B A", f"B[{I}] = A[{I}] + 5.0f;", number=1)
        + cuda("B B_1 T", f"T[{I}] = B[{I}] - B_1[{I}];", number=2)
    )
    wanted = c("A T", loop(64, "T[i] = A[i] * 7.0f;"))
    found = audited(row(code, wanted, [[64]], [[64]]))
    assert [f.kind for f in found.findings] == ["not decided"]
    assert "1 bindings were tried" in found.findings[0].detail
    assert found.agrees is None
    monkeypatch.undo()
    found = audited(row(code, wanted, [[64]], [[64]]))
    assert [f.kind for f in found.findings] == ["inequivalent"]


def test_beyond_a_domain_one_side_may_make_a_number_of_a_nan(audited: Auditor) -> None:
    # CUDA's max drops a NaN, the macro of the C keeps it; on [0, 1) and [1, 4) there is none.
    values = element_wise("max(sqrtf(A[#]), 0.0f)", "sqrtf(A[#])", "x")
    found = audited(values)
    assert found.findings == ()
    assert found.agrees is True


def test_what_is_never_written_is_no_nan_beyond_a_domain(audited: Auditor) -> None:
    code = cuda("A T", f"if ({I} != 5) {{ T[{I}] = A[{I}] * 2.0f; }}")
    found = audited(row(code, c("A T", loop(96, "T[i] = A[i] * 2.0f;")), [[96]], [[96]]))
    assert {f.kind for f in found.findings} == {"sizes contradict", "inequivalent"}
    assert any("1 of 96 differ" in f.detail for f in found.findings)


def test_a_pair_of_ours_in_the_published_layout_has_its_launches_back(audited: Auditor) -> None:
    pair = find(read.pairs(MINI), "relu6_2")
    values = row_of_pair(pair)
    found = next(candidates(published(values)))
    assert [(n.grid, n.block) for n in found.launches] == [(n.grid, n.block) for n in pair.launches]
    assert audited(values).agrees is True
