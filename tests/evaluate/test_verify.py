"""Verdicts of real graphs: every seed and distribution, the meaning's tolerance, in any number."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Pair,
    Provenance,
    Task,
    Tensor,
    Timing,
    Verdict,
)
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Attempt, Bench, in_order
from hpctc.evaluate.building import build
from hpctc.evaluate.cases import cases, inputs_of, rolled, shifts
from hpctc.evaluate.rung import Source
from hpctc.evaluate.timing import How, time_all
from hpctc.evaluate.verify import verify

GRAPH = """\
graph root(x: f32[40, 50] in [0, 9]) {
  y = sum(sqrt(x), axes=[1])
  return y
}
"""

CODE = """\
#include <math.h>
void root(const float *restrict x, float *restrict y) {
    for (int i = 0; i < 40; i++) {
        y[i] = 0.0f;
        for (int j = 0; j < 50; j++) y[i] += sqrtf(x[50 * i + j]);
    }
}
"""

SUITE = Suite(
    name="tiny",
    description="",
    profile="small",
    seeds=(1, 2),
    distributions=("uniform", "zeros"),
)


@pytest.fixture(scope="module")
def root() -> Task:
    pair = Pair.make(
        name="root",
        category="reduction",
        graph=GRAPH,
        c_code=CODE,
        cuda_code="",
        entry="root",
        launches=(),
        inputs=(Tensor(name="x", shape=(40, 50), dtype="float32", domain=(0.0, 9.0)),),
        outputs=(Tensor(name="y", shape=(40,), dtype="float32"),),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )
    return Task.make(of=pair.id, suite="tiny", name="root", pair=pair)


def attempts(task: Task, sources: list[str | None], bench: Bench) -> Iterator[Attempt]:
    made = []
    for sample, source in enumerate(sources):
        answer = Answer.make(of="p", model="m", sample=sample, text=source)
        candidate = Candidate.make(of=answer.id, source=source)
        made.append(Attempt(task, answer, candidate))
    for attempt, built in zip(made, build(made, bench), strict=True):
        yield replace(attempt, build=built)


def test_each_sample_gets_its_verdict_in_order(root: Task, bench: Bench) -> None:
    sources = [
        CODE,
        CODE.replace("sqrtf(x[50 * i + j])", "x[50 * i + j]"),
        None,
        CODE.replace("y[i] = 0.0f;", "y[i] = 0.0f"),
        CODE.replace("j < 50", "j < 49"),
    ]
    found = list(verify(attempts(root, sources, bench), SUITE, replace(bench, jobs=2)))
    assert [v.verdict for v in found] == ["correct", "wrong", "abstained", "not built", "wrong"]
    right = found[0]
    assert right.max_error is not None
    assert right.tolerance is not None
    assert 0 < right.max_error <= right.tolerance < 1e-4
    assert "rlimits" in right.jail
    assert found[1].detail.startswith("y[0] is ")
    assert "seed 1, uniform" in found[1].detail
    assert "error: expected" in found[3].detail


def test_what_is_right_on_one_distribution_only_is_wrong(root: Task, bench: Bench) -> None:
    code = CODE.replace(
        "y[i] += sqrtf(x[50 * i + j])", "y[i] += x[50 * i + j] ? sqrtf(x[50 * i + j]) : 1"
    )
    (found,) = verify(attempts(root, [code], bench), SUITE, bench)
    assert found.verdict == "wrong"
    assert "zeros" in found.detail


def test_no_case_is_computed_where_nothing_runs(root: Task, bench: Bench) -> None:
    broken = replace(root, pair=replace(root.pair, graph="no graph"))
    (found,) = verify(attempts(broken, ["int x"], bench), SUITE, bench)
    assert (found.verdict, found.tolerance) == ("not built", None)


def test_cases_are_every_seed_with_every_distribution(root: Task) -> None:
    made = list(cases(root.pair, SUITE))
    names = ["seed 1, uniform", "seed 1, zeros", "seed 2, uniform", "seed 2, zeros"]
    assert [c.name for c in made] == names
    x = made[0].inputs[0]
    np.testing.assert_allclose(made[0].right.outputs["y"], np.sqrt(x.astype(float)).sum(1))


def test_rotated_inputs_are_new_and_have_the_same_elements(root: Task) -> None:
    base = inputs_of(root.pair, 1, "uniform")
    random = np.random.default_rng(1)
    (turned,) = rolled(base, shifts(base, random))
    assert not np.array_equal(turned, base[0])
    assert np.array_equal(np.sort(turned, None), np.sort(base[0], None))


def test_work_is_done_ahead_but_not_far() -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        return n * n

    results = in_order(work, range(100), 3)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 8


def test_a_build_is_a_record_either_way(root: Task, bench: Bench) -> None:
    found: list[Build] = [a.build for a in attempts(root, [CODE, "int x"], bench) if a.build]
    assert [b.ok for b in found] == [True, False]
    assert found[0].compiler == str(bench.compiler)
    assert "error" in found[1].log


def timed(root: Task, bench: Bench, floor: float | None) -> list[Timing]:
    (attempt,) = attempts(root, [CODE], bench)
    assert attempt.build is not None
    verdict = Verdict.make(of=attempt.build.id, verdict="correct", tolerance=1e-4)
    ladder = [Source("reference", CODE), Source("rules", None, "no rule"), Source("null", "no C")]
    how = How(lambda _: ladder, (1,), 0.05, lambda _pair, _threads: floor)
    return list(time_all([(attempt, verdict)], SUITE, bench, how))


def test_every_rung_has_a_record_or_a_reason(root: Task, bench: Bench) -> None:
    reference, rules, null = timed(root, bench, None)
    assert (reference.baseline, reference.absent) == ("reference", "")
    assert len(reference.candidate_ns) == len(reference.baseline_ns) >= 10
    assert (rules.absent, rules.candidate_ns, rules.baseline_ns) == ("no rule", (), ())
    assert null.absent.startswith("the null does not build: ")
    assert {t.roof_share for t in (reference, rules, null)} == {None}


def test_what_is_faster_than_the_host_can_be_is_flagged(root: Task, bench: Bench) -> None:
    honest = timed(root, bench, 1.0)[0]
    assert honest.roof_share is not None
    assert 0 < honest.roof_share < 1
    assert honest.suspicious == ""
    impossible = timed(root, bench, 1e12)[0]
    assert impossible.roof_share is not None
    assert impossible.roof_share > 1.1
    assert "roofline" in impossible.suspicious
    assert impossible.candidate_ns
